//! `threshold` and `weighted`.

use model::scaling::{Reading, ScalingAlgorithm, ScalingHistory, ScalingObservation, ScalingPolicy, ThresholdRules, WeightedRules};

use super::{
    decide,
    fixtures::{NOW_MS, fleet, per_pod},
    remember,
};

fn policy(algorithm: ScalingAlgorithm) -> ScalingPolicy {
    let mut policy = ScalingPolicy {
        algorithm,
        ..ScalingPolicy::hpa(1, 10, Vec::new())
    };
    policy.behavior.get_or_insert_default().scale_down.stabilization_window_s = 900;
    policy
}

fn seen(replicas: u32, averages: &[i64], at_ms: i64) -> ScalingObservation {
    let reading = |average: &i64| per_pod(&vec![average * 1_000; replicas as usize], at_ms);
    fleet(replicas, averages.iter().map(reading).collect())
}

/// Replicas after so many seconds of the same averages, one decision every 15 s.
fn after(policy: &ScalingPolicy, averages: &[i64], seconds: i64) -> u32 {
    let (mut replicas, mut history) = (4, ScalingHistory::default());
    for s in (0..=seconds).step_by(15) {
        let now_ms = NOW_MS + s * 1_000;
        let decision = decide(policy, &seen(replicas, averages, now_ms), &history, now_ms);
        remember(policy, &mut history, &decision);
        replicas = decision.to;
    }
    replicas
}

#[test]
fn threshold_goes_up_when_one_is_hot_and_down_when_all_are_cold_for_long_enough() {
    let policy = policy(ScalingAlgorithm::Threshold(ThresholdRules::default()));
    assert_eq!(policy.validate(), Ok(()));
    assert_eq!(after(&policy, &[81, 10, 0], 0), 5);
    assert_eq!(after(&policy, &[10, 81, 0], 0), 5);
    assert_eq!(after(&policy, &[80, 80, 9], 3_600), 4, "at the threshold is not above it");
    assert_eq!(after(&policy, &[10, 10, 2], 3_600), 4, "two sessions each keep it");
    assert_eq!(after(&policy, &[10, 10, 1], 885), 4);
    assert_eq!(after(&policy, &[10, 10, 1], 900), 3);
    assert_eq!(after(&policy, &[10, 10, 1], 7_200), 1);
}

#[test]
fn weighted_needs_half_of_all_weight() {
    let policy = policy(ScalingAlgorithm::Weighted(WeightedRules::default()));
    assert_eq!(policy.validate(), Ok(()));
    assert_eq!(after(&policy, &[81, 86, 50, 1_000], 0), 5, ".3 and .2");
    assert_eq!(after(&policy, &[81, 50, 50, 1_000], 0), 4, ".3 alone");
    assert_eq!(after(&policy, &[81, 86, 50, 400], 0), 4, ".3 and .2 against .2");
    assert_eq!(after(&policy, &[20, 50, 10, 1_000], 900), 3, ".3 and .3");
}

#[test]
fn a_signal_that_is_lost_keeps_what_is_there() {
    for algorithm in [
        ScalingAlgorithm::Threshold(ThresholdRules::default()),
        ScalingAlgorithm::Weighted(WeightedRules::default()),
    ] {
        let policy = policy(algorithm);
        let mut observed = seen(4, &[10, 10, 1, 100], NOW_MS);
        let cold = ScalingHistory {
            recommendations: vec![model::scaling::Recommendation {
                at_ms: NOW_MS - 10_000,
                replicas: 1,
            }],
            changes: Vec::new(),
        };
        assert_eq!(decide(&policy, &observed, &cold, NOW_MS).to, 3);
        let Reading::PerPod { samples } = &mut observed.readings[0] else {
            panic!("made per instance")
        };
        samples[0].value = f64::NAN;
        assert_eq!(
            decide(&policy, &observed, &cold, NOW_MS).to,
            4 - u32::from(matches!(policy.algorithm, ScalingAlgorithm::Weighted(_)))
        );
        observed.readings[0] = Reading::Failed { why: "timeout".to_owned() };
        assert_eq!(decide(&policy, &observed, &cold, NOW_MS).to, 4);
    }
}
