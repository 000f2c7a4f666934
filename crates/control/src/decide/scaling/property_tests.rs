//! What holds for every policy and every input.

use model::scaling::{
    Behavior, ChangeLimit, MetricSpec, MetricTarget, Reading, ScalingAlgorithm, ScalingHistory, ScalingObservation, ScalingPolicy,
    ScalingRules, SelectPolicy, ThresholdRules, WeightedRules,
};
use proptest::prelude::*;

use super::{
    decide,
    fixtures::{NOW_MS, external, fleet, per_pod, whole},
    remember,
};

const STEP_MS: i64 = 15_000;

/// Steps in which nothing changes any more.
const LOOK_AFTER: usize = 50;

fn one_limit(limit: ChangeLimit, stabilization_window_s: u32) -> ScalingRules {
    ScalingRules {
        stabilization_window_s,
        select_policy: SelectPolicy::Max,
        policies: vec![limit],
    }
}

fn metrics() -> impl Strategy<Value = Vec<MetricSpec>> {
    let target = 100_i64..3_000;
    let metric = prop_oneof![
        (10_u32..200).prop_map(|percent| MetricSpec::utilization("cpu", percent)),
        target.clone().prop_map(|milli| MetricSpec::per_pod("sessions", milli)),
        target.clone().prop_map(|value_milli| external(MetricTarget::Value { value_milli })),
        target.prop_map(|average_value_milli| external(MetricTarget::AverageValue { average_value_milli })),
    ];
    prop::collection::vec(metric, 1..4)
}

fn algorithm() -> impl Strategy<Value = ScalingAlgorithm> {
    prop_oneof![
        4 => metrics().prop_map(|metrics| ScalingAlgorithm::Hpa { metrics }),
        1 => Just(ScalingAlgorithm::Threshold(ThresholdRules::default())),
        1 => Just(ScalingAlgorithm::Weighted(WeightedRules::default())),
    ]
}

fn policy() -> impl Strategy<Value = ScalingPolicy> {
    (
        algorithm(),
        1_u32..8,
        0_u32..30,
        0_u32..400,
        prop::option::of((1_u32..6, 15_u32..200)),
    )
        .prop_map(|(algorithm, min, more, window_s, limit)| ScalingPolicy {
            algorithm,
            behavior: limit.map(|(value, period_s)| Behavior {
                scale_up: one_limit(ChangeLimit::pods(value, period_s), window_s / 4),
                scale_down: one_limit(ChangeLimit::pods(value, period_s), window_s),
            }),
            ..ScalingPolicy::hpa(min, min + more, Vec::new())
        })
}

/// A value as it may arrive: mostly good, sometimes nonsense.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => 0.0_f64..8.0,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -0.0, 1e300, f64::MIN_POSITIVE, f64::MAX]),
    ]
}

fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        4 => prop::collection::vec(value(), 0..12).prop_map(|values| {
            let Reading::PerPod { mut samples } = per_pod(&vec![0; values.len()], NOW_MS) else { unreachable!("made per instance") };
            for (sample, value) in samples.iter_mut().zip(values) {
                sample.value = value;
            }
            Reading::PerPod { samples }
        }),
        4 => prop::collection::vec(value(), 0..3).prop_map(|values| Reading::Whole { values, at_ms: NOW_MS }),
        1 => Just(Reading::Failed { why: "timeout".to_owned() }),
        1 => Just(whole(1, i64::MIN)),
        1 => Just(whole(1, i64::MAX)),
    ]
}

/// The same reading in every form that must not count, by number.
fn spoiled(reading: &Reading, how: usize) -> Reading {
    let bad = [f64::NAN, -1.0, f64::INFINITY];
    match (reading.clone(), how) {
        (_, 0) => Reading::Failed { why: "timeout".to_owned() },
        (Reading::Whole { values, .. }, 1) => Reading::Whole {
            values,
            at_ms: NOW_MS - 181_000,
        },
        (Reading::PerPod { mut samples }, 1) => {
            for sample in &mut samples {
                sample.at_ms = NOW_MS - 181_000;
            }
            Reading::PerPod { samples }
        }
        (Reading::Whole { values, at_ms }, how) => Reading::Whole {
            values: vec![bad[how - 2]; values.len()],
            at_ms,
        },
        (Reading::PerPod { mut samples }, how) => {
            for sample in &mut samples {
                sample.value = bad[how - 2];
            }
            Reading::PerPod { samples }
        }
        (failed @ Reading::Failed { .. }, _) => failed,
    }
}

/// Replicas of step after step, with a total load that the instances share.
fn replay(policy: &ScalingPolicy, start: u32, loads: &[i64]) -> Vec<u32> {
    let (mut replicas, mut history, mut course) = (start, ScalingHistory::default(), vec![start]);
    for (n, load) in (0_i64..).zip(loads) {
        let now_ms = NOW_MS + n * STEP_MS;
        let ScalingAlgorithm::Hpa { metrics } = &policy.algorithm else {
            unreachable!("only hpa is replayed")
        };
        let each = vec![load / i64::from(replicas.max(1)); replicas as usize];
        let read = |spec: &MetricSpec| {
            if spec.source.works_at_zero() {
                whole(*load, now_ms)
            } else {
                per_pod(&each, now_ms)
            }
        };
        let decision = decide(policy, &fleet(replicas, metrics.iter().map(read).collect()), &history, now_ms);
        remember(policy, &mut history, &decision);
        replicas = decision.to;
        course.push(replicas);
    }
    course
}

fn with_metric(policy: &ScalingPolicy, metric: MetricSpec) -> ScalingPolicy {
    ScalingPolicy {
        algorithm: ScalingAlgorithm::Hpa { metrics: vec![metric] },
        ..policy.clone()
    }
}

/// The steps that constant load may take to settle: all the way from bound to bound, as slowly as the limits allow (a period that no step
/// ends is over at the next one), after the window, and some to spare for the two roundings on the way.
fn steps_to_settle(policy: &ScalingPolicy) -> usize {
    let step_s = u32::try_from(STEP_MS / 1_000).unwrap();
    // Without `behavior` it doubles, or goes down at once.
    let (limit, window_s) = policy.behavior.as_ref().map_or((ChangeLimit::pods(1, 15), 300), |behavior| {
        let rules = &behavior.scale_down;
        (rules.policies[0], rules.stabilization_window_s)
    });
    let changes = (policy.max_replicas - policy.min_replicas).div_ceil(limit.value);
    (changes * (limit.period_s.div_ceil(step_s) + 1) + window_s.div_ceil(step_s) + 20) as usize
}

/// Until it has to have settled, and on for [`LOOK_AFTER`].
fn under_constant_load(policy: &ScalingPolicy, start: u32, load: i64) -> Vec<u32> {
    let start = start.clamp(policy.min_replicas, policy.max_replicas);
    replay(policy, start, &vec![load; steps_to_settle(policy) + LOOK_AFTER])
}

fn is_settled(course: &[u32]) -> bool {
    course[course.len() - LOOK_AFTER..].windows(2).all(|pair| pair[0] == pair[1])
}

fn at(policy: &ScalingPolicy, observed: &ScalingObservation) -> u32 {
    decide(policy, observed, &ScalingHistory::default(), NOW_MS).to
}

/// One instance each 181 s is one in 13 steps: 28 of them take 352, more than most policies need in all.
#[test]
fn the_slowest_way_from_bound_to_bound_settles() {
    let one_in_181_s = |window_s| one_limit(ChangeLimit::pods(1, 181), window_s);
    let policy = ScalingPolicy {
        behavior: Some(Behavior {
            scale_up: one_in_181_s(0),
            scale_down: one_in_181_s(0),
        }),
        ..ScalingPolicy::hpa(3, 31, vec![MetricSpec::per_pod("sessions", 200)])
    };
    let course = under_constant_load(&policy, 3, 6_630);
    assert!(is_settled(&course), "{course:?}");
    assert_eq!(course.last(), Some(&31), "{course:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn replicas_never_leave_the_bounds(
        policy in policy(), replicas in 0_u32..60, readings in prop::collection::vec(reading(), 0..5),
    ) {
        let to = at(&policy, &fleet(replicas, readings));
        prop_assert!((policy.min_replicas..=policy.max_replicas).contains(&to) || (replicas == 0 && to == 0), "{}", to);
    }

    #[test]
    fn replicas_never_change_faster_than_the_policy_allows(
        value in 1_u32..6, steps in 1_i64..12, is_percent in any::<bool>(), loads in prop::collection::vec(0_i64..40_000, 40..80),
    ) {
        let period_s = u32::try_from(steps * STEP_MS / 1_000).unwrap();
        let limit = if is_percent { ChangeLimit::percent(value * 20, period_s) } else { ChangeLimit::pods(value, period_s) };
        let behavior = Behavior { scale_up: one_limit(limit, 0), scale_down: one_limit(limit, 0) };
        let policy = ScalingPolicy {
            behavior: Some(behavior),
            ..ScalingPolicy::hpa(1, 60, vec![MetricSpec::per_pod("sessions", 1_000)])
        };
        let course = replay(&policy, 5, &loads);
        let steps = usize::try_from(steps).unwrap();
        for (n, to) in course.iter().enumerate().skip(1).filter(|(n, to)| course[n - 1] != **to) {
            // The replicas when the period began.
            let start = f64::from(course[n.saturating_sub(steps)]);
            let (most, least) = if is_percent {
                let part = f64::from(value * 20) / 100.0;
                ((start * (1.0 + part)).ceil(), (start * (1.0 - part)).trunc())
            } else {
                (start + f64::from(value), start - f64::from(value))
            };
            let allowed = if *to > course[n - 1] { f64::from(*to) <= most } else { f64::from(*to) >= least };
            prop_assert!(allowed, "{} from {} at step {}: {:?}", to, start, n, course);
        }
    }

    #[test]
    fn constant_load_settles(policy in policy(), target in 200_i64..3_000, start in 1_u32..20, load in 0_i64..60_000) {
        let policy = with_metric(&policy, MetricSpec::per_pod("sessions", target));
        let course = under_constant_load(&policy, start, load);
        prop_assert!(is_settled(&course), "{:?}", course);
    }

    #[test]
    fn more_load_never_asks_for_less(
        policy in policy(), metric in metrics(), replicas in 1_u32..20, low in 0_i64..4_000, more in 0_i64..4_000, without in 0_usize..3,
    ) {
        let policy = with_metric(&policy, metric[0].clone());
        let replicas = replicas.clamp(policy.min_replicas, policy.max_replicas);
        let known = (replicas as usize).saturating_sub(without).max(1);
        let to = |level: i64| {
            let reading = if metric[0].source.works_at_zero() { whole(level, NOW_MS) } else { per_pod(&vec![level; known], NOW_MS) };
            at(&policy, &fleet(replicas, vec![reading]))
        };
        prop_assert!(to(low) <= to(low + more));
    }

    #[test]
    fn readings_that_do_not_count_never_scale_down(
        policy in policy(), replicas in 1_u32..20, readings in prop::collection::vec(reading(), 4), how in 0_usize..5,
    ) {
        let replicas = replicas.clamp(policy.min_replicas, policy.max_replicas);
        let bad: Vec<_> = readings.iter().map(|reading| spoiled(reading, how)).collect();
        prop_assert_eq!(at(&policy, &fleet(replicas, bad)), replicas, "nothing is known");
        let ScalingAlgorithm::Hpa { metrics } = &policy.algorithm else { return Ok(()) };
        let mut one = readings;
        one[metrics.len() - 1] = spoiled(&one[metrics.len() - 1], how);
        prop_assert!(at(&policy, &fleet(replicas, one)) >= replicas, "one is not known");
    }

    #[test]
    fn a_figure_that_does_not_count_is_never_taken_for_an_idle_instance(
        policy in policy(), metric in metrics(), levels in prop::collection::vec(0_i64..4_000, 2..20), bad in 1_usize..5,
    ) {
        prop_assume!(!metric[0].source.works_at_zero());
        let mut policy = with_metric(&policy, metric[0].clone());
        policy.max_replicas = policy.max_replicas.max(20);
        policy.min_replicas = 1;
        policy.behavior = Some(Behavior {
            scale_up: one_limit(ChangeLimit::pods(100, 15), 0),
            scale_down: one_limit(ChangeLimit::pods(100, 15), 0),
        });
        let replicas = u32::try_from(levels.len()).unwrap();
        let bad = bad.min(levels.len() - 1);
        let with = |value: f64| {
            let Reading::PerPod { mut samples } = per_pod(&levels, NOW_MS) else { unreachable!("made per instance") };
            for sample in &mut samples[..bad] {
                sample.value = value;
            }
            at(&policy, &fleet(replicas, vec![Reading::PerPod { samples }]))
        };
        prop_assert!(with(f64::NAN) >= with(0.0).min(replicas), "it asked for less than with idle ones");
        prop_assert_eq!(with(f64::NAN), with(-1.0));
    }
}
