//! The simulations of one instance: admitted, queued, run, kept for a while.
//!
//! Bounds: at most `max_active` wait or run (more are refused, not queued), [`RUNNING_MAX`] of them hold results in the making, and
//! `max_kept` finished ones can be asked for; the oldest goes first.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    engine::{Crashed, Engine},
    montecarlo::{Outcome, Plan},
    request::Request,
    stats::Stats,
};

/// Simulations computed at once: each holds up to 1.6 MB of final wealths, and sharing the processor among more finishes none sooner.
const RUNNING_MAX: usize = 4;
/// When to come back after a refusal.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Queued,
    Running,
    Done,
    /// The computation crashed.
    Failed,
    /// The client that waited for it left, or the instance stops.
    Cancelled,
}

impl State {
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Progress {
    pub(crate) state: State,
    pub(crate) scenarios_done: u32,
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) plan: Plan,
    pub(crate) seed: u64,
    progress: watch::Sender<Progress>,
    cancel: CancellationToken,
}

impl Job {
    pub(crate) fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub(crate) fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Ends the simulation when dropped: for a client that waits, and may leave.
    pub(crate) fn cancel_on_drop(&self) -> tokio_util::sync::DropGuard {
        self.cancel.clone().drop_guard()
    }
}

/// Too much is waiting already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} simulations are running or waiting, no more are taken")]
pub(crate) struct Busy(usize);

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<String, Arc<Job>>,
    finished: VecDeque<String>,
}

#[derive(Debug)]
pub(crate) struct Jobs {
    engine: Engine,
    stats: Arc<Stats>,
    admission: Arc<Semaphore>,
    max_active: usize,
    running: Semaphore,
    max_kept: usize,
    kept: Mutex<Kept>,
    next: AtomicU64,
    /// Tells the ids of this process from those of the one before it on the same address.
    boot: u32,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Jobs {
    pub(crate) fn new(engine: Engine, stats: Arc<Stats>, max_active: usize, max_kept: usize, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            engine,
            stats,
            admission: Arc::new(Semaphore::new(max_active)),
            max_active,
            running: Semaphore::new(RUNNING_MAX),
            max_kept,
            kept: Mutex::default(),
            next: AtomicU64::new(1),
            boot: rand::random(),
            tasks: TaskTracker::new(),
            stop,
        })
    }

    /// Runs a small simulation for a caller that waits; dropping the future ends it.
    pub(crate) async fn quick(&self, plan: Plan, seed: u64) -> Result<Result<Outcome, Crashed>, Busy> {
        let _admitted = self.admit()?;
        let _simulating = self.stats.simulating.enter();
        let result = self.engine.run(plan, seed, |_| {}).await;
        self.count(if result.is_ok() { State::Done } else { State::Failed }, plan.n_scenarios);
        Ok(result)
    }

    /// Queues a simulation that goes on without its client.
    pub(crate) fn start(self: &Arc<Self>, request: Request) -> Result<Arc<Job>, Busy> {
        let admitted = self.admit()?;
        let job = Arc::new(Job {
            id: format!("{:08x}-{}", self.boot, self.next.fetch_add(1, Relaxed)),
            plan: request.plan,
            // 53 bits, so that a client that reads numbers as doubles can send the seed back.
            seed: request.seed.unwrap_or_else(|| rand::random::<u64>() >> 11),
            progress: watch::Sender::new(Progress {
                state: State::Queued,
                scenarios_done: 0,
                outcome: None,
            }),
            cancel: self.stop.child_token(),
        });
        self.kept().by_id.insert(job.id.clone(), Arc::clone(&job));
        self.tasks.spawn(Arc::clone(self).run(Arc::clone(&job), admitted));
        Ok(job)
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.kept().by_id.get(id).cloned()
    }

    /// How many can be asked for.
    pub(crate) fn len(&self) -> usize {
        self.kept().by_id.len()
    }

    /// Once `stop` was cancelled: until the last one has ended.
    pub(crate) async fn stopped(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn run(self: Arc<Self>, job: Arc<Job>, admitted: OwnedSemaphorePermit) {
        let mut ending = Ending {
            jobs: &self,
            job: &job,
            admitted: Some(admitted),
            state: State::Failed,
            outcome: None,
        };
        let computed = async {
            let _running = self.running.acquire().await.expect("the semaphore is never closed");
            let _simulating = self.stats.simulating.enter();
            job.progress.send_modify(|p| p.state = State::Running);
            self.engine
                .run(job.plan, job.seed, |done| job.progress.send_modify(|p| p.scenarios_done = done))
                .await
        };
        tokio::select! {
            biased;
            () = job.cancel.cancelled() => ending.state = State::Cancelled,
            result = computed => match result {
                Ok(outcome) => {
                    ending.state = State::Done;
                    ending.outcome = Some(outcome);
                }
                Err(error) => tracing::error!(simulation = job.id, %error, "a simulation failed"),
            },
        }
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, Busy> {
        Arc::clone(&self.admission).try_acquire_owned().map_err(|_full| {
            self.stats.refused.fetch_add(1, Relaxed);
            Busy(self.max_active)
        })
    }

    fn count(&self, state: State, scenarios: u32) {
        match state {
            State::Done => {
                self.stats.scenarios.fetch_add(u64::from(scenarios), Relaxed);
                self.stats.done.fetch_add(1, Relaxed)
            }
            State::Cancelled => self.stats.cancelled.fetch_add(1, Relaxed),
            _ => self.stats.failed.fetch_add(1, Relaxed),
        };
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // Nothing in here panics half way through a change, so a poisoned map is a whole one.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the end of a job when dropped, so that it ends for its followers even when the task panics.
struct Ending<'a> {
    jobs: &'a Jobs,
    job: &'a Job,
    admitted: Option<OwnedSemaphorePermit>,
    state: State,
    outcome: Option<Outcome>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.jobs.count(self.state, self.job.plan.n_scenarios);
        // Freed and bounded before it is told: who hears of the end finds the place free and the bound kept.
        self.admitted.take();
        let mut kept = self.jobs.kept();
        kept.finished.push_back(self.job.id.clone());
        while kept.finished.len() > self.jobs.max_kept {
            let oldest = kept.finished.pop_front().expect("longer than a bound is not empty");
            kept.by_id.remove(&oldest);
        }
        drop(kept);
        self.job.progress.send_modify(|p| {
            p.state = self.state;
            p.outcome = self.outcome;
        });
    }
}
