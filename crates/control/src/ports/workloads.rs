use async_trait::async_trait;
use model::{SourceId, WorkloadObservation};

use super::SourceError;

/// Whatever runs instances: the built-in supervisor, later Kubernetes and ECS.
#[async_trait]
pub trait Workloads: Send + Sync + 'static {
    fn source(&self) -> SourceId;

    /// In words, for the source strip: "sample fleet".
    fn describe(&self) -> String;

    async fn observe(&self) -> Result<Vec<WorkloadObservation>, SourceError>;
}
