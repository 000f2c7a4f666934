//! What scaling decisions cost on one core, and what a forecast is worth: `cargo xtask bench scaling`.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use control::decide::scaling::{built_in, decide, explain, remember, what_if};
use model::scaling::{
    BuiltInTrace, ContainerRequest, MetricSpec, PodObservation, PodSample, Prediction, PredictionMode, Reading, ScalingHistory,
    ScalingObservation, ScalingPolicy, ScalingPreset, Tolerance, Trace, WhatIf, WhatIfOutcome, WhatIfPolicy,
};

const POLICIES: u32 = 5_000;
const INSTANCES: u32 = 10;
const ROUNDS: u32 = 20;
const NOW_MS: i64 = 1_700_000_000_000;
const START_DELAY_S: u32 = 180;
/// Enough for the first step of each trace, so that none is judged by its beginning.
const INITIAL: u32 = 6;

fn main() {
    evaluations();
    replays();
    forecasts();
}

fn evaluations() {
    println!("Policies evaluated on one core, each with {INSTANCES} instances and a history of 20 decisions");
    println!("{:<44} {:>12} {:>14}", "", "µs each", "5,000, ms");
    let two = ScalingPolicy::hpa(
        2,
        20,
        vec![MetricSpec::utilization("cpu", 70), MetricSpec::utilization("memory", 80)],
    );
    let four = ScalingPreset::Production.policy();
    for (name, policy, metrics) in [("cpu and memory", two, 2), ("production preset, four metrics", four, 4)] {
        let observed = observed(metrics);
        let mut history = ScalingHistory::default();
        for n in 0..20 {
            let decision = decide(&policy, &observed, &history, NOW_MS - (20 - n) * 15_000);
            remember(&policy, &mut history, &decision);
        }
        let each = best(|| {
            for _ in 0..POLICIES {
                black_box(decide(black_box(&policy), black_box(&observed), &history, NOW_MS));
            }
        }) / POLICIES;
        row(name, each);
        let each = best(|| {
            for _ in 0..50 {
                black_box(explain(black_box(&policy), black_box(&observed), &history, NOW_MS));
            }
        }) / 50;
        row(&format!("{name}, explained"), each);
    }
    println!();
}

fn row(name: &str, each: Duration) {
    let us = each.as_secs_f64() * 1e6;
    println!("{name:<44} {us:>12.2} {:>14.1}", us * f64::from(POLICIES) / 1e3);
}

/// Of several rounds the shortest: the others were disturbed.
fn best(mut work: impl FnMut()) -> Duration {
    let round = |_| {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}

/// Ten instances on their way, in the first `metrics` of cpu, memory, gpu and sessions.
fn observed(metrics: usize) -> ScalingObservation {
    let pods = (0..INSTANCES).map(|n| PodObservation {
        containers: vec![ContainerRequest {
            name: "a".to_owned(),
            requests_milli: ["cpu", "gpu", "memory"].map(|name| (name.to_owned(), 100_000)).into(),
        }],
        ..PodObservation::ready(format!("instance-{n}"), NOW_MS - 86_400_000)
    });
    let reading = |value: f64| Reading::PerPod {
        samples: (0..INSTANCES)
            .map(|n| PodSample {
                pod: format!("instance-{n}"),
                value: value + f64::from(n),
                at_ms: NOW_MS,
                window_s: 1,
            })
            .collect(),
    };
    ScalingObservation {
        spec_replicas: INSTANCES,
        status_replicas: INSTANCES,
        pods: pods.collect(),
        readings: [85.0, 60.0, 20.0, 5.0][..metrics].iter().copied().map(reading).collect(),
        forecast: None,
    }
}

fn replays() {
    println!("A week of 40,320 steps replayed");
    println!("{:<44} {:>12} {:>14}", "", "ms", "peak replicas");
    let trace = built_in(BuiltInTrace::NasaHttp);
    let predicted = Prediction {
        mode: PredictionMode::Active,
        ..Prediction::default()
    };
    let hpa = |max, percent| ScalingPolicy::hpa(2, max, vec![MetricSpec::utilization("cpu", percent)]);
    for (name, policy, prediction) in [
        ("cpu at 70 %", hpa(50, 70), Prediction::default()),
        ("cpu at 70 %, with a forecast", hpa(50, 70), predicted.clone()),
        ("production preset", ScalingPreset::Production.policy(), Prediction::default()),
        ("cpu at 7 %, ten times the instances", hpa(200, 7), Prediction::default()),
    ] {
        let began = Instant::now();
        let outcome = run(&trace, policy, prediction);
        println!(
            "{name:<44} {:>12.1} {:>14}",
            began.elapsed().as_secs_f64() * 1e3,
            outcome.peak_replicas
        );
    }
    println!();
}

fn run(trace: &Trace, policy: ScalingPolicy, prediction: Prediction) -> WhatIfOutcome {
    let request = WhatIf {
        policies: vec![WhatIfPolicy {
            name: "tried".to_owned(),
            policy,
            schedule: Vec::new(),
            prediction,
        }],
        start_delay_s: START_DELAY_S,
        sync_period_s: 15,
        initial_replicas: Some(INITIAL),
    };
    let mut outcomes = what_if(&request, trace, &|| false).expect("a valid request on a built-in trace");
    outcomes.swap_remove(0)
}

/// What is compared; lost demand in minutes of instances.
#[derive(Clone, Copy)]
struct Judged {
    minutes: f64,
    lost: f64,
    short_s: u64,
    reversals: u32,
}

/// From the third day on, where there is one: a forecast learns two days from the trace itself, and until then decides nothing.
fn judged(trace: &Trace, policy: ScalingPolicy, prediction: Prediction) -> Judged {
    let of = |outcome: WhatIfOutcome| Judged {
        minutes: outcome.instance_hours * 60.0,
        lost: outcome.lost.instance_hours * 60.0,
        short_s: outcome.under_provisioned_s,
        reversals: outcome.reversals,
    };
    let all = of(run(trace, policy.clone(), prediction.clone()));
    let steps = 2 * 86_400 / trace.step_s as usize;
    if trace.steps() <= steps {
        return all;
    }
    let mut begin = trace.clone();
    begin.signals.iter_mut().for_each(|signal| signal.values.truncate(steps));
    let begin = of(run(&begin, policy, prediction));
    Judged {
        minutes: all.minutes - begin.minutes,
        lost: all.lost - begin.lost,
        short_s: all.short_s - begin.short_s,
        reversals: all.reversals - begin.reversals,
    }
}

/// Each trace under each way to decide.
fn forecasts() {
    println!("What a forecast is worth: HPA at 70 % of cpu, instances ready after {START_DELAY_S} s, ratios beside HPA");
    println!(
        "{:<18} {:<26} {:>10} {:>7} {:>10} {:>7} {:>9} {:>10}",
        "trace", "", "inst. min", "ratio", "lost min", "ratio", "short s", "reversals"
    );
    let hpa = || ScalingPolicy::hpa(2, 60, vec![MetricSpec::utilization("cpu", 70)]);
    // Enough for 1.2 times the latest value: 70 / 1.2, always up to it.
    let latest = ScalingPolicy {
        tolerance: Tolerance {
            scale_up_ppm: 0,
            ..Tolerance::default()
        },
        ..ScalingPolicy::hpa(2, 60, vec![MetricSpec::utilization("cpu", 58)])
    };
    let predicted = |target_percent| Prediction {
        mode: PredictionMode::Active,
        target_percent,
        ..Prediction::default()
    };
    for which in BuiltInTrace::ALL {
        let trace = built_in(which);
        let run = |policy: ScalingPolicy, prediction: Prediction| judged(&trace, policy, prediction);
        let plain = run(hpa(), Prediction::default());
        let ways = [
            ("HPA", plain),
            ("latest value x 1.2", run(latest.clone(), Prediction::default())),
            ("HPA, forecast", run(hpa(), predicted(100))),
            ("HPA, forecast, target 120 %", run(hpa(), predicted(120))),
            ("HPA, forecast, target 125 %", run(hpa(), predicted(125))),
        ];
        for (name, outcome) in ways {
            let ratio = |of: f64, beside: f64| {
                if beside > 0.0 {
                    format!("{:.2}", of / beside)
                } else {
                    "-".to_owned()
                }
            };
            println!(
                "{:<18} {name:<26} {:>10.0} {:>7} {:>10.3} {:>7} {:>9} {:>10}",
                which.name(),
                outcome.minutes,
                ratio(outcome.minutes, plain.minutes),
                outcome.lost,
                ratio(outcome.lost, plain.lost),
                outcome.short_s,
                outcome.reversals
            );
        }
        println!();
    }
}
