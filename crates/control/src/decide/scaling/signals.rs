//! `threshold` and `weighted`: signals with two thresholds instead of a target.

use model::scaling::{MetricFailure, MetricProof, MetricState, Reading, ScalingObservation, ScalingPolicy, ThresholdRules, WeightedRules};

use super::{group::group, metrics::whole};

/// What a signal says, before all of them are heard.
fn signal(
    policy: &ScalingPolicy,
    observed: &ScalingObservation,
    index: usize,
    now_ms: i64,
    (name, up_milli, down_milli): (&str, Option<i64>, i64),
) -> MetricProof {
    let mut proof = MetricProof {
        lower_target: Some(down_milli),
        ..MetricProof::begin(name.to_owned(), up_milli.unwrap_or(down_milli))
    };
    match average(policy, observed, index, now_ms, &mut proof) {
        Ok((total_milli, current)) => {
            proof.total_milli = total_milli;
            proof.current = Some(current);
            proof.ratio = Some(current as f64 / proof.target as f64).filter(|ratio| ratio.is_finite());
            proof.state = if up_milli.is_some_and(|up| current > up) {
                MetricState::Above
            } else if current < down_milli && proof.missing == 0 {
                MetricState::Below
            } else {
                // Also when somebody gave no figure: what is not known is not idle.
                MetricState::Within
            };
        }
        Err(failure) => proof.failure = Some(failure),
    }
    proof
}

/// Total and average per instance, thousandths.
fn average(
    policy: &ScalingPolicy,
    observed: &ScalingObservation,
    index: usize,
    now_ms: i64,
    proof: &mut MetricProof,
) -> Result<(i64, i64), MetricFailure> {
    match observed.readings.get(index).ok_or(MetricFailure::NoReading)? {
        Reading::Failed { why } => Err(MetricFailure::Unreadable { why: why.clone() }),
        Reading::Whole { values, at_ms } => {
            let total = whole(values, *at_ms, policy, now_ms)?;
            Ok((total, total / i64::try_from(values.len()).unwrap_or(i64::MAX)))
        }
        Reading::PerPod { samples } => {
            let groups = group(policy, &observed.pods, samples, false, now_ms);
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            (proof.ready, proof.unready, proof.missing) = (groups.ready, count(groups.unready.len()), count(groups.missing.len()));
            let total = groups.values.values().fold(0_i64, |sum, milli| sum.saturating_add(*milli));
            match i64::try_from(groups.values.len()).unwrap_or(i64::MAX) {
                0 => Err(MetricFailure::NoReadyPods),
                count => Ok((total, total / count)),
            }
        }
    }
}

/// Up when any signal is above, down when all are below.
pub(super) fn threshold(policy: &ScalingPolicy, rules: &ThresholdRules, observed: &ScalingObservation, now_ms: i64) -> Vec<MetricProof> {
    let mut proofs: Vec<_> = rules
        .signals
        .iter()
        .enumerate()
        .map(|(n, s)| signal(policy, observed, n, now_ms, (&s.name, s.up_milli, s.down_milli)))
        .collect();
    let current = observed.spec_replicas;
    let is_idle = proofs.iter().all(|proof| proof.state == MetricState::Below);
    for proof in &mut proofs {
        proof.proposal = match proof.state {
            MetricState::Above => Some(current.saturating_add(rules.step_up)),
            MetricState::Below if is_idle => Some(current.saturating_sub(rules.step_down)),
            MetricState::Below | MetricState::Within => Some(current),
            MetricState::Failed => None,
        };
    }
    proofs
}

/// A step when the votes for it outweigh those against it by the quorum. A signal that failed has no vote, but its weight counts.
pub(super) fn weighted(policy: &ScalingPolicy, rules: &WeightedRules, observed: &ScalingObservation, now_ms: i64) -> Vec<MetricProof> {
    let mut proofs: Vec<_> = rules
        .signals
        .iter()
        .enumerate()
        .map(|(n, s)| signal(policy, observed, n, now_ms, (&s.name, Some(s.up_milli), s.down_milli)))
        .collect();
    let votes = |state: MetricState| -> i64 {
        let agreeing = proofs.iter().zip(&rules.signals).filter(|(proof, _)| proof.state == state);
        agreeing.map(|(_, signal)| i64::from(signal.weight)).sum()
    };
    let balance = votes(MetricState::Above) - votes(MetricState::Below);
    let all: i64 = rules.signals.iter().map(|signal| i64::from(signal.weight)).sum();
    let quorum = i64::from(rules.quorum_percent) * all;
    let current = observed.spec_replicas;
    let proposal = if balance * 100 >= quorum {
        current.saturating_add(rules.step_up)
    } else if -balance * 100 >= quorum {
        current.saturating_sub(rules.step_down)
    } else {
        current
    };
    for proof in &mut proofs {
        proof.proposal = (proof.state != MetricState::Failed).then_some(proposal);
    }
    proofs
}
