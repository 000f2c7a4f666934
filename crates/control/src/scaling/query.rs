//! What may be asked of scaling.

use model::{
    ApiError, Page, WorkloadId,
    scaling::{DecisionSpan, FlapWarning, LedgerFilter, ScalingEvent, ScalingEventFilter, ScalingIntent, ScalingPlan},
};

use crate::{
    Control,
    access::Viewer,
    decide::scaling::{Schedule, warnings},
    loops::SCALE_EVERY,
};

/// Rows of one answer.
const ROWS_MAX: u32 = 200;
/// From its start until it serves: what an instance of the built-in fleet takes at most, with the checks of its pool.
const START_DELAY_S: u32 = 5;

impl Control {
    /// What is intended for a workload now.
    ///
    /// # Errors
    /// [`ApiError::NotFound`].
    pub fn scaling_intent(&self, _who: &Viewer, workload: &WorkloadId) -> Result<ScalingIntent, ApiError> {
        self.scaling_intent_of(workload)
    }

    /// What in a plan will make the replicas flap; said before it is saved.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], and [`ApiError::Invalid`] with the first field that is wrong.
    pub fn check_scaling(&self, _who: &Viewer, workload: &WorkloadId, plan: &ScalingPlan) -> Result<Vec<FlapWarning>, ApiError> {
        self.scaling_intent_of(workload)?;
        plan.policy.validate()?;
        Schedule::parse(&plan.schedule)?;
        let every = self.state.interval * SCALE_EVERY;
        let every_s = u32::try_from(every.as_secs()).unwrap_or(u32::MAX).max(1);
        Ok(warnings(&plan.policy, every_s, START_DELAY_S))
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
