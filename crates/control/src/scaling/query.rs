//! What may be asked of scaling.

use model::{
    ApiError, Page, WorkloadId,
    cluster::ObjectRef,
    scaling::{DecisionSpan, LedgerFilter, ScalingEvent, ScalingEventFilter, ScalingIntent},
};

use crate::{Control, access::Viewer};

/// Rows of one answer.
const ROWS_MAX: u32 = 200;

impl Control {
    /// Whether it is a workload of ours, or an object of a cluster.
    pub(super) fn is_scaled(&self, workload: &WorkloadId) -> bool {
        let object = || workload.as_str().parse::<ObjectRef>().ok();
        self.state.scaling.read().0.contains_key(workload) || object().is_some_and(|object| self.state.board.read().get(&object).is_some())
    }

    /// What is intended for a workload now.
    ///
    /// # Errors
    /// [`ApiError::NotFound`].
    pub fn scaling_intent(&self, _who: &Viewer, workload: &WorkloadId) -> Result<ScalingIntent, ApiError> {
        self.scaling_intent_of(workload)
    }

    /// The ledger of decisions, newest first.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] when the database does not answer.
    pub async fn decisions(&self, _who: &Viewer, filter: &LedgerFilter, limit: u32) -> Result<Page<DecisionSpan>, ApiError> {
        let found = self.state.ports.ledger.decisions(filter, limit.clamp(1, ROWS_MAX)).await;
        found.map_err(|e| ApiError::unavailable("the ledger of decisions", e))
    }

    /// Changes of replicas, newest first.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] when the database does not answer.
    pub async fn scaling_events(&self, _who: &Viewer, filter: &ScalingEventFilter, limit: u32) -> Result<Page<ScalingEvent>, ApiError> {
        let found = self.state.ports.ledger.changes(filter, limit.clamp(1, ROWS_MAX)).await;
        found.map_err(|e| ApiError::unavailable("the scaling history", e))
    }
}
