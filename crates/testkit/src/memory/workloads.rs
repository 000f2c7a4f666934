use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use control::ports::{ScaleError, SourceError, Workloads};
use model::{
    InstanceId, PoolId, ProcessObservation, ProcessState, ScaleAccess, SourceId, WorkloadCapabilities, WorkloadId, WorkloadObservation,
};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::Mode;
use crate::build;

/// More than any test starts.
const PROCESSES_MAX: usize = 10_000;

/// A supervisor without processes: what is scaled shows, starts, drains and goes as with a real one, a step with each observation. Or it
/// shows the workloads it is told to show, which stay as they are. Clones are the same.
#[derive(Debug, Clone)]
pub struct MemoryWorkloads {
    source: SourceId,
    state: Arc<Mutex<State>>,
    changes: Arc<watch::Sender<u64>>,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    capabilities: WorkloadCapabilities,
    workloads: Vec<WorkloadObservation>,
    /// Processes go on from state to state by themselves.
    lives: bool,
    /// Nothing that starts gets ready.
    starts_hang: bool,
    scaled: Vec<(WorkloadId, u32)>,
    next_port: u16,
}

impl MemoryWorkloads {
    /// With no workloads yet.
    pub fn new(source: &str) -> Self {
        Self {
            source: build::source(source),
            state: Arc::new(Mutex::new(State {
                mode: Mode::Works,
                capabilities: WorkloadCapabilities {
                    scale: ScaleAccess::Live,
                    max_replicas: 64,
                },
                workloads: vec![],
                lives: false,
                starts_hang: false,
                scaled: vec![],
                next_port: 9001,
            })),
            changes: Arc::default(),
        }
    }

    /// Runs a workload of processes that are named after it, with a number. The first ones are ready.
    pub fn run(&self, workload: &str, pool: &PoolId, replicas: u32) {
        let mut state = self.state.lock();
        let workload = WorkloadId::new(workload).unwrap();
        state.lives = true;
        state.workloads.push(WorkloadObservation {
            reference: format!("{}/{workload}", self.source),
            workload: workload.clone(),
            pool: pool.clone(),
            desired: 0,
            processes: vec![],
        });
        state.scale(&workload, replicas).unwrap();
        state.step();
    }

    pub fn set_mode(&self, mode: Mode) {
        self.state.lock().mode = mode;
    }

    pub fn set_capabilities(&self, capabilities: WorkloadCapabilities) {
        self.state.lock().capabilities = capabilities;
    }

    /// From now on nothing that starts gets ready, or everything does again.
    pub fn hang_starts(&self, hang: bool) {
        self.state.lock().starts_hang = hang;
    }

    /// Shows this from now on, and nothing moves by itself.
    pub fn set_observation(&self, observation: Vec<WorkloadObservation>) {
        let mut state = self.state.lock();
        (state.workloads, state.lives) = (observation, false);
    }

    /// Changes what the next observation shows, and tells that something has changed.
    pub fn change(&self, change: impl FnOnce(&mut Vec<WorkloadObservation>)) {
        change(&mut self.state.lock().workloads);
        self.tell();
    }

    /// What a `kill -9` does.
    pub fn kill(&self, instance: &InstanceId) {
        self.state.lock().kill(instance);
        self.tell();
    }

    /// Every number that was set, in order.
    pub fn scaled(&self) -> Vec<(WorkloadId, u32)> {
        self.state.lock().scaled.clone()
    }

    fn tell(&self) {
        self.changes.send_modify(|n| *n += 1);
    }

    async fn works(&self) -> Result<(), ScaleError> {
        let mode = self.state.lock().mode.clone();
        match mode {
            Mode::Works => Ok(()),
            Mode::Fails(why) => Err(ScaleError::Unreachable { why }),
            Mode::Refuses(why) => Err(ScaleError::Refused { why }),
            Mode::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Workloads for MemoryWorkloads {
    fn source(&self) -> SourceId {
        self.source.clone()
    }

    fn describe(&self) -> String {
        "fleet in memory".to_owned()
    }

    fn capabilities(&self) -> WorkloadCapabilities {
        self.state.lock().capabilities.clone()
    }

    async fn observe(&self) -> Result<Vec<WorkloadObservation>, SourceError> {
        let mode = self.state.lock().mode.clone();
        match mode {
            Mode::Works | Mode::Refuses(_) => {
                let mut state = self.state.lock();
                let shown = state.workloads.clone();
                if state.lives {
                    state.step();
                }
                Ok(shown)
            }
            Mode::Fails(why) => Err(SourceError(why)),
            Mode::Hangs => std::future::pending().await,
        }
    }

    fn changes(&self) -> Option<watch::Receiver<u64>> {
        Some(self.changes.subscribe())
    }

    async fn scale(&self, workload: &WorkloadId, replicas: u32) -> Result<(), ScaleError> {
        self.works().await?;
        self.state.lock().scale(workload, replicas)?;
        self.tell();
        Ok(())
    }

    async fn retire(&self, workload: &WorkloadId, instance: &InstanceId) -> Result<(), ScaleError> {
        self.works().await?;
        self.state.lock().retire(workload, instance)?;
        self.tell();
        Ok(())
    }
}

impl State {
    fn find(&mut self, workload: &WorkloadId) -> Result<&mut WorkloadObservation, ScaleError> {
        let found = self.workloads.iter_mut().find(|w| &w.workload == workload);
        found.ok_or_else(|| ScaleError::Unknown(workload.clone()))
    }

    fn scale(&mut self, workload: &WorkloadId, replicas: u32) -> Result<(), ScaleError> {
        let WorkloadCapabilities { scale, max_replicas } = self.capabilities.clone();
        let mut next_port = self.next_port;
        let found = self.find(workload)?;
        if let ScaleAccess::ReadOnly { why } = scale {
            return Err(ScaleError::Refused { why });
        }
        if replicas > max_replicas {
            let why = format!("{replicas} is more than the {max_replicas} that are possible");
            return Err(ScaleError::Refused { why });
        }
        found.desired = replicas;
        let processes = &mut found.processes;
        while count(processes) < replicas {
            let draining = processes.iter_mut().find(|p| matches!(p.state, ProcessState::Draining { .. }));
            if let Some(back) = draining {
                back.state = ProcessState::Running;
            } else {
                processes.push(started(workload, processes, next_port));
                next_port += 1;
            }
        }
        while count(processes) > replicas {
            let victim = processes.iter_mut().filter(|p| stays(p)).max_by_key(|p| {
                let serves = p.state == ProcessState::Running;
                (!serves, p.address.port())
            });
            let Some(victim) = victim else { break };
            victim.state = match victim.state {
                ProcessState::Running => ProcessState::Draining { since_ms: build::NOW_MS },
                _ => ProcessState::Stopping,
            };
        }
        self.next_port = next_port;
        self.scaled.push((workload.clone(), replicas));
        Ok(())
    }

    fn retire(&mut self, workload: &WorkloadId, instance: &InstanceId) -> Result<(), ScaleError> {
        let found = self.find(workload)?;
        for process in found.processes.iter_mut().filter(|p| &p.instance == instance) {
            if matches!(process.state, ProcessState::Draining { .. }) {
                process.state = ProcessState::Stopping;
            }
        }
        Ok(())
    }

    fn kill(&mut self, instance: &InstanceId) {
        for workload in &mut self.workloads {
            workload
                .processes
                .retain(|p| &p.instance != instance || !matches!(p.state, ProcessState::Draining { .. } | ProcessState::Stopping));
            for process in workload.processes.iter_mut().filter(|p| &p.instance == instance) {
                process.state = ProcessState::Backoff {
                    next_start_ms: build::NOW_MS,
                };
                (process.pid, process.ready_at_ms) = (None, None);
                process.last_exit = Some("killed by signal 9 (SIGKILL)".to_owned());
            }
        }
    }

    fn step(&mut self) {
        let ready = !self.starts_hang;
        for workload in &mut self.workloads {
            workload.processes.retain(|p| p.state != ProcessState::Stopping);
            for process in &mut workload.processes {
                match process.state {
                    ProcessState::Starting if ready => {
                        process.state = ProcessState::Running;
                        (process.ready_at_ms, process.was_ready) = (Some(build::NOW_MS), true);
                    }
                    ProcessState::Backoff { .. } => {
                        process.state = ProcessState::Starting;
                        process.restarts += 1;
                        process.pid = Some(u32::from(process.address.port()) + process.restarts * 10_000);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn stays(process: &ProcessObservation) -> bool {
    !matches!(process.state, ProcessState::Draining { .. } | ProcessState::Stopping)
}

fn count(processes: &[ProcessObservation]) -> u32 {
    u32::try_from(processes.iter().filter(|p| stays(p)).count()).unwrap()
}

/// By the lowest number that is free.
fn started(workload: &WorkloadId, others: &[ProcessObservation], port: u16) -> ProcessObservation {
    let taken: BTreeSet<&str> = others.iter().map(|p| p.instance.as_str()).collect();
    let name = (1..=PROCESSES_MAX)
        .map(|n| format!("{workload}-{n}"))
        .find(|name| !taken.contains(name.as_str()));
    build::process(&name.unwrap(), port)
}
