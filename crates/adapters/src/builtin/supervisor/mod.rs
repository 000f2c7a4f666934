//! Runs the instances of a workload as child processes: starts them, starts them again when they end, stops them.
//!
//! ```text
//!  Supervisor ──(stop, companions)──► thread "supervisor" ──► one task per process: process::supervise
//!      ▲                                  │ forks here, only here
//!      └── observe() ◄── status of each ──┘
//! ```
//!
//! No orphan survives the console, whatever ends it: each child is told its parent's pid (`--parent`) and asks the kernel, first thing, to
//! be killed with it (`PR_SET_PDEATHSIG`), then checks that the parent is still the one it was told. The kernel means the parent *thread*:
//! were a child forked on a worker of some runtime, it would die with that worker. So all children are forked on one thread of the
//! supervisor's own, which lives exactly as long as they should. The child asks for itself because doing it between fork and exec
//! would need unsafe code here.
//!
//! Children run in process groups of their own: Ctrl-C in a terminal reaches the console alone, which then stops them in order.

mod backoff;
mod config;
mod exit;
mod output;
mod ports;
mod process;
mod ready;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    thread,
};

use async_trait::async_trait;
use control::ports::{ScaleError, SourceError, Workloads};
use model::{InstanceId, PoolId, ProcessObservation, ScaleAccess, SourceId, WorkloadCapabilities, WorkloadId, WorkloadObservation};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::{
    config::INSTANCES_MAX,
    process::{Spec, Status, supervise},
};
pub use config::{Companion, StartError, SupervisorConfig, Timing};

/// Companions that may wait to be started; there are one or two.
const COMPANIONS_WAITING_MAX: usize = 8;

/// Supervises until [`stop`](Supervisor::stop), or until it is dropped.
#[derive(Debug)]
pub struct Supervisor {
    workload: WorkloadId,
    pool: PoolId,
    program: PathBuf,
    instances: Vec<(InstanceId, SocketAddr)>,
    statuses: Vec<Status>,
    companions: mpsc::Sender<Spec>,
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
        let mut instances = vec![];
        for (number, port) in (1..).zip(ports::choose(config.count).map_err(StartError::Port)?) {
            let name = InstanceId::new(format!("{}-{number}", config.prefix))?;
            instances.push((name, SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        }
        let specs: Vec<Spec> = instances
            .iter()
            .map(|(name, address)| instance_spec(&program, name, *address))
            .collect();
        let statuses: Vec<Status> = instances
            .iter()
            .map(|(name, address)| Status::new(name.clone(), *address))
            .collect();
        let (companions, added) = mpsc::channel(COMPANIONS_WAITING_MAX);
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartError::Thread)?;
        let body = {
            let processes = specs.into_iter().zip(statuses.iter().cloned()).collect();
            let (stop, ended) = (stop.clone(), ended.clone().drop_guard());
            move || {
                let _ended = ended;
                runtime.block_on(supervise_all(processes, added, config.timing, stop));
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
            instances,
            statuses,
            companions,
            stop,
            ended,
        }))
    }

    /// Names and addresses; they never change.
    pub fn instances(&self) -> Vec<(InstanceId, SocketAddr)> {
        self.instances.clone()
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
        self.companions.send(spec).await.map_err(|_| stopped())
    }

    /// Stops all children, SIGTERM first, SIGKILL after the grace time, and returns when they are gone.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }
}

impl Supervisor {
    fn check(&self, workload: &WorkloadId) -> Result<(), ScaleError> {
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

    async fn observe(&self) -> Result<Vec<WorkloadObservation>, SourceError> {
        if self.ended.is_cancelled() {
            return Err(stopped());
        }
        let processes: Vec<ProcessObservation> = self.statuses.iter().map(Status::observe).collect();
        Ok(vec![WorkloadObservation {
            workload: self.workload.clone(),
            pool: self.pool.clone(),
            reference: format!("supervisor/{}", self.workload),
            desired: u32::try_from(processes.len()).unwrap_or(u32::MAX),
            processes,
        }])
    }

    fn capabilities(&self) -> WorkloadCapabilities {
        WorkloadCapabilities {
            scale: ScaleAccess::ReadOnly {
                why: "the number of samples is fixed".to_owned(),
            },
            max_replicas: INSTANCES_MAX,
        }
    }

    async fn scale(&self, workload: &WorkloadId, _replicas: u32) -> Result<(), ScaleError> {
        self.check(workload)?;
        Err(ScaleError::Refused {
            why: "the number of samples is fixed".to_owned(),
        })
    }

    async fn retire(&self, workload: &WorkloadId, _instance: &InstanceId) -> Result<(), ScaleError> {
        self.check(workload)
    }
}

async fn supervise_all(instances: Vec<(Spec, Status)>, mut added: mpsc::Receiver<Spec>, timing: Timing, stop: CancellationToken) {
    let mut running = JoinSet::new();
    for (spec, status) in instances {
        running.spawn(supervise(spec, status, timing, stop.clone()));
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(spec) = added.recv() => {
                let status = Status::new(spec.name.clone(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
                running.spawn(supervise(spec, status, timing, stop.clone()));
            }
            Some(Err(error)) = running.join_next() => tracing::error!(%error, "a process is no longer supervised"),
        }
    }
    while running.join_next().await.is_some() {}
}

fn instance_spec(program: &std::path::Path, name: &InstanceId, address: SocketAddr) -> Spec {
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
