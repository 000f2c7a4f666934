//! Flapping is found where it was, and foreseen where it will be.

use model::scaling::{
    Behavior, ChangeLimit, FlapCause, FlapReason, FlapStep, MetricSpec, Overlap, Prediction, ScalingAlgorithm, ScalingPolicy,
    ScalingPreset, ScalingRules, SelectPolicy, Signal, ThresholdRules, Tolerance, Trace, TraceSignal, WeightedRules, WhatIf, WhatIfPolicy,
};
use proptest::prelude::*;

use super::{
    flap::{apart_ppm, flappings, warnings},
    what_if,
};

fn cpu(min: u32, max: u32) -> ScalingPolicy {
    ScalingPolicy::hpa(min, max, vec![MetricSpec::utilization("cpu", 70)])
}

fn threshold(min: u32, max: u32, up_milli: i64, down_milli: i64) -> ScalingPolicy {
    let signals = vec![Signal {
        name: "cpu".to_owned(),
        up_milli: Some(up_milli),
        down_milli,
    }];
    ScalingPolicy {
        algorithm: ScalingAlgorithm::Threshold(ThresholdRules {
            signals,
            step_up: 1,
            step_down: 1,
        }),
        ..cpu(min, max)
    }
}

fn down(policy: ScalingPolicy, stabilization_window_s: u32, limit: ChangeLimit) -> ScalingPolicy {
    let scale_down = ScalingRules {
        stabilization_window_s,
        select_policy: SelectPolicy::Max,
        policies: vec![limit],
    };
    ScalingPolicy {
        behavior: Some(Behavior {
            scale_up: ScalingRules::default_up(),
            scale_down,
        }),
        ..policy
    }
}

/// Up and down in turn, so many seconds apart.
fn turns(count: i64, apart_s: i64, leading: Option<&str>) -> Vec<FlapStep> {
    let step = |n: i64| FlapStep {
        at_ms: n * apart_s * 1_000,
        from: if n % 2 == 0 { 2 } else { 3 },
        to: if n % 2 == 0 { 3 } else { 2 },
        leading: leading.map(str::to_owned),
    };
    (0..count).map(step).collect()
}

#[test]
fn flapping_is_told_with_its_cause() {
    let policy = down(cpu(2, 10), 60, ChangeLimit::percent(100, 15));
    let found = flappings(&policy, &turns(6, 60, Some("cpu")));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].reversals, found[0].wave_s, found[0].between), (5, 120, (2, 3)));
    assert_eq!(
        found[0].cause.to_string(),
        "the scale-down window of 60 s is shorter than the 120 s wave of cpu"
    );
    let near = threshold(2, 10, 70_000, 65_000);
    let found = flappings(&near, &turns(6, 60, Some("cpu")));
    assert_eq!(
        found[0].cause.to_string(),
        "cpu: up at 70 and down at 65: after removing 1 of 3 instances it would read 97.5"
    );
    assert_eq!(flappings(&policy, &turns(6, 60, None))[0].cause, FlapCause::NotMetrics);
    let slow = down(cpu(2, 10), 300, ChangeLimit::pods(1, 180));
    assert!(matches!(
        flappings(&slow, &turns(6, 120, Some("cpu")))[0].cause,
        FlapCause::Demand { wave_s: 240, .. }
    ));
}

#[test]
fn what_is_normal_is_no_flapping() {
    let policy = cpu(2, 10);
    assert_eq!(flappings(&policy, &[]), []);
    assert_eq!(flappings(&policy, &turns(2, 60, Some("cpu"))), [], "up and down once");
    assert_eq!(
        flappings(&policy, &turns(20, 901, Some("cpu"))),
        [],
        "each a quarter of an hour after the other"
    );
    let mut steps = turns(4, 60, Some("cpu"));
    steps.extend(turns(4, 60, Some("cpu")).into_iter().map(|step| FlapStep {
        at_ms: step.at_ms + 86_400_000,
        ..step
    }));
    steps.reverse();
    let found = flappings(&policy, &steps);
    assert_eq!(
        found.iter().map(|one| one.from_ms).collect::<Vec<_>>(),
        [0, 86_400_000],
        "in any order"
    );
    let many: Vec<_> = (0..80)
        .flat_map(|day| {
            turns(4, 60, None).into_iter().map(move |step| FlapStep {
                at_ms: step.at_ms + day * 86_400_000,
                ..step
            })
        })
        .collect();
    let found = flappings(&policy, &many);
    assert_eq!((found.len(), found[49].from_ms), (50, 79 * 86_400_000), "the latest");
}

#[test]
fn every_trap_is_named_with_a_way_out() {
    let named = |policy: &ScalingPolicy, delay_s| -> Vec<(String, FlapReason)> {
        assert_eq!(policy.validate(), Ok(()));
        warnings(policy, 15, delay_s)
            .into_iter()
            .map(|warning| (warning.field, warning.why))
            .collect()
    };
    let at = |field: &str, why| vec![(field.to_owned(), why)];
    assert_eq!(named(&cpu(1, 10), 60), [], "Kubernetes' defaults");
    for preset in ScalingPreset::ALL {
        assert_eq!(named(&preset.policy(), 60), [], "{preset:?}");
    }
    let removing = Overlap::Removing {
        signal: "cpu".to_owned(),
        up_milli: 50_000,
        down_milli: 30_000,
        step: 1,
        replicas: 2,
        reads_milli: 60_000,
    };
    assert_eq!(
        named(&threshold(1, 10, 50_000, 30_000), 60),
        at("signals[0]", FlapReason::Thresholds(removing))
    );
    assert_eq!(named(&threshold(3, 10, 50_000, 30_000), 60), [], "one of four is a smaller part");
    let none = Tolerance {
        scale_up_ppm: 0,
        scale_down_ppm: 0,
    };
    let nervous = ScalingPolicy {
        tolerance: none,
        ..cpu(2, 10)
    };
    assert_eq!(
        named(&nervous, 60),
        at("tolerance.scale_up_ppm", FlapReason::NoTolerance { replicas: 2 })
    );
    let window = "behavior.scale_down.stabilization_window_s";
    let all = ChangeLimit::percent(100, 15);
    assert_eq!(
        named(&down(cpu(2, 10), 29, all), 0),
        at(
            window,
            FlapReason::WindowBelowSync {
                window_s: 29,
                sync_period_s: 15
            }
        )
    );
    assert_eq!(
        named(&down(cpu(2, 10), 60, all), 61),
        at(
            window,
            FlapReason::WindowBelowStart {
                window_s: 60,
                start_delay_s: 61
            }
        )
    );
    let at_once = named(&down(cpu(2, 10), 0, all), 60);
    assert_eq!(at_once[1], ("behavior.scale_down.policies[0]".to_owned(), FlapReason::AllAtOnce));
    assert_eq!(named(&down(nervous, 0, all), 60).len(), 3);
    assert_eq!(named(&down(cpu(3, 3), 0, all), 60), [], "nothing can change");
    // Half of all weight jumps across its thresholds, then less.
    let mut rules = WeightedRules::default();
    rules.signals[0].down_milli = 60_000;
    rules.signals[1].down_milli = 60_000;
    let mut weighted = cpu(1, 10);
    weighted.algorithm = ScalingAlgorithm::Weighted(rules.clone());
    assert_eq!(named(&weighted, 60).len(), 2);
    rules.signals[1].down_milli = 40_000;
    weighted.algorithm = ScalingAlgorithm::Weighted(rules);
    assert_eq!(named(&weighted, 60), []);
}

#[test]
fn the_way_out_is_one() {
    let policy = threshold(1, 10, 50_000, 30_000);
    assert_eq!(
        warnings(&policy, 15, 60)[0].instead,
        "a lower threshold of at most 23, or a min_replicas at which one step is a smaller part"
    );
    assert_eq!(warnings(&threshold(1, 10, 50_000, 23_000), 15, 60), []);
}

/// What a warning warns of does happen.
#[test]
fn a_policy_with_a_warning_flaps() {
    let near = down(threshold(1, 10, 50_000, 45_000), 60, ChangeLimit::pods(10, 15));
    assert!(reversals(&near, &noisy(88.0, 0.01, 960), 2) > 10, "88 % on one or 44 % on two");
    let none = Tolerance {
        scale_up_ppm: 0,
        scale_down_ppm: 0,
    };
    let nervous = down(
        ScalingPolicy {
            tolerance: none,
            ..cpu(1, 10)
        },
        30,
        ChangeLimit::pods(10, 15),
    );
    assert!(reversals(&nervous, &noisy(211.0, 0.03, 960), 3) > 10, "70 % on three, give or take");
}

/// So much, give or take: the same on every run.
fn noisy(total: f64, part: f64, steps: u32) -> Trace {
    let value = |n: u32| {
        let draw = f64::from(n.wrapping_mul(2_654_435_761) >> 8) / f64::from(1_u32 << 24);
        Some(total * (1.0 + part * (2.0 * draw - 1.0)))
    };
    Trace {
        name: "noise".to_owned(),
        begin_ms: 1_700_000_000_000,
        step_s: 15,
        signals: vec![TraceSignal::shared("cpu", Some(100.0), (0..steps).map(value).collect())],
        replicas: Vec::new(),
        ready: Vec::new(),
    }
}

fn reversals(policy: &ScalingPolicy, trace: &Trace, start: u32) -> u32 {
    let request = WhatIf {
        policies: vec![WhatIfPolicy {
            name: "tried".to_owned(),
            policy: policy.clone(),
            schedule: Vec::new(),
            prediction: Prediction::default(),
        }],
        start_delay_s: 60,
        sync_period_s: 15,
        initial_replicas: Some(start.clamp(policy.min_replicas, policy.max_replicas)),
    };
    what_if(&request, trace, &|| false).unwrap()[0].reversals
}

fn behavior() -> impl Strategy<Value = Option<Behavior>> {
    let limit = prop_oneof![
        (1_u32..8, 15_u32..120).prop_map(|(value, period_s)| ChangeLimit::pods(value, period_s)),
        (10_u32..150, 15_u32..120).prop_map(|(value, period_s)| ChangeLimit::percent(value, period_s)),
    ];
    let rules = (0_u32..400, limit).prop_map(|(stabilization_window_s, limit)| ScalingRules {
        stabilization_window_s,
        select_policy: SelectPolicy::Max,
        policies: vec![limit],
    });
    prop::option::weighted(
        0.9,
        (rules.clone(), rules).prop_map(|(scale_up, scale_down)| Behavior { scale_up, scale_down }),
    )
}

prop_compose! {
    fn any_policy()(
        min in 1_u32..6, more in 1_u32..20, behavior in behavior(), (scale_up_ppm, scale_down_ppm) in (0_u32..200_000, 0_u32..500_000),
        percent in 30_u32..90, is_hpa in any::<bool>(), down_part in 0.2_f64..0.95,
    ) -> ScalingPolicy {
        let up_milli = i64::from(percent) * 1_000;
        #[expect(clippy::cast_possible_truncation, reason = "a part of it")]
        let down_milli = (up_milli as f64 * down_part) as i64;
        let base = if is_hpa {
            ScalingPolicy::hpa(min, min + more, vec![MetricSpec::utilization("cpu", percent)])
        } else {
            threshold(min, min + more, up_milli, down_milli)
        };
        ScalingPolicy { behavior, tolerance: Tolerance { scale_up_ppm, scale_down_ppm }, ..base }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn without_a_warning_steady_demand_turns_back_once_at_most(policy in any_policy(), total in 20.0_f64..1_500.0, start in 1_u32..25) {
        prop_assume!(warnings(&policy, 15, 60).is_empty());
        // All noise together is a little less than what the thresholds are apart.
        let part = match policy.algorithm {
            ScalingAlgorithm::Hpa { .. } => apart_ppm(&policy).min(200_000) as f64 / 1e6 / 2.3,
            _ => 0.02,
        };
        let trace = noisy(total, part, 480);
        prop_assert!(reversals(&policy, &trace, start) <= 1);
    }
}
