use async_trait::async_trait;
use model::{InstanceId, SourceId, WorkloadCapabilities, WorkloadId, WorkloadObservation};
use tokio::sync::watch;

use super::SourceError;

/// A workload was not scaled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    #[error("there is no workload {0}")]
    Unknown(WorkloadId),
    /// Trying again changes nothing.
    #[error("the number of replicas was refused: {why}")]
    Refused { why: String },
    /// The next round tries again.
    #[error("whoever runs the workload does not answer: {why}")]
    Unreachable { why: String },
}

/// Whatever runs instances: the built-in supervisor, later Kubernetes and ECS.
#[async_trait]
pub trait Workloads: Send + Sync + 'static {
    fn source(&self) -> SourceId;

    /// In words, for the source strip: "sample fleet".
    fn describe(&self) -> String;

    fn capabilities(&self) -> WorkloadCapabilities;

    /// The workloads as they are now. Called once a second, by one caller, with a deadline; also the sign that somebody still looks after
    /// those that drain.
    async fn observe(&self) -> Result<Vec<WorkloadObservation>, SourceError>;

    /// A number that changes with what [`observe`](Workloads::observe) shows, for whoever cannot wait for the next second; `None` where
    /// nobody tells.
    fn changes(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    /// Sets the desired number and returns. More are started at once; those too many are chosen now and drain until they are
    /// [retired](Workloads::retire). The same number twice changes nothing.
    async fn scale(&self, workload: &WorkloadId, replicas: u32) -> Result<(), ScaleError>;

    /// "It is drained, stop it." Does nothing to one that does not drain (any more) or is gone, and nothing where draining is the adapter's
    /// own business.
    async fn retire(&self, workload: &WorkloadId, instance: &InstanceId) -> Result<(), ScaleError>;
}
