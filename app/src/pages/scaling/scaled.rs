use leptos::prelude::*;
use model::{
    WorkloadId,
    scaling::{DecisionSpan, ScalingEvent},
};

/// What changes and decisions are kept of: a workload of ours, or an object of a cluster. `Copy`, so that closures take it along.
#[derive(Clone, Copy)]
pub struct Scaled {
    pub id: StoredValue<WorkloadId>,
    /// Of its page.
    pub path: StoredValue<String>,
    pub now_ms: Memo<i64>,
    /// The last changes of its replicas, newest first.
    pub changes: Memo<Vec<ScalingEvent>>,
    pub last: Memo<Option<DecisionSpan>>,
}
