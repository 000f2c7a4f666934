//! One evaluation: `reconcileAutoscaler` of Kubernetes' `horizontal.go`, without its I/O.

use model::scaling::{
    ForecastFloor, PredictionProof, ScalingAlgorithm, ScalingDecision, ScalingHistory, ScalingObservation, ScalingPolicy, ScalingProof,
    ScalingReason,
};

use super::{history::first, metrics, rate, signals, stabilize::stabilize};

/// What follows from a policy, what was seen, its own past and the time (Unix, ms). A policy that would not validate is not refused, but
/// what is asked for then stays within its bounds all the same.
pub fn decide(policy: &ScalingPolicy, observed: &ScalingObservation, history: &ScalingHistory, now_ms: i64) -> ScalingDecision {
    let current = observed.spec_replicas;
    let (min, max) = (policy.min_replicas, policy.max_replicas.max(policy.min_replicas));
    let mut decision = ScalingDecision {
        at_ms: now_ms,
        from: current,
        to: current,
        reason: ScalingReason::Metrics,
        recommendation: None,
        proof: ScalingProof::new(policy.tolerance),
    };
    if current == 0 && min != 0 {
        decision.reason = ScalingReason::ScalingDisabled;
        return decision;
    }
    if current > max {
        (decision.reason, decision.to) = (ScalingReason::TooManyReplicas, max);
        return decision;
    }
    if current < min {
        (decision.reason, decision.to) = (ScalingReason::TooFewReplicas, min);
        return decision;
    }
    decision.proof.metrics = match &policy.algorithm {
        ScalingAlgorithm::Hpa { metrics } => metrics
            .iter()
            .enumerate()
            .map(|(index, spec)| metrics::metric(policy, spec, observed, index, now_ms))
            .collect(),
        ScalingAlgorithm::Threshold(rules) => signals::threshold(policy, rules, observed, now_ms),
        ScalingAlgorithm::Weighted(rules) => signals::weighted(policy, rules, observed, now_ms),
    };
    let Some((leading, proposal)) = metrics::most(&decision.proof.metrics, current) else {
        decision.reason = ScalingReason::FailedMetrics;
        return decision;
    };
    decision.proof.leading = Some(leading);
    let proposal = foresee(&mut decision.proof, observed.forecast.as_ref(), proposal);
    decision.recommendation = Some(proposal);

    let behavior = policy.behavior.as_ref();
    let start = [first(current, now_ms)];
    let earlier = if history.recommendations.is_empty() {
        &start[..]
    } else {
        &history.recommendations
    };
    let (stabilized, stabilization) = stabilize(behavior, policy.downscale_stabilization_s, earlier, current, proposal, now_ms);
    let allowed = rate::limit(behavior, &history.changes, (min, max), current, stabilized, now_ms);
    decision.to = allowed.replicas;
    decision.proof.stabilization = stabilization;
    decision.proof.rate = allowed.rate;
    decision.proof.clamp = allowed.clamp;
    decision
}

/// A forecast raises what the metrics ask for, and never lowers it. Windows, limits and bounds come after it.
fn foresee(proof: &mut ScalingProof, floor: Option<&ForecastFloor>, before: u32) -> u32 {
    let Some(floor) = floor else { return before };
    let after = floor.in_force().map_or(before, |floor| floor.max(before));
    proof.prediction = Some(PredictionProof {
        floor: floor.clone(),
        before,
        after,
    });
    after
}
