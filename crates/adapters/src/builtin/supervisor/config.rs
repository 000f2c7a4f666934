//! What the supervisor is told, and why it may refuse.

use std::{io, path::PathBuf, time::Duration};

use model::{InstanceId, InvalidName, PoolId, WorkloadId};

/// Most instances on one machine: each is a process with a port.
pub(super) const INSTANCES_MAX: u32 = 64;

/// What to run. [`SupervisorConfig::new`] holds the defaults.
#[derive(Debug, Clone)]
pub struct SupervisorConfig {
    /// Called as `<program> sample --listen <address> --instance <name> --parent <pid>`.
    pub program: PathBuf,
    /// The pool the instances serve.
    pub pool: PoolId,
    pub workload: WorkloadId,
    /// How many instances to begin with.
    pub count: u32,
    /// Instances are named `<prefix>-1`, `<prefix>-2`, …
    pub prefix: String,
    pub timing: Timing,
}

impl SupervisorConfig {
    pub fn new(program: impl Into<PathBuf>, pool: PoolId, workload: WorkloadId, count: u32) -> Self {
        Self {
            program: program.into(),
            pool,
            workload,
            count,
            prefix: "sample".to_owned(),
            timing: Timing::default(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Pause before the first restart; it doubles with every start that did not last.
    pub backoff_min: Duration,
    pub backoff_max: Duration,
    /// A process that ran this long is forgiven its earlier ends.
    pub stable_after: Duration,
    /// A process that does not answer this long after its start is killed and counts as ended.
    pub ready_within: Duration,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// One that drains is stopped when for so long nobody has looked after the fleet.
    pub drain_within: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            backoff_min: Duration::from_secs(2),
            backoff_max: Duration::from_secs(30),
            stable_after: Duration::from_secs(10),
            ready_within: Duration::from_secs(15),
            // Longer than an instance takes to drain (5 s).
            grace: Duration::from_secs(8),
            drain_within: Duration::from_secs(30),
        }
    }
}

/// A child that is no instance of the workload, such as the traffic generator: restarted and stopped alike, but not observed.
#[derive(Debug, Clone)]
pub struct Companion {
    /// In log lines.
    pub name: InstanceId,
    /// `--parent <pid>` is added.
    pub args: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{0} instances are more than the {INSTANCES_MAX} that one supervisor runs")]
    TooMany(u32),
    #[error("the instance prefix cannot be used: {0}")]
    Name(#[from] InvalidName),
    #[error("the program {program} cannot be run: {error}")]
    Program { program: PathBuf, error: io::Error },
    #[error("no free port on 127.0.0.1: {0}")]
    Port(io::Error),
    #[error("cannot start the supervisor thread: {0}")]
    Thread(io::Error),
}
