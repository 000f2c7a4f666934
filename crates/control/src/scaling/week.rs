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
    /// [`ApiError::NotFound`], [`ApiError::Invalid`] for a rule whose times cannot be computed, as `schedule[2].cron`;
    /// [`ApiError::Unavailable`] while others compute.
    pub async fn coming_week(
        &self,
        _who: &Viewer,
        workload: &WorkloadId,
        rules: &[ScheduleRule],
    ) -> Result<Vec<(i64, i64, ScheduledBounds)>, ApiError> {
        let policy = self.scaling_intent_of(workload)?.plan.policy;
        let schedule = Schedule::parse(rules)?;
        let now_ms = self.state.now_ms();
        let busy = |_| ApiError::unavailable("the coming week", "others are under way; try again in a moment");
        let place = self.state.replays.clone().try_acquire_owned().map_err(busy)?;
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            schedule.coming(now_ms, now_ms.saturating_add(WEEK_MS), &policy)
        });
        work.await.map_err(|e| ApiError::unavailable("the coming week", e))
    }
}
