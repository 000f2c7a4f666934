//! A replay is the policy itself, on a workload that obeys.

use std::cell::Cell;

use model::scaling::{
    Behavior, BuiltInTrace, ChangeLimit, MetricSource, MetricSpec, MetricTarget, Prediction, PredictionMode, Reading, ScalingPolicy,
    ScalingPreset, ScalingRules, ScheduleRule, SignalKind, ThresholdRules, Trace, TraceSignal, WeightedRules, WhatIf, WhatIfCaveat,
    WhatIfOutcome, WhatIfPolicy,
};
use proptest::prelude::*;

use super::*;
use crate::decide::scaling::built_in;

fn trace_of(values: Vec<Option<f64>>) -> Trace {
    Trace {
        name: "test".to_owned(),
        begin_ms: 1_700_000_000_000,
        step_s: 15,
        signals: vec![TraceSignal::shared("cpu", Some(100.0), values)],
        replicas: Vec::new(),
        ready: Vec::new(),
    }
}

fn constant(total: f64, steps: usize) -> Trace {
    trace_of(vec![Some(total); steps])
}

fn cpu(min: u32, max: u32, percent: u32) -> ScalingPolicy {
    ScalingPolicy::hpa(min, max, vec![MetricSpec::utilization("cpu", percent)])
}

fn run_after(policy: &ScalingPolicy, trace: &Trace, start_delay_s: u32, initial: Option<u32>) -> WhatIfOutcome {
    let request = WhatIf {
        policies: vec![WhatIfPolicy {
            name: "tried".to_owned(),
            policy: policy.clone(),
            schedule: Vec::new(),
            prediction: Prediction::default(),
        }],
        start_delay_s,
        sync_period_s: 15,
        initial_replicas: initial,
    };
    what_if(&request, trace, &|| false).unwrap().remove(0)
}

fn run(policy: &ScalingPolicy, trace: &Trace) -> WhatIfOutcome {
    run_after(policy, trace, 60, None)
}

/// The replicas of each step.
fn each_step(outcome: &WhatIfOutcome, trace: &Trace) -> Vec<u32> {
    let at = |step| {
        outcome
            .course
            .iter()
            .rev()
            .find(|point| point.at_ms <= trace.at_ms(step))
            .unwrap()
            .desired
    };
    (0..trace.steps()).map(at).collect()
}

#[test]
fn a_step_costs_what_it_must() {
    // 2 instances' worth, then 6, for half an hour each; 60 s to start; target 50 %.
    let trace = trace_of([vec![Some(200.0); 120], vec![Some(600.0); 120]].concat());
    let outcome = run_after(&cpu(2, 20, 50), &trace, 60, Some(4));
    // 4 instances at 100 % are all that can be read: twice as many, which is enough to read 75 %: half as many again.
    let course: Vec<_> = outcome
        .course
        .iter()
        .map(|point| (point.at_ms - trace.begin_ms, point.desired, point.ready))
        .collect();
    assert_eq!(
        course,
        [
            (0, 4, 4),
            (1_800_000, 8, 4),
            (1_860_000, 8, 8),
            (1_875_000, 12, 8),
            (1_935_000, 12, 12)
        ]
    );
    assert_eq!((outcome.changes, outcome.reversals, outcome.peak_replicas), (2, 0, 12));
    assert_eq!(outcome.under_provisioned_s, 60);
    // 2 of 6 for a minute; of 2 for 30 minutes and 6 for 30 minutes.
    assert!((outcome.lost.instance_hours - 2.0 / 60.0).abs() < 1e-9);
    assert!((outcome.lost.share - 2.0 / 240.0).abs() < 1e-9);
    let hours = (4.0 * 1_800.0 + 8.0 * 75.0 + 12.0 * 1_725.0) / 3_600.0;
    assert!((outcome.instance_hours - hours).abs() < 1e-9, "those that start are paid for");
    assert_eq!(outcome.caveats, []);
}

#[test]
fn where_nothing_was_measured_nothing_is_scaled_down() {
    let mut values = vec![Some(400.0); 40];
    values.extend(vec![None; 80]);
    values.extend(vec![Some(40.0); 80]);
    let trace = trace_of(values);
    let outcome = run(&cpu(2, 20, 50), &trace);
    let replicas = each_step(&outcome, &trace);
    assert!(replicas[40..=120].iter().all(|replicas| *replicas == 8), "{replicas:?}");
    assert_eq!(replicas.last(), Some(&2));
    assert_eq!(outcome.caveats, [WhatIfCaveat::Gaps { seconds: 1_200 }]);
}

#[test]
fn a_metric_that_is_not_in_the_trace_is_left_out_and_said() {
    let trace = built_in(BuiltInTrace::Step);
    let outcome = run(&ScalingPreset::Production.policy(), &trace);
    let gpu = WhatIfCaveat::NotInTrace { signal: "gpu".to_owned() };
    assert_eq!(outcome.caveats, [gpu]);
    assert!(outcome.changes > 2, "it goes down again without the metric: {outcome:?}");

    let foreign = ScalingPolicy::hpa(2, 10, vec![MetricSpec::per_pod("frames", 1_000)]);
    let request = WhatIf {
        policies: vec![WhatIfPolicy {
            name: "tried".to_owned(),
            policy: foreign,
            schedule: Vec::new(),
            prediction: Prediction::default(),
        }],
        start_delay_s: 0,
        sync_period_s: 15,
        initial_replicas: None,
    };
    let Err(ReplayError::Invalid(invalid)) = what_if(&request, &trace, &|| false) else {
        panic!("it was replayed")
    };
    assert_eq!(invalid.field, "policies[0].metrics");
    assert!(invalid.reason.contains("frames") && invalid.reason.contains("cpu"), "{invalid}");
}

#[test]
fn every_kind_of_policy_follows_the_demand() {
    let trace = built_in(BuiltInTrace::Ramp);
    let queue = MetricSpec {
        source: MetricSource::External {
            metric: "requests_per_minute".to_owned(),
        },
        target: MetricTarget::AverageValue {
            average_value_milli: 400_000,
        },
    };
    let mut threshold = cpu(1, 20, 50);
    threshold.algorithm = model::scaling::ScalingAlgorithm::Threshold(ThresholdRules::default());
    let mut weighted = cpu(1, 20, 50);
    weighted.algorithm = model::scaling::ScalingAlgorithm::Weighted(WeightedRules::default());
    let policies = [
        cpu(1, 20, 50),
        ScalingPolicy::hpa(0, 20, vec![queue]),
        ScalingPolicy::hpa(1, 20, vec![MetricSpec::per_pod("active_sessions", 30_000)]),
        threshold,
        weighted,
    ];
    for policy in policies {
        let outcome = run(&policy, &trace);
        assert!(outcome.peak_replicas >= 8, "{policy:?}: {}", outcome.peak_replicas);
        assert!(outcome.lost.share < 0.1, "{policy:?}: {:?}", outcome.lost);
    }
}

#[test]
fn what_does_not_feel_its_replicas_is_named() {
    let mut trace = constant(200.0, 40);
    trace
        .signals
        .push(TraceSignal::of_fleet("response_time_ms", &[Some(900.0); 40], &[Some(2); 40]));
    assert_eq!(trace.signals[1].kind, SignalKind::Level);
    let policy = ScalingPolicy::hpa(2, 10, vec![MetricSpec::per_pod("response_time_ms", 300_000)]);
    let signal = "response_time_ms".to_owned();
    assert_eq!(run(&policy, &trace).caveats, [WhatIfCaveat::NoFeedback { signal }]);
}

#[test]
fn the_calendar_is_kept_in_a_replay() {
    // Two weeks from Tuesday 14 November 2023, 22:13 UTC, in steps of 15 min.
    let mut trace = constant(100.0, 14 * 96);
    trace.step_s = 900;
    let rule = |cron: &str, min_replicas| ScheduleRule {
        name: "office".to_owned(),
        cron: cron.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        duration_s: 3_600 * 8,
        min_replicas: Some(min_replicas),
        max_replicas: None,
    };
    let one = WhatIfPolicy {
        name: "tried".to_owned(),
        policy: cpu(2, 10, 70),
        schedule: vec![rule("0 9 * * MON-FRI", 5), rule("0 12 * * WED", 7)],
        prediction: Prediction::default(),
    };
    let setup = Replay {
        one: &one,
        start_delay_s: 0,
        sync_period_s: 15,
        initial_replicas: None,
    };
    let outcome = replay(&setup, &trace, &|| false).unwrap();
    let schedule = Schedule::parse(&one.schedule).unwrap();
    for (step, replicas) in each_step(&outcome, &trace).into_iter().enumerate() {
        let bounds = schedule.bounds(&one.policy, trace.at_ms(step));
        assert!(
            (bounds.min_replicas..=bounds.max_replicas).contains(&replicas),
            "step {step}: {replicas}"
        );
    }
    assert_eq!(outcome.peak_replicas, 7);
    assert!(outcome.caveats.contains(&WhatIfCaveat::CoarseSteps { step_s: 900 }));
}

#[test]
fn a_forecast_raises_the_floor_before_the_peak() {
    // Four days at 60 s: two instances' worth, and eight from 9 to 17 h, from one minute to the next.
    let at = |step: usize| if (540..1_020).contains(&(step % 1_440)) { 800.0 } else { 200.0 };
    let mut trace = trace_of((0..4 * 1_440).map(|step| Some(at(step))).collect());
    trace.step_s = 60;
    let one = |mode| WhatIfPolicy {
        name: "tried".to_owned(),
        policy: cpu(1, 20, 70),
        schedule: Vec::new(),
        prediction: Prediction {
            mode,
            ..Prediction::default()
        },
    };
    let request = WhatIf {
        policies: [PredictionMode::Off, PredictionMode::ForecastOnly, PredictionMode::Active]
            .map(one)
            .to_vec(),
        start_delay_s: 180,
        sync_period_s: 60,
        initial_replicas: None,
    };
    let outcomes = what_if(&request, &trace, &|| false).unwrap();
    let [off, only, active] = &outcomes[..] else {
        unreachable!("three were asked for")
    };
    assert_eq!(off.course, only.course, "what is only shown decides nothing");
    let early = |outcome: &WhatIfOutcome, day: usize| each_step(outcome, &trace)[day * 1_440 + 535];
    assert_eq!(
        (early(off, 3), early(active, 3)),
        (3, 11),
        "five minutes before the peak of the last day"
    );
    assert_eq!(early(active, 1), 3, "there was no history yet");
    assert!(active.lost.share < 0.6 * off.lost.share, "{:?} {:?}", active.lost, off.lost);
    let learns = WhatIfCaveat::ForecastLearns { seconds: 2 * 86_400 };
    assert_eq!(
        (&off.caveats[..], &active.caveats[..]),
        (&[WhatIfCaveat::CoarseSteps { step_s: 60 }][..0], &[learns][..])
    );
}

#[test]
fn nobody_has_to_wait_for_the_end() {
    let asked = Cell::new(0);
    let cancelled = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    let request = WhatIf {
        policies: vec![
            WhatIfPolicy {
                name: "tried".to_owned(),
                policy: cpu(2, 10, 70),
                schedule: Vec::new(),
                prediction: Prediction::default(),
            };
            5
        ],
        start_delay_s: 0,
        sync_period_s: 15,
        initial_replicas: None,
    };
    let result = what_if(&request, &built_in(BuiltInTrace::DailyWave), &cancelled);
    assert_eq!((result, asked.get()), (Err(ReplayError::Cancelled), 3));
}

#[test]
fn a_replay_that_takes_too_long_ends() {
    let one = WhatIfPolicy {
        name: "tried".to_owned(),
        policy: cpu(100, 100, 70),
        schedule: Vec::new(),
        prediction: Prediction::default(),
    };
    let setup = Replay {
        one: &one,
        start_delay_s: 0,
        sync_period_s: 15,
        initial_replicas: None,
    };
    let within = |figures_max| play(&setup, &constant(1e4, 20), &|| false, figures_max, &mut |_| {});
    assert_eq!(within(1_999), Err(ReplayError::TooLong));
    assert!(within(2_000).is_ok());
}

#[test]
fn what_was_recorded_has_its_own_account() {
    let mut trace = constant(300.0, 240);
    assert_eq!(as_recorded(&trace), None);
    trace.replicas = [vec![Some(2); 120], vec![None; 60], vec![Some(4); 60]].concat();
    let recorded = as_recorded(&trace).unwrap();
    assert_eq!(
        (recorded.changes, recorded.peak_replicas, recorded.under_provisioned_s),
        (1, 4, 180 * 15)
    );
    assert!((recorded.lost.share - 0.25).abs() < 1e-9);
    let signal = "cpu".to_owned();
    let saturated = WhatIfCaveat::Saturated { signal, seconds: 1_800 };
    assert!(run(&cpu(2, 10, 70), &trace).caveats.contains(&saturated), "150 % of two");
}

/// Demand that wanders, as a random walk between nothing and eight instances' worth.
fn walk() -> impl Strategy<Value = Vec<f64>> {
    (0.0_f64..800.0, prop::collection::vec(-60.0_f64..60.0, 100..400)).prop_map(|(start, steps)| {
        steps
            .into_iter()
            .scan(start, |total, step| {
                *total = (*total + step).clamp(0.0, 800.0);
                Some(*total)
            })
            .collect()
    })
}

prop_compose! {
    fn a_policy()(
        min in 1_u32..4, more in 0_u32..16, percent in 30_u32..90, window_s in prop::sample::select(vec![0_u32, 60, 300]),
        (value, period_s) in (1_u32..5, 15_u32..120),
    ) -> ScalingPolicy {
        let rules = |stabilization_window_s| ScalingRules { stabilization_window_s, policies: vec![ChangeLimit::pods(value, period_s)], ..ScalingRules::default_up() };
        ScalingPolicy { behavior: Some(Behavior { scale_up: rules(0), scale_down: rules(window_s) }), ..cpu(min, min + more, percent) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_replay_is_always_the_same(policy in a_policy(), demand in walk(), delay_s in 0_u32..200) {
        let trace = trace_of(demand.into_iter().map(Some).collect());
        prop_assert_eq!(run_after(&policy, &trace, delay_s, None), run_after(&policy, &trace, delay_s, None));
    }

    #[test]
    fn constant_demand_settles(policy in a_policy(), total in 0.0_f64..1_000.0, start in 1_u32..20, delay_s in 0_u32..200) {
        let start = start.clamp(policy.min_replicas, policy.max_replicas);
        let outcome = run_after(&policy, &constant(total, 600), delay_s, Some(start));
        let last = outcome.course.last().unwrap();
        prop_assert!(last.at_ms < constant(total, 500).end_ms(), "{:?}", outcome.course);
        prop_assert_eq!(last.ready, last.desired);
    }

    #[test]
    fn more_instances_never_lose_more(policy in a_policy(), demand in walk(), more in 0_u32..8, delay_s in 0_u32..200) {
        let trace = trace_of(demand.into_iter().map(Some).collect());
        let fixed = |replicas: u32| {
            let policy = ScalingPolicy { min_replicas: replicas, max_replicas: replicas, ..policy.clone() };
            run_after(&policy, &trace, delay_s, Some(replicas)).lost.share
        };
        prop_assert!(fixed(policy.min_replicas + more) <= fixed(policy.min_replicas));
    }

    /// A recording of a run is what its policy saw, rounded as it is stored.
    #[test]
    fn the_policy_in_force_gives_its_own_recording(policy in a_policy(), demand in walk(), delay_s in 0_u32..200) {
        let trace = trace_of(demand.into_iter().map(Some).collect());
        let one = WhatIfPolicy { name: "lived".to_owned(), policy: policy.clone(), schedule: Vec::new(), prediction: Prediction::default() };
        let setup = Replay { one: &one, start_delay_s: delay_s, sync_period_s: 15, initial_replicas: None };
        let (mut averages, mut ready, mut replicas) = (Vec::new(), Vec::new(), Vec::new());
        play(&setup, &trace, &|| false, FIGURES_MAX, &mut |observed| {
            let Reading::PerPod { samples } = &observed.readings[0] else { unreachable!("nothing is missing") };
            averages.push(samples.first().map(|sample| (sample.value * 1_000.0).round() / 1_000.0));
            ready.push(Some(u32::try_from(samples.len()).unwrap()));
            replicas.push(Some(observed.spec_replicas));
        }).unwrap();
        let recording = Trace { signals: vec![TraceSignal::of_fleet("cpu", &averages, &ready)], replicas, ready, ..trace };
        let again = run_after(&policy, &recording, delay_s, None);
        let beside = again.beside_recorded.unwrap();
        prop_assert!(beside.largest <= 1, "{:?}: {:?} beside {:?}", beside, each_step(&again, &recording), recording.replicas);
    }
}
