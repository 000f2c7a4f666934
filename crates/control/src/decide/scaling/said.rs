//! Decisions in words: why, and what each metric read.

use model::scaling::{
    HoldKind, MetricProof, MetricSpec, ScalingAlgorithm, ScalingDecision, ScalingPlan, ScalingPolicy, ScalingReason, ScheduledBounds,
    Signal, TargetChip, TargetType, WeightedSignal, words::milli,
};

/// Why the replicas change, in a few words: "cpu 82 % of 70 %".
pub fn cause(plan: &ScalingPlan, bounds: &ScheduledBounds, decision: &ScalingDecision) -> String {
    if let Some((hold, without)) = decision.proof.hold.filter(|(_, without)| *without != decision.to) {
        return match hold.kind {
            HoldKind::Pin { replicas } => format!("pinned to {replicas}"),
            kind => format!("{kind}; would be {without}"),
        };
    }
    let rule = || {
        let names: Vec<_> = bounds
            .rules
            .iter()
            .filter_map(|n| plan.schedule.get(*n))
            .map(|r| r.name.as_str())
            .collect();
        if names.is_empty() {
            "of the policy".to_owned()
        } else {
            format!("of the schedule {}", names.join(", "))
        }
    };
    match decision.reason {
        ScalingReason::TooManyReplicas => format!("more than the maximum {} {}", bounds.max_replicas, rule()),
        ScalingReason::TooFewReplicas => format!("fewer than the minimum {} {}", bounds.min_replicas, rule()),
        ScalingReason::ScalingDisabled => "scaled to zero by hand".to_owned(),
        ScalingReason::FailedMetrics => "metrics could not be read".to_owned(),
        ScalingReason::Metrics => {
            let leading = decision.proof.leading.and_then(|n| decision.proof.metrics.get(n));
            leading.map_or_else(|| "its metrics".to_owned(), |metric| format!("{} {}", metric.name, against(metric)))
        }
    }
}

/// "82 % of 70 %"; "9 outside 20 to 80".
fn against(metric: &MetricProof) -> String {
    let Some(current) = metric.current else {
        return "unknown".to_owned();
    };
    let (current, target) = (value(metric, current), value(metric, metric.target));
    match metric.lower_target {
        Some(lower) => format!("{current} (up above {target}, down below {})", value(metric, lower)),
        None => format!("{current} of {target}"),
    }
}

fn value(metric: &MetricProof, value: i64) -> String {
    match metric.target_type {
        Some(TargetType::Utilization) => format!("{value} %"),
        _ => milli(rounded(value)),
    }
}

/// To a hundredth below 10, to a tenth below 100: what jumps behind that is noise.
const fn rounded(value_milli: i64) -> i64 {
    let step = match value_milli.unsigned_abs() {
        0..10_000 => 10,
        10_000..100_000 => 100,
        _ => 1_000,
    };
    (value_milli + step / 2).div_euclid(step) * step
}

/// What each metric read: name and value.
pub fn readings(decision: &ScalingDecision) -> Vec<(String, String)> {
    let told = |metric: &MetricProof| {
        let read = metric.current.map_or_else(
            || metric.failure.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string),
            |current| value(metric, current),
        );
        (metric.name.clone(), read)
    };
    decision.proof.metrics.iter().map(told).collect()
}

/// Each metric against its target. Where the last decision did not look at them, the targets alone.
pub fn chips(policy: &ScalingPolicy, last: Option<&ScalingDecision>) -> Vec<TargetChip> {
    let proofs = last.map(|d| d.proof.metrics.as_slice()).unwrap_or_default();
    if proofs.is_empty() {
        return bare(policy);
    }
    let number = |metric: &MetricProof, value: i64| match metric.target_type {
        Some(TargetType::Utilization) => value as f64,
        _ => value as f64 / 1_000.0,
    };
    let chip = |metric: &MetricProof| TargetChip {
        name: metric.name.clone(),
        current: metric.current.map(|current| value(metric, current)),
        target: value(metric, metric.target),
        state: metric.state,
        current_value: metric.current.map(|current| number(metric, current)),
        target_value: number(metric, metric.target),
        is_simulated: false,
    };
    proofs.iter().map(chip).collect()
}

fn bare(policy: &ScalingPolicy) -> Vec<TargetChip> {
    let chip = |name: String, target: String, target_value: f64| TargetChip {
        name,
        current: None,
        target,
        state: model::scaling::MetricState::Failed,
        current_value: None,
        target_value,
        is_simulated: false,
    };
    let of_metric = |metric: &MetricSpec| {
        let number = match metric.target.kind() {
            TargetType::Utilization => metric.target.value() as f64,
            _ => metric.target.value() as f64 / 1_000.0,
        };
        chip(metric.source.to_string(), model::scaling::words::target(metric), number)
    };
    let of_signal = |name: &str, up_milli: i64| chip(name.to_owned(), milli(up_milli), up_milli as f64 / 1_000.0);
    match &policy.algorithm {
        ScalingAlgorithm::Hpa { metrics } => metrics.iter().map(of_metric).collect(),
        ScalingAlgorithm::Threshold(rules) => {
            let up = |s: &Signal| s.up_milli.unwrap_or(s.down_milli);
            rules.signals.iter().map(|s| of_signal(&s.name, up(s))).collect()
        }
        ScalingAlgorithm::Weighted(rules) => rules
            .signals
            .iter()
            .map(|s: &WeightedSignal| of_signal(&s.name, s.up_milli))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use model::scaling::{Hold, MetricState, ScalingProof, Tolerance};

    use super::*;

    fn decision(reason: ScalingReason) -> ScalingDecision {
        let mut proof = ScalingProof::new(Tolerance::default());
        proof.metrics = vec![MetricProof {
            target_type: Some(TargetType::Utilization),
            current: Some(82),
            state: MetricState::Above,
            ..MetricProof::begin("cpu".to_owned(), 70)
        }];
        proof.leading = Some(0);
        ScalingDecision {
            at_ms: 0,
            from: 3,
            to: 4,
            reason,
            recommendation: Some(4),
            proof,
        }
    }

    #[test]
    fn the_cause_names_what_led() {
        let plan = ScalingPlan::new(ScalingPolicy::hpa(2, 10, vec![MetricSpec::utilization("cpu", 70)]));
        let bounds = ScheduledBounds {
            min_replicas: 2,
            max_replicas: 10,
            rules: vec![],
        };
        let said = |decision: &ScalingDecision| cause(&plan, &bounds, decision);
        assert_eq!(said(&decision(ScalingReason::Metrics)), "cpu 82 % of 70 %");
        assert_eq!(
            said(&decision(ScalingReason::TooFewReplicas)),
            "fewer than the minimum 2 of the policy"
        );
        let mut pinned = decision(ScalingReason::Metrics);
        pinned.to = 6;
        let pin = Hold {
            kind: HoldKind::Pin { replicas: 6 },
            until_ms: 1,
        };
        pinned.proof.hold = Some((pin, 4));
        assert_eq!(said(&pinned), "pinned to 6");
        assert_eq!(readings(&pinned), [("cpu".to_owned(), "82 %".to_owned())]);
        assert_eq!(chips(&plan.policy, Some(&pinned))[0].current_value, Some(82.0));
        assert_eq!(chips(&plan.policy, None)[0].target, "70 %");
    }
}
