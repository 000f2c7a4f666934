//! An explanation is true: the change it names flips the decision, and a smaller one does not.

use model::scaling::{
    Behavior, ChangeLimit, ForecastFloor, Lever, MetricSpec, MetricTarget, Reading, Recommendation, ReplicaChange, ScalingAlgorithm,
    ScalingHistory, ScalingObservation, ScalingPolicy, ScalingRules, SelectPolicy, SmallestChange, Tolerance,
};
use proptest::prelude::*;

use super::{
    apply, decide, explain,
    fixtures::{NOW_MS, external, fleet, foreseen, per_pod, pod, whole},
};

fn words(policy: &ScalingPolicy, observed: &ScalingObservation, history: &ScalingHistory) -> Vec<String> {
    let (_, changes) = explain(policy, observed, history, NOW_MS);
    changes.iter().map(SmallestChange::to_string).collect()
}

#[test]
fn an_explanation_reads_as_one_would_say_it() {
    let policy = ScalingPolicy::hpa(2, 10, vec![MetricSpec::utilization("cpu", 70)]);
    let settled = ScalingHistory {
        recommendations: vec![Recommendation {
            at_ms: NOW_MS - 100_000,
            replicas: 4,
        }],
        changes: Vec::new(),
    };
    // 4 x 1.4 of 2 cores are 70 %: nothing to do.
    let on_target = fleet(4, vec![per_pod(&[1_400; 4], NOW_MS)]);
    assert_eq!(words(&policy, &on_target, &settled), ["cpu ≥ 78 %"], "down is held by the window");
    // 200 % want 12, and 10 is the maximum.
    let hot = fleet(4, vec![per_pod(&[4_000; 4], NOW_MS)]);
    let wide = ScalingPolicy {
        max_replicas: 6,
        ..policy.clone()
    };
    assert_eq!(words(&wide, &hot, &settled)[0], "max_replicas ≥ 7");
    let cold = fleet(4, vec![per_pod(&[700; 4], NOW_MS)]);
    assert_eq!(words(&policy, &cold, &settled)[0], "scale_down window ≤ 100 s");
    let ahead = ScalingObservation {
        forecast: Some(foreseen(7, true, true)),
        ..on_target.clone()
    };
    assert_eq!(
        words(&policy, &ahead, &settled),
        ["forecast ≥ 8 replicas", "forecast ≤ 6 replicas", "cpu ≥ 123 %"]
    );
    let fast = ScalingHistory {
        changes: vec![ReplicaChange {
            at_ms: NOW_MS - 5_000,
            from: 2,
            to: 4,
        }],
        ..settled
    };
    assert_eq!(
        words(&policy, &hot, &fast)[..2],
        ["scale_up limit 1 ≥ 5".to_owned(), "scale_up limit 2 ≥ 201".to_owned()]
    );
}

prop_compose! {
    fn rules()(
        stabilization_window_s in prop::sample::select(vec![0_u32, 60, 300]),
        select_policy in prop::sample::select(vec![SelectPolicy::Max, SelectPolicy::Min, SelectPolicy::Disabled]),
        policies in prop::collection::vec(prop_oneof![
            (1_u32..6, 15_u32..120).prop_map(|(value, period_s)| ChangeLimit::pods(value, period_s)),
            (1_u32..150, 15_u32..120).prop_map(|(value, period_s)| ChangeLimit::percent(value, period_s)),
        ], 1..3),
    ) -> ScalingRules {
        ScalingRules { stabilization_window_s, select_policy, policies }
    }
}

prop_compose! {
    fn a_policy()(
        (min_replicas, more) in (1_u32..6, 0_u32..12), behavior in prop::option::weighted(0.9, (rules(), rules())),
        (up, down) in (0_u32..300_000, 0_u32..300_000), kinds in prop::collection::vec(0_usize..4, 1..3), target in 20_u32..150,
    ) -> ScalingPolicy {
        let metrics = kinds.into_iter().map(|kind| match kind {
            0 => MetricSpec::utilization("cpu", target),
            1 => MetricSpec::per_pod("sessions", i64::from(target) * 20),
            2 => external(MetricTarget::Value { value_milli: i64::from(target) * 100 }),
            _ => external(MetricTarget::AverageValue { average_value_milli: i64::from(target) * 20 }),
        });
        ScalingPolicy {
            behavior: behavior.map(|(scale_up, scale_down)| Behavior { scale_up, scale_down }),
            tolerance: Tolerance { scale_up_ppm: up, scale_down_ppm: down },
            ..ScalingPolicy::hpa(min_replicas, min_replicas + more, metrics.collect())
        }
    }
}

prop_compose! {
    /// Instances in all states, some without figures.
    fn an_observation(policy: ScalingPolicy)(
        replicas in 1_u32..20, odd in prop::collection::vec(prop::sample::select(vec!["r", "r", "r", "u", "p", "d", "rh"]), 20),
        levels in prop::collection::vec(0_i64..4_000, 1..20), total in 0_i64..60_000, policy in Just(policy),
        floor in prop::option::of((0_u32..25, any::<bool>(), any::<bool>())),
    ) -> (ScalingPolicy, ScalingObservation) {
        let ScalingAlgorithm::Hpa { metrics } = &policy.algorithm else { unreachable!("made above") };
        let readings: Vec<Reading> = metrics.iter().map(|spec| match spec.target {
            _ if spec.source.works_at_zero() => whole(total, NOW_MS),
            _ => per_pod(&levels, NOW_MS),
        }).collect();
        let mut observed = fleet(replicas, readings);
        observed.pods = (0..replicas as usize).map(|n| pod(n, odd[n])).collect();
        observed.forecast = floor.map(|(replicas, is_active, is_good)| foreseen(replicas, is_active, is_good));
        (policy, observed)
    }
}

fn a_history() -> impl Strategy<Value = ScalingHistory> {
    let recommendations = prop::collection::vec((0_i64..400_000, 1_u32..20), 0..5);
    let changes = prop::collection::vec((0_i64..150_000, 1_u32..20, 1_u32..20), 0..4);
    (recommendations, changes).prop_map(|(recommendations, changes)| ScalingHistory {
        recommendations: recommendations
            .into_iter()
            .map(|(ago, replicas)| Recommendation {
                at_ms: NOW_MS - ago,
                replicas,
            })
            .collect(),
        changes: changes
            .into_iter()
            .map(|(ago, from, to)| ReplicaChange {
                at_ms: NOW_MS - ago,
                from,
                to,
            })
            .collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_change_flips_the_decision_and_a_smaller_one_does_not(
        (policy, observed) in a_policy().prop_flat_map(an_observation), history in a_history(), part in 0.0_f64..1.0,
        more in 1_i64..200_000,
    ) {
        let (decision, changes) = explain(&policy, &observed, &history, NOW_MS);
        prop_assert_eq!(&decision, &decide(&policy, &observed, &history, NOW_MS));
        let with = |lever: &Lever, to| {
            let (mut policy, mut observed, mut history) = (policy.clone(), observed.clone(), history.clone());
            apply(&mut policy, &mut observed, &mut history, lever, to, NOW_MS);
            decide(&policy, &observed, &history, NOW_MS).to
        };
        for change in &changes {
            let SmallestChange { lever, from, to, result } = change;
            prop_assert_ne!(*result, decision.to);
            prop_assert_eq!(with(lever, *to), *result, "{:?}", change);
            prop_assert_eq!(with(lever, to - (to - from).signum()), decision.to, "one step less: {:?}", change);
            #[expect(clippy::cast_possible_truncation, reason = "a place on the way")]
            let smaller = from + ((to - from - (to - from).signum()) as f64 * part) as i64;
            prop_assert_eq!(with(lever, smaller), decision.to, "at {}: {:?}", smaller, change);
        }
        let waits = changes.iter().any(|change| change.lever == Lever::Wait);
        if !waits && (decision.proof.stabilization.is_some() || decision.proof.rate.is_some()) {
            prop_assert_eq!(with(&Lever::Wait, more % 1_000), decision.to, "waiting {} s was not found", more % 1_000);
        }
        if observed.forecast.as_ref().and_then(ForecastFloor::in_force).is_some() && decision.proof.prediction.is_some() {
            let from = i64::from(observed.forecast.as_ref().map_or(0, |floor| floor.replicas));
            let of_this = |change: &&SmallestChange| change.lever == Lever::Forecast;
            if !changes.iter().filter(of_this).any(|change| change.to < from) {
                prop_assert_eq!(with(&Lever::Forecast, 0), decision.to, "no forecast was not found");
            }
            if !changes.iter().filter(of_this).any(|change| change.to > from) {
                prop_assert_eq!(with(&Lever::Forecast, from + more), decision.to, "a forecast of {} + {} was not found", from, more);
            }
        }
        for (index, metric) in decision.proof.metrics.iter().enumerate().filter(|(_, metric)| metric.proposal.is_some()) {
            let name = metric.name.clone();
            let lever = Lever::Metric { index, name, target_type: None, reads: 0 };
            let of_this = |change: &&SmallestChange| matches!(change.lever, Lever::Metric { index: of, .. } if of == index);
            let total = metric.total_milli;
            if !changes.iter().filter(of_this).any(|change| change.to > total) {
                prop_assert_eq!(with(&lever, total + more), decision.to, "{} + {} was not found", total, more);
            }
            if !changes.iter().filter(of_this).any(|change| change.to < total) {
                prop_assert_eq!(with(&lever, (total - more).max(0)), decision.to, "{} - {} was not found", total, more);
            }
        }
    }
}
