//! The life of one child process, as straight-line code: starting, running, ended, pausing, and again; or stopping.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use control::ports::{Clock, SystemClock};
use model::{InstanceId, ProcessObservation, ProcessState};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Timing, backoff, exit, output, ready};

/// What a child inherits of the environment. Nothing else: the console's holds secrets (`DATABASE_URL`) that a workload must not have. The
/// log format is left out on purpose: into a pipe children log JSON, which is understood here and written in the console's own format.
const ENVIRONMENT_KEPT: [&str; 8] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "TZ",
    "LANG",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "EVENKEEL_LOG",
    "EVENKEEL_LOG__FILTER",
];
/// What a child printed last is read this long after its end; a grandchild could hold the pipe open for ever.
const LAST_WORDS: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Spec {
    pub(super) name: InstanceId,
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    /// Where `GET /health` tells that it is ready; without one it is from the start.
    pub(super) listen: Option<SocketAddr>,
}

/// One process as others see it.
#[derive(Debug, Clone)]
pub(super) struct Status {
    seen: Arc<Mutex<Seen>>,
    changes: Arc<watch::Sender<u64>>,
}

#[derive(Debug)]
struct Seen {
    /// Without regard to `draining`.
    process: ProcessObservation,
    draining: Option<Draining>,
}

#[derive(Debug, Clone, Copy)]
struct Draining {
    since: Instant,
    since_ms: i64,
}

impl Status {
    pub(super) fn new(instance: InstanceId, address: SocketAddr, changes: Arc<watch::Sender<u64>>) -> Self {
        let process = ProcessObservation {
            instance,
            address,
            state: ProcessState::Starting,
            pid: None,
            restarts: 0,
            started_at_ms: SystemClock.now_ms(),
            ready_at_ms: None,
            was_ready: false,
            last_exit: None,
        };
        let seen = Seen { process, draining: None };
        Self {
            seen: Arc::new(Mutex::new(seen)),
            changes,
        }
    }

    /// `is_stopping`: it was told to, whether or not it has noticed.
    pub(super) fn observe(&self, is_stopping: bool) -> ProcessObservation {
        let seen = self.seen.lock();
        let state = match (seen.process.state, seen.draining) {
            _ if is_stopping => ProcessState::Stopping,
            (ProcessState::Starting | ProcessState::Running, Some(draining)) => ProcessState::Draining {
                since_ms: draining.since_ms,
            },
            (state, _) => state,
        };
        ProcessObservation {
            state,
            ..seen.process.clone()
        }
    }

    pub(super) fn serves(&self) -> bool {
        self.seen.lock().process.state == ProcessState::Running
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining_since().is_some()
    }

    pub(super) fn draining_since(&self) -> Option<Instant> {
        self.seen.lock().draining.map(|draining| draining.since)
    }

    /// From now on its end is its last. `false` when there is nothing to drain: nobody may have asked it for anything yet, or it does not
    /// run.
    pub(super) fn drain(&self) -> bool {
        self.change(|seen| {
            let was_asked = seen.process.was_ready || seen.process.last_exit.is_some();
            if !was_asked || !matches!(seen.process.state, ProcessState::Starting | ProcessState::Running) {
                return false;
            }
            seen.draining = Some(Draining {
                since: Instant::now(),
                since_ms: SystemClock.now_ms(),
            });
            true
        })
    }

    /// `false` when it does not drain, or has ended by now.
    pub(super) fn take_back(&self) -> bool {
        self.change(|seen| matches!(seen.process.state, ProcessState::Starting | ProcessState::Running) && seen.draining.take().is_some())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        let answer = change(&mut self.seen.lock());
        self.changes.send_modify(|n| *n = n.wrapping_add(1));
        answer
    }

    fn enter(&self, state: ProcessState) {
        self.change(|seen| seen.process.state = state);
    }

    fn started(&self, pid: Option<u32>) {
        self.change(|seen| {
            seen.process.state = ProcessState::Starting;
            seen.process.pid = pid;
            seen.process.started_at_ms = SystemClock.now_ms();
        });
    }

    pub(super) fn ready(&self) {
        self.change(|seen| {
            seen.process.state = ProcessState::Running;
            seen.process.ready_at_ms = Some(SystemClock.now_ms());
            seen.process.was_ready = true;
        });
    }

    /// Whether it is to be started again; one that drained is not, and cannot be taken back any more.
    fn ended(&self, how: &str) -> bool {
        self.change(|seen| {
            seen.process.pid = None;
            seen.process.ready_at_ms = None;
            seen.process.last_exit = Some(how.to_owned());
            if seen.draining.is_some() {
                seen.process.state = ProcessState::Stopping;
            }
            seen.draining.is_none()
        })
    }
}

/// How one run of the program ended.
struct Ended {
    how: String,
    /// How long it had been ready.
    ran: Duration,
}

/// Runs the program again and again until `stop`, or until it ends while it drains.
pub(super) async fn supervise(spec: Spec, status: Status, timing: Timing, stop: CancellationToken) {
    let mut failures = 0;
    loop {
        let Ended { how, ran } = run_once(&spec, &status, &timing, &stop).await;
        let again = status.ended(&how);
        if stop.is_cancelled() || !again {
            status.enter(ProcessState::Stopping);
            tracing::info!(process = %spec.name, how, "process stopped");
            return;
        }
        if ran >= timing.stable_after {
            failures = 0;
        }
        let pause = backoff::pause(failures, timing.backoff_min, timing.backoff_max, rand::random());
        failures = failures.saturating_add(1);
        let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        status.enter(ProcessState::Backoff {
            next_start_ms: SystemClock.now_ms().saturating_add(pause_ms),
        });
        tracing::warn!(process = %spec.name, how, pause_ms, "process ended and will be started again");
        tokio::select! {
            () = sleep(pause) => status.change(|seen| seen.process.restarts += 1),
            () = stop.cancelled() => return status.enter(ProcessState::Stopping),
        }
    }
}

async fn run_once(spec: &Spec, status: &Status, timing: &Timing, stop: &CancellationToken) -> Ended {
    let mut child = match command(spec).spawn() {
        Ok(child) => child,
        Err(error) => {
            return Ended {
                how: format!("could not be started: {error}"),
                ran: Duration::ZERO,
            };
        }
    };
    status.started(child.id());
    let mut printed = JoinSet::new();
    if let Some(stdout) = child.stdout.take() {
        printed.spawn(output::forward(stdout, spec.name.to_string()));
    }
    if let Some(stderr) = child.stderr.take() {
        printed.spawn(output::forward(stderr, spec.name.to_string()));
    }
    let ended = until_ended(&mut child, spec, status, timing, stop).await;
    // What is still unread after that is dropped with the set.
    timeout(LAST_WORDS, async { while printed.join_next().await.is_some() {} })
        .await
        .ok();
    ended
}

async fn until_ended(child: &mut Child, spec: &Spec, status: &Status, timing: &Timing, stop: &CancellationToken) -> Ended {
    let not_ready = |how: String| Ended { how, ran: Duration::ZERO };

    // Phase one: it starts.
    let ready = async {
        if let Some(address) = spec.listen {
            ready::until_healthy(address).await;
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => return not_ready(terminate(child, status, timing.grace).await),
        end = child.wait() => return not_ready(in_words(end)),
        ready = timeout(timing.ready_within, ready) => if ready.is_err() {
            let how = kill(child).await;
            return not_ready(format!("did not answer within {} s of its start, {how}", timing.ready_within.as_secs_f32()));
        },
    }

    // Phase two: it runs.
    status.ready();
    let since = Instant::now();
    tracing::info!(process = %spec.name, pid = child.id(), "process is running");
    let how = tokio::select! {
        biased;
        () = stop.cancelled() => terminate(child, status, timing.grace).await,
        end = child.wait() => in_words(end),
    };
    Ended { how, ran: since.elapsed() }
}

/// Asks it to end; kills it when it does not.
async fn terminate(child: &mut Child, status: &Status, grace: Duration) -> String {
    status.enter(ProcessState::Stopping);
    // The id is there until the end was waited for, so it cannot be another process by now.
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let Some(Err(error)) = pid.map(|pid| kill_process(pid, Signal::TERM)) {
        tracing::warn!(%error, "a process could not be asked to end");
    }
    match timeout(grace, child.wait()).await {
        Ok(end) => in_words(end),
        Err(_elapsed) => kill(child).await,
    }
}

async fn kill(child: &mut Child) -> String {
    if let Err(error) = child.start_kill() {
        tracing::warn!(%error, "a process could not be killed");
    }
    in_words(child.wait().await)
}

fn in_words(end: std::io::Result<ExitStatus>) -> String {
    end.map_or_else(|error| format!("its end is not known: {error}"), exit::in_words)
}

fn command(spec: &Spec) -> Command {
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.args)
        .env_clear()
        .envs(
            ENVIRONMENT_KEPT
                .into_iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}
