use model::{
    ApiError, WorkloadId,
    scaling::{FlapWarning, ScalingOutcome, ScalingPlan},
};

use super::Governed;
use crate::{
    Control,
    access::Viewer,
    decide::scaling::{Schedule, warnings},
};

/// How long an instance takes to start where none has been seen to.
const START_DELAY_S: u32 = 10;

impl Control {
    /// Settings of a plan, which need not be in force, that will make the replicas flap.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`].
    pub fn check_scaling(&self, _who: &Viewer, workload: &WorkloadId, plan: &ScalingPlan) -> Result<Vec<FlapWarning>, ApiError> {
        plan.policy.validate()?;
        Schedule::parse(&plan.schedule)?;
        let book = self.state.scaling.read();
        let governed = book.0.get(workload).ok_or_else(|| ApiError::not_found("workload", workload))?;
        Ok(warnings(&plan.policy, self.state.scaled_every_s().max(1), start_delay_s(governed)))
    }
}

/// As long as the slowest of the last changes that added instances.
fn start_delay_s(governed: &Governed) -> u32 {
    let added = governed
        .events
        .iter()
        .filter(|e| e.to > e.from && e.outcome == ScalingOutcome::Reached);
    let slowest_ms = added.filter_map(model::scaling::ScalingEvent::took_ms).max();
    slowest_ms
        .and_then(|ms| u32::try_from(ms / 1_000).ok())
        .map_or(START_DELAY_S, |s| s.max(1))
}
