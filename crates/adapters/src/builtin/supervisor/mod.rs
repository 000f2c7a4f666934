//! Runs the instances of a workload as child processes: starts them, starts them again when they end, stops them. How many there are is
//! set while it runs.
//!
//! ```text
//!  scale() ──► fleet: who stays, who drains ──(jobs)──► thread "supervisor" ──► one task per process: process::supervise
//!                    ▲                                      │ forks here, only here
//!   observe() ◄──────┴────────── status of each ────────────┘
//! ```
//!
//! Those that are too many drain: they go on serving, are not started again when they end, and are stopped when somebody says that they
//! have nothing left to do ([`Workloads::retire`]), or when nobody has looked after the fleet for [`Timing::drain_within`].
//!
//! No orphan survives the console, whatever ends it: each child is told its parent's pid (`--parent`) and asks the kernel, first thing, to
//! be killed with it (`PR_SET_PDEATHSIG`), then checks that the parent is still the one it was told. The kernel means the parent *thread*:
//! were a child forked on a worker of some runtime, it would die with that worker. So all children are forked on one thread of the
//! supervisor's own, which lives exactly as long as they should. The child asks for itself because doing it between fork and exec
//! would need unsafe code here.
//!
//! Children run in process groups of their own: Ctrl-C in a terminal reaches the console alone, which then stops them in order.

mod backoff;
mod choice;
mod config;
mod exit;
mod fleet;
mod output;
mod ports;
mod process;
mod ready;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use async_trait::async_trait;
use control::ports::{ScaleError, SourceError, Workloads};
use model::{InstanceId, PoolId, ScaleAccess, SourceId, WorkloadCapabilities, WorkloadId, WorkloadObservation};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use self::{
    config::INSTANCES_MAX,
    fleet::{AddError, Fleet, JOBS_MAX, Job, Recipe},
    process::{Spec, Status, supervise},
};
pub use config::{Companion, StartError, SupervisorConfig, Timing};

/// Supervises until [`stop`](Supervisor::stop), or until it is dropped.
#[derive(Debug)]
pub struct Supervisor {
    workload: WorkloadId,
    pool: PoolId,
    program: PathBuf,
    fleet: Arc<Fleet>,
    jobs: mpsc::Sender<Job>,
    stop: CancellationToken,
    /// Cancelled when the thread has ended, however it ended.
    ended: CancellationToken,
}

impl Supervisor {
    /// Chooses a port for each instance, which it keeps over restarts, and starts them. Does not wait until they answer: see
    /// [`Workloads::observe`].
    ///
    /// # Errors
    /// The program does not exist, a name or count is not allowed, no port is free. What goes wrong later is a state to be observed.
    pub fn start(config: SupervisorConfig) -> Result<Arc<Self>, StartError> {
        if config.count > INSTANCES_MAX {
            return Err(StartError::TooMany(config.count));
        }
        let program = std::fs::canonicalize(&config.program).map_err(|error| StartError::Program {
            program: config.program.clone(),
            error,
        })?;
        let (jobs, taken) = mpsc::channel(JOBS_MAX);
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let recipe = Recipe {
            prefix: config.prefix,
            spec: instance_spec,
            program: program.clone(),
        };
        let fleet = Fleet::new(recipe, jobs.clone(), stop.clone(), config.timing.drain_within);
        fleet.scale(config.count).map_err(|error| match error {
            AddError::Name(error) => StartError::Name(error),
            AddError::Port(error) => StartError::Port(error),
            AddError::Full | AddError::Stopped => StartError::TooMany(config.count),
        })?;

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartError::Thread)?;
        let body = {
            let (fleet, stop, ended) = (fleet.clone(), stop.clone(), ended.clone().drop_guard());
            move || {
                let _ended = ended;
                runtime.block_on(supervise_all(&fleet, taken, config.timing, stop));
            }
        };
        thread::Builder::new()
            .name("supervisor".to_owned())
            .spawn(body)
            .map_err(StartError::Thread)?;
        Ok(Arc::new(Self {
            workload: config.workload,
            pool: config.pool,
            program,
            fleet,
            jobs,
            stop,
            ended,
        }))
    }

    /// Names and addresses of those that are wanted now.
    pub fn instances(&self) -> Vec<(InstanceId, SocketAddr)> {
        self.fleet.instances()
    }

    /// Runs one more child until the supervisor stops.
    ///
    /// # Errors
    /// The supervisor has stopped.
    pub async fn accompany(&self, companion: Companion) -> Result<(), SourceError> {
        let spec = Spec {
            name: companion.name,
            program: self.program.clone(),
            args: with_parent(companion.args),
            listen: None,
        };
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let job = Job {
            status: Status::new(spec.name.clone(), address, Arc::default()),
            spec,
            stop: self.stop.clone(),
            place: None,
        };
        self.jobs.send(job).await.map_err(|_| stopped())
    }

    /// Stops all children, SIGTERM first, SIGKILL after the grace time, and returns when they are gone.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }
}

impl Supervisor {
    fn check(&self, workload: &WorkloadId) -> Result<(), ScaleError> {
        if self.ended.is_cancelled() || self.stop.is_cancelled() {
            return Err(ScaleError::Unreachable { why: stopped().0 });
        }
        if *workload == self.workload {
            Ok(())
        } else {
            Err(ScaleError::Unknown(workload.clone()))
        }
    }
}

impl Drop for Supervisor {
    /// The thread goes on until the children are gone. Should the whole process end first, the kernel kills them.
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[async_trait]
impl Workloads for Supervisor {
    fn source(&self) -> SourceId {
        SourceId::new("supervisor").expect("a constant name is valid")
    }

    fn describe(&self) -> String {
        format!("{} fleet", self.workload)
    }

    fn capabilities(&self) -> WorkloadCapabilities {
        WorkloadCapabilities {
            scale: ScaleAccess::Live,
            max_replicas: INSTANCES_MAX,
        }
    }

    async fn observe(&self) -> Result<Vec<WorkloadObservation>, SourceError> {
        if self.ended.is_cancelled() {
            return Err(stopped());
        }
        let (desired, processes) = self.fleet.observe();
        Ok(vec![WorkloadObservation {
            workload: self.workload.clone(),
            pool: self.pool.clone(),
            reference: format!("supervisor/{}", self.workload),
            desired,
            processes,
        }])
    }

    fn changes(&self) -> Option<watch::Receiver<u64>> {
        Some(self.fleet.changes())
    }

    async fn scale(&self, workload: &WorkloadId, replicas: u32) -> Result<(), ScaleError> {
        self.check(workload)?;
        if replicas > INSTANCES_MAX {
            return Err(ScaleError::Refused {
                why: StartError::TooMany(replicas).to_string(),
            });
        }
        Ok(self.fleet.scale(replicas)?)
    }

    async fn retire(&self, workload: &WorkloadId, instance: &InstanceId) -> Result<(), ScaleError> {
        self.check(workload)?;
        self.fleet.retire(instance);
        Ok(())
    }
}

/// Looks for those that drain and are forgotten: often enough for the time they have.
fn look_every(drain_within: Duration) -> Duration {
    (drain_within / 8).clamp(Duration::from_millis(10), Duration::from_secs(1))
}

async fn supervise_all(fleet: &Fleet, mut jobs: mpsc::Receiver<Job>, timing: Timing, stop: CancellationToken) {
    let mut running = JoinSet::new();
    let mut look = interval(look_every(timing.drain_within));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(Job { spec, status, stop, place }) = jobs.recv() => {
                running.spawn(async move {
                    let _place = place;
                    supervise(spec, status, timing, stop).await;
                });
            }
            _ = look.tick() => fleet.stop_abandoned(),
            Some(Err(error)) = running.join_next() => tracing::error!(%error, "a process is no longer supervised"),
        }
    }
    while running.join_next().await.is_some() {}
}

fn instance_spec(program: &Path, name: &InstanceId, address: SocketAddr) -> Spec {
    let args = ["sample", "--listen", &address.to_string(), "--instance", name.as_str()].map(str::to_owned);
    Spec {
        name: name.clone(),
        program: program.to_owned(),
        args: with_parent(args.to_vec()),
        listen: Some(address),
    }
}

fn with_parent(mut args: Vec<String>) -> Vec<String> {
    args.extend(["--parent".to_owned(), std::process::id().to_string()]);
    args
}

fn stopped() -> SourceError {
    SourceError("the supervisor has stopped".to_owned())
}
