//! What other policies would have made of a demand.

use std::time::Instant;

use model::{
    ApiError, InvalidValue, WorkloadId,
    cluster::ObjectRef,
    scaling::{Trace, WhatIf, WhatIfAnswer, WhatIfCaveat, WhatIfDemand, WhatIfOutcome, WhatIfQuestion},
};
use tokio_util::sync::CancellationToken;

use super::recorded::recorded;
use crate::{
    Control,
    access::Viewer,
    decide::{
        cluster::replayable,
        scaling::{ReplayError, as_recorded, built_in, what_if},
    },
};

impl Control {
    /// Replays a demand against policies. Ends when nobody waits for the answer any more; at most two run at once.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`], [`ApiError::Unavailable`].
    pub async fn what_if(&self, _who: &Viewer, question: &WhatIfQuestion) -> Result<WhatIfAnswer, ApiError> {
        if !self.is_scaled(&question.workload) {
            return Err(ApiError::not_found("workload", &question.workload));
        }
        let mut request = question.what_if.clone();
        let left_out = leave_out(&question.workload, &mut request)?;
        let busy = |_| ApiError::unavailable("the replay", "others are under way; try again in a moment");
        let place = self.state.replays.clone().try_acquire_owned().map_err(busy)?;
        let trace = match question.demand {
            WhatIfDemand::BuiltIn { trace } => built_in(trace),
            WhatIfDemand::Recorded { from_ms, to_ms } => recorded(&self.state, &question.workload, from_ms, to_ms).await?,
        };
        let cancel = CancellationToken::new();
        let given_up = cancel.clone();
        let _given_up_when_dropped = cancel.drop_guard();
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            let begun = Instant::now();
            let mut outcomes = what_if(&request, &trace, &|| given_up.is_cancelled())?;
            for (outcome, left_out) in outcomes.iter_mut().zip(left_out) {
                outcome.caveats.extend(left_out);
            }
            Ok(answer(&trace, outcomes, begun))
        });
        let done: Result<WhatIfAnswer, ReplayError> = work.await.map_err(|e| ApiError::unavailable("the replay", e))?;
        done.map_err(|error| match error {
            ReplayError::Invalid(invalid) => invalid.into(),
            error => ApiError::unavailable("the replay", error),
        })
    }
}

/// Takes out of the policies of an HPA what no demand is told of, with the caveats of each.
fn leave_out(workload: &WorkloadId, request: &mut WhatIf) -> Result<Vec<Vec<WhatIfCaveat>>, InvalidValue> {
    if workload.as_str().parse::<ObjectRef>().is_err() {
        return Ok(Vec::new());
    }
    let each = |(n, one): (usize, &mut model::scaling::WhatIfPolicy)| {
        let at = |invalid: InvalidValue| InvalidValue::new(format!("policies[{n}].{}", invalid.field), invalid.reason);
        let taken = replayable(&mut one.policy).map_err(at)?;
        Ok(taken.into_iter().map(|signal| WhatIfCaveat::NotInTrace { signal }).collect())
    };
    request.policies.iter_mut().enumerate().map(each).collect()
}

fn answer(trace: &Trace, outcomes: Vec<WhatIfOutcome>, begun: Instant) -> WhatIfAnswer {
    let thin = |outcome: WhatIfOutcome| WhatIfOutcome {
        course: outcome.thinned(WhatIfAnswer::POINTS),
        ..outcome
    };
    WhatIfAnswer {
        name: trace.name.clone(),
        begin_ms: trace.begin_ms,
        end_ms: trace.end_ms(),
        step_s: trace.step_s,
        recorded: as_recorded(trace).map(thin),
        outcomes: outcomes.into_iter().map(thin).collect(),
        demand: demand(trace),
        took_ms: u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX),
    }
}

/// Of each stretch the largest demand.
fn demand(trace: &Trace) -> Vec<(i64, Option<f64>)> {
    let steps = trace.steps();
    let points = steps.min(WhatIfAnswer::POINTS);
    let at = |step: usize| trace.signals.iter().filter_map(|signal| signal.instances(step)).reduce(f64::max);
    (0..points)
        .map(|n| {
            let (from, to) = (n * steps / points, (n + 1) * steps / points);
            (trace.at_ms(from), (from..to).filter_map(at).reduce(f64::max))
        })
        .collect()
}
