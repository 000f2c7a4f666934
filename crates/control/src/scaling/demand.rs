//! What a forecast is held against.

use model::{ApiError, WorkloadId};

use super::recorded::latest_demand;
use crate::{Control, access::Viewer, decide::scaling::DEMAND_STEP_S};

const DAY_S: i64 = 86_400;

impl Control {
    /// The demand of the last day in the signal that the plan forecasts, five minutes each: when they began (Unix, ms), and the sum over
    /// all instances. Empty where nothing can be forecast.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Unavailable`] when what memory does not have cannot be read.
    pub async fn measured_demand(&self, _who: &Viewer, workload: &WorkloadId) -> Result<Vec<(i64, Option<f64>)>, ApiError> {
        let plan = self.scaling_intent_of(workload)?.plan;
        let Some((signal, _)) = plan.prediction.target(&plan.policy) else {
            return Ok(Vec::new());
        };
        let series = latest_demand(&self.state, workload, &signal, DAY_S, self.state.now_ms()).await?;
        let times = (0..).map(|n| series.begin_ms + n * i64::from(DEMAND_STEP_S) * 1_000);
        Ok(times.zip(series.values).collect())
    }
}
