use model::scaling::{
    BadForecast, ChangeLimit, Clamp, Direction, ForecastFloor, ForecastState, Hold, HoldKind, Lever, LimitProof, MetricFailure,
    MetricProof, MetricState, PredictionProof, RateProof, RateRule, Recommendation, ReplicaBound, ReplicaChange, ScalingDecision,
    ScalingProof, ScalingReason, SelectPolicy, SmallestChange, StabilizationProof, TargetType, Tolerance,
};

use super::decision::{steps, summary, would_change};

const AT_MS: i64 = 1_795_200_763_000;

fn cpu(current: i64, state: MetricState, proposal: u32) -> MetricProof {
    MetricProof {
        target_type: Some(TargetType::Utilization),
        current: Some(current),
        state,
        proposal: Some(proposal),
        ready: 3,
        ..MetricProof::begin("cpu".to_owned(), 70)
    }
}

fn decision(to: u32, reason: ScalingReason, change: impl FnOnce(&mut ScalingProof)) -> ScalingDecision {
    let mut proof = ScalingProof::new(Tolerance::default());
    proof.metrics = vec![cpu(140, MetricState::Above, 6)];
    proof.leading = Some(0);
    change(&mut proof);
    ScalingDecision {
        at_ms: AT_MS,
        from: 3,
        to,
        reason,
        recommendation: Some(6),
        proof,
    }
}

fn said(decision: &ScalingDecision) -> Vec<String> {
    steps(decision)
        .into_iter()
        .map(|step| format!("{}: {}", step.title, step.sentences.join(" ")))
        .collect()
}

#[test]
fn the_metrics_alone() {
    let up = decision(6, ScalingReason::Metrics, |_| {});
    assert_eq!(summary(&up), "3 → 6: cpu reads 140 % where 70 % is wanted");
    assert_eq!(
        said(&up),
        [
            "Metrics: cpu reads 140 % where 70 % is wanted: asks for 6.",
            "Asked for: 6 instead of 3."
        ]
    );
    let calm = decision(3, ScalingReason::Metrics, |p| p.metrics = vec![cpu(72, MetricState::Within, 3)]);
    assert_eq!(summary(&calm), "stays at 3: cpu reads 72 % where 70 % is wanted");
    assert_eq!(
        said(&calm),
        [
            "Metrics: cpu reads 72 % where 70 % is wanted: close enough: 3, as now. Close enough is up to 10 % above and 10 % below the target.",
            "Asked for: 3, as before."
        ]
    );
}

#[test]
fn the_largest_of_several_counts_and_a_failed_one_keeps_from_going_down() {
    let both = decision(6, ScalingReason::Metrics, |p| {
        p.metrics.push(MetricProof {
            name: "memory".to_owned(),
            ..cpu(35, MetricState::Below, 2)
        });
    });
    assert!(
        said(&both)[0].ends_with("asks for 2. The largest counts: that of cpu."),
        "{:?}",
        said(&both)
    );
    let failed = decision(3, ScalingReason::FailedMetrics, |p| {
        p.leading = None;
        p.metrics = vec![MetricProof {
            failure: Some(MetricFailure::NoReading),
            ..MetricProof::begin("gpu".to_owned(), 75)
        }];
    });
    assert_eq!(summary(&failed), "stays at 3: gpu: there is no reading");
    assert_eq!(
        said(&failed)[0],
        "Metrics: gpu asks for nothing: there is no reading. No metric could be read, so nothing is changed."
    );
}

#[test]
fn window_limits_bounds_and_hold_each_have_their_say() {
    let window = decision(3, ScalingReason::Metrics, |p| {
        p.metrics = vec![cpu(20, MetricState::Below, 1)];
        p.stabilization = Some(StabilizationProof {
            direction: Direction::Down,
            window_s: 300,
            before: 1,
            after: 3,
            held_by: Recommendation {
                at_ms: AT_MS - 40_000,
                replicas: 3,
            },
        });
    });
    assert_eq!(summary(&window), "stays at 3: the scale-down window still counts 3");
    assert_eq!(
        said(&window)[1],
        "Window: Of the last 300 s the largest proposal counts when it goes down: 3 of 18:52:03 UTC, instead of 1."
    );

    let slow = decision(5, ScalingReason::Metrics, |p| {
        p.rate = Some(RateProof {
            direction: Direction::Up,
            before: 6,
            after: 5,
            rule: RateRule::Limits {
                select: SelectPolicy::Min,
                chosen: Some(0),
                limits: vec![LimitProof {
                    limit: ChangeLimit::pods(2, 60),
                    period_start: 3,
                    allows: 5,
                    held_by: Some(ReplicaChange {
                        at_ms: AT_MS - 10_000,
                        from: 2,
                        to: 3,
                    }),
                }],
            },
        });
    });
    assert_eq!(summary(&slow), "3 → 5: the scale-up limits let it go only to 5, not to 6");
    assert_eq!(
        said(&slow)[1],
        "Limits: The scale-up limits let it go only to 5, not to 6. The limit is 2 in 60 s; when they began it had 3. \
         The change 2 → 3 of 18:52:33 UTC still counts."
    );

    let cut = decision(4, ScalingReason::Metrics, |p| {
        p.clamp = Some(Clamp {
            bound: ReplicaBound::Max,
            before: 6,
            after: 4,
        });
    });
    assert_eq!(summary(&cut), "3 → 4: the maximum makes 4 of 6");
    assert_eq!(said(&cut)[1], "Bounds: The maximum makes 4 of 6.");

    let held = decision(5, ScalingReason::Metrics, |p| {
        let hold = Hold {
            kind: HoldKind::Pin { replicas: 5 },
            until_ms: AT_MS + 60_000,
        };
        p.hold = Some((hold, 6));
    });
    assert_eq!(summary(&held), "3 → 5: pinned to 5; without it 6");
    assert_eq!(
        said(&held)[1],
        "Hold: Pinned to 5 until 18:53:43 UTC. Without it 6 would be asked for."
    );
}

#[test]
fn a_forecast_says_what_it_asks_for_or_why_it_has_no_say() {
    let forecast = |after: u32, is_active: bool, state: ForecastState| {
        decision(6, ScalingReason::Metrics, |p| {
            p.prediction = Some(PredictionProof {
                floor: ForecastFloor {
                    signal: "cpu".to_owned(),
                    is_active,
                    peak_ms: AT_MS + 600_000,
                    upper: 412.34,
                    upper_now: 300.0,
                    cautious_until_ms: None,
                    target: 70.0,
                    replicas: 6,
                    error: Some(0.1),
                    state,
                },
                before: 4,
                after,
            });
        })
    };
    let raised = forecast(6, true, ForecastState::Good);
    assert_eq!(summary(&raised), "3 → 6: the forecast of cpu asks for 6");
    for (decision, text) in [
        (
            raised,
            "Up to 412.3 of cpu is expected at 19:02:43 UTC, which needs 6: 6 instead of 4.",
        ),
        (
            forecast(4, true, ForecastState::Good),
            "Up to 412.3 of cpu is expected at 19:02:43 UTC, which needs 6; the metrics ask for enough.",
        ),
        (
            forecast(4, false, ForecastState::Good),
            "Up to 412.3 of cpu is expected at 19:02:43 UTC, which needs 6. It is only shown.",
        ),
        (
            forecast(
                4,
                true,
                ForecastState::TooLittleHistory {
                    needs_s: 172_800,
                    has_s: 3_600,
                },
            ),
            "Nothing can be said of cpu yet: it needs 2 d of history and has 1 h.",
        ),
        (
            forecast(
                4,
                true,
                ForecastState::Bad {
                    why: BadForecast::NothingRecent,
                },
            ),
            "That of cpu is not acted upon: nothing was measured in the last half hour.",
        ),
    ] {
        assert_eq!(said(&decision)[1], format!("Forecast: {text}"));
    }
}

#[test]
fn out_of_bounds_is_mended_without_a_look_at_the_metrics() {
    let few = decision(5, ScalingReason::TooFewReplicas, |_| {});
    assert_eq!(summary(&few), "3 → 5: there were fewer than the minimum of 5");
    assert_eq!(said(&few).len(), 2);
    let off = decision(3, ScalingReason::ScalingDisabled, |_| {});
    assert!(said(&off)[0].starts_with("Switched off: It was scaled to 0 by hand"));
}

#[test]
fn what_would_change_it_says_what_follows() {
    let change = SmallestChange {
        lever: Lever::MaxReplicas,
        from: 10,
        to: 12,
        result: 12,
    };
    assert_eq!(would_change(&change), "max_replicas ≥ 12: then 12");
}
