use model::{
    ApiError, WorkloadId,
    scaling::{ScheduleRule, ScheduledBounds},
};

use crate::{Control, access::Viewer, decide::scaling::Schedule};

const WEEK_MS: i64 = 7 * 86_400_000;

impl Control {
    /// The bounds of the next seven days under these rules, which need not be in force: from, to (Unix, ms), bounds.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`] for a rule whose times cannot be computed, as `schedule[2].cron`.
    pub fn coming_week(
        &self,
        _who: &Viewer,
        workload: &WorkloadId,
        rules: &[ScheduleRule],
    ) -> Result<Vec<(i64, i64, ScheduledBounds)>, ApiError> {
        let policy = self.scaling_intent_of(workload)?.plan.policy;
        let schedule = Schedule::parse(rules)?;
        let now_ms = self.state.now_ms();
        Ok(schedule.coming(now_ms, now_ms.saturating_add(WEEK_MS), &policy))
    }
}
