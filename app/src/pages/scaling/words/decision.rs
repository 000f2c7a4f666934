use model::scaling::{
    ChangeLimitType, Clamp, Direction, ForecastState, MetricState, PredictionProof, RateProof, RateRule, ReplicaBound, ScalingDecision,
    ScalingReason, SmallestChange, StabilizationProof, words::milli,
};

use super::{hold, metric, seconds};
use crate::format;

/// One step of a decision, with what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub title: &'static str,
    pub sentences: Vec<String>,
}

impl Step {
    fn one(title: &'static str, sentence: String) -> Self {
        Self {
            title,
            sentences: vec![sentence],
        }
    }
}

/// `3 → 4: cpu reads 82 % where 70 % is wanted`, `stays at 3: …`.
pub fn summary(decision: &ScalingDecision) -> String {
    let what = if decision.is_change() {
        format!("{} → {}", decision.from, decision.to)
    } else {
        format!("stays at {}", decision.to)
    };
    format!("{what}: {}", because(decision))
}

/// The last step that had a say, for it is the one that decided.
fn because(decision: &ScalingDecision) -> String {
    let proof = &decision.proof;
    if let Some((kept, without)) = &proof.hold {
        return format!("{}; without it {without}", hold::hold_title(kept.kind).to_lowercase());
    }
    match decision.reason {
        ScalingReason::ScalingDisabled => return "it was scaled to 0 by hand, and the policy stays off".to_owned(),
        ScalingReason::TooManyReplicas => return format!("there were more than the maximum of {}", decision.to),
        ScalingReason::TooFewReplicas => return format!("there were fewer than the minimum of {}", decision.to),
        ScalingReason::FailedMetrics | ScalingReason::Metrics => {}
    }
    if let Some(clamp) = proof.clamp {
        return clamp_words(clamp);
    }
    if let Some(rate) = &proof.rate {
        return rate_short(rate);
    }
    if let Some(window) = proof.stabilization {
        return format!("the {} window still counts {}", side(window.direction), window.after);
    }
    if let Some(forecast) = proof.prediction.as_ref().filter(|p| p.after > p.before) {
        return format!("the forecast of {} asks for {}", forecast.floor.signal, forecast.after);
    }
    let failed = proof.metrics.iter().find(|m| m.state == MetricState::Failed);
    if let (ScalingReason::FailedMetrics, Some(failed)) = (decision.reason, failed) {
        return metric::short(failed);
    }
    let leading = proof.leading.and_then(|place| proof.metrics.get(place)).or(proof.metrics.first());
    leading.map_or_else(|| "no metric has been read".to_owned(), metric::short)
}

const fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "scale-up",
        Direction::Down => "scale-down",
    }
}

/// How it came about, step by step; a step that changed nothing is left out.
pub fn steps(decision: &ScalingDecision) -> Vec<Step> {
    let proof = &decision.proof;
    let mut steps = Vec::new();
    match decision.reason {
        ScalingReason::ScalingDisabled => steps.push(Step::one(
            "Switched off",
            "It was scaled to 0 by hand, and the policy's minimum is higher: the policy stays off until it is scaled up by hand."
                .to_owned(),
        )),
        ScalingReason::TooManyReplicas => steps.push(Step::one(
            "Too many",
            format!(
                "{} are more than the maximum of {}: back at once, without a look at the metrics.",
                decision.from, decision.to
            ),
        )),
        ScalingReason::TooFewReplicas => steps.push(Step::one(
            "Too few",
            format!(
                "{} are fewer than the minimum of {}: up at once, without a look at the metrics.",
                decision.from, decision.to
            ),
        )),
        ScalingReason::FailedMetrics | ScalingReason::Metrics => steps.push(metrics(decision)),
    }
    if let Some(forecast) = &proof.prediction {
        steps.push(Step::one("Forecast", forecast_words(forecast)));
    }
    if let Some(window) = proof.stabilization {
        steps.push(Step::one("Window", window_words(window)));
    }
    if let Some(rate) = &proof.rate {
        steps.push(Step {
            title: "Limits",
            sentences: rate_words(rate),
        });
    }
    if let Some(clamp) = proof.clamp {
        steps.push(Step::one("Bounds", format!("{}.", capital(&clamp_words(clamp)))));
    }
    if let Some((kept, without)) = &proof.hold {
        let until = format::clock(kept.until_ms);
        let text = format!(
            "{} until {until} UTC. Without it {without} would be asked for.",
            hold::hold_title(kept.kind)
        );
        steps.push(Step::one("Hold", text));
    }
    let result = if decision.is_change() {
        format!("{} instead of {}.", decision.to, decision.from)
    } else {
        format!("{}, as before.", decision.to)
    };
    steps.push(Step::one("Asked for", result));
    steps
}

fn metrics(decision: &ScalingDecision) -> Step {
    let proof = &decision.proof;
    let mut sentences: Vec<_> = proof.metrics.iter().map(|m| metric::sentence(m, decision.from)).collect();
    let within = proof
        .metrics
        .iter()
        .any(|m| m.state == MetricState::Within && m.lower_target.is_none());
    if within {
        let percent = |ppm: u32| milli(i64::from(ppm / 10));
        sentences.push(format!(
            "Close enough is up to {} % above and {} % below the target.",
            percent(proof.tolerance.scale_up_ppm),
            percent(proof.tolerance.scale_down_ppm)
        ));
    }
    let asking = proof.metrics.iter().filter(|m| m.proposal.is_some()).count();
    let leading = proof.leading.and_then(|place| proof.metrics.get(place));
    match (decision.reason, leading) {
        (ScalingReason::FailedMetrics, _) if asking == 0 => sentences.push("No metric could be read, so nothing is changed.".to_owned()),
        (ScalingReason::FailedMetrics, _) => {
            sentences.push("One could not be read and the others would scale down, so nothing is changed.".to_owned());
        }
        (_, Some(leading)) if asking > 1 => sentences.push(format!("The largest counts: that of {}.", leading.name)),
        _ => {}
    }
    if sentences.is_empty() {
        sentences.push("No metric has been read.".to_owned());
    }
    Step {
        title: "Metrics",
        sentences,
    }
}

/// What a forecast asked for, and why nothing came of it where nothing did.
pub(super) fn forecast_words(proof: &PredictionProof) -> String {
    let floor = &proof.floor;
    match &floor.state {
        ForecastState::TooLittleHistory { needs_s, has_s } => {
            return format!(
                "Nothing can be said of {} yet: it needs {} of history and has {}.",
                floor.signal,
                seconds(*needs_s),
                seconds(*has_s)
            );
        }
        ForecastState::Bad { why } => return format!("That of {} is not acted upon: {why}.", floor.signal),
        ForecastState::Good => {}
    }
    let peak = format::clock(floor.peak_ms);
    let asks = format!(
        "Up to {:.1} of {} is expected at {peak} UTC, which needs {}",
        floor.upper, floor.signal, floor.replicas
    );
    if proof.after > proof.before {
        format!("{asks}: {} instead of {}.", proof.after, proof.before)
    } else if floor.is_active {
        format!("{asks}; the metrics ask for enough.")
    } else {
        format!("{asks}. It is only shown.")
    }
}

fn window_words(window: StabilizationProof) -> String {
    let at = format::clock(window.held_by.at_ms);
    let cautious = match window.direction {
        Direction::Up => "smallest",
        Direction::Down => "largest",
    };
    format!(
        "Of the last {} s the {cautious} proposal counts when it goes {}: {} of {at} UTC, instead of {}.",
        window.window_s,
        match window.direction {
            Direction::Up => "up",
            Direction::Down => "down",
        },
        window.after,
        window.before
    )
}

fn rate_short(rate: &RateProof) -> String {
    format!(
        "the {} limits let it go only to {}, not to {}",
        side(rate.direction),
        rate.after,
        rate.before
    )
}

fn rate_words(rate: &RateProof) -> Vec<String> {
    let mut words = vec![format!("{}.", capital(&rate_short(rate)))];
    match &rate.rule {
        RateRule::Double => words.push("Without a behaviour of its own it may at most double, or reach 4.".to_owned()),
        RateRule::Limits {
            chosen: Some(chosen),
            limits,
            ..
        } => {
            if let Some(proof) = limits.get(*chosen) {
                let unit = match proof.limit.kind {
                    ChangeLimitType::Pods => "",
                    ChangeLimitType::Percent => " %",
                };
                let held = proof.held_by.map_or_else(String::new, |change| {
                    format!(
                        " The change {} → {} of {} UTC still counts.",
                        change.from,
                        change.to,
                        format::clock(change.at_ms)
                    )
                });
                words.push(format!(
                    "The limit is {}{unit} in {} s; when they began it had {}.{held}",
                    proof.limit.value, proof.limit.period_s, proof.period_start
                ));
            }
        }
        RateRule::Limits { .. } => words.push("This direction is switched off.".to_owned()),
    }
    words
}

fn clamp_words(clamp: Clamp) -> String {
    let bound = match clamp.bound {
        ReplicaBound::Min => "minimum",
        ReplicaBound::Max => "maximum",
    };
    format!("the {bound} makes {} of {}", clamp.after, clamp.before)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `cpu ≥ 77 %: then 5`.
pub fn would_change(change: &SmallestChange) -> String {
    format!("{change}: then {}", change.result)
}

#[cfg(test)]
mod tests {
    use model::scaling::{
        BadForecast, ChangeLimit, ForecastFloor, Hold, HoldKind, Lever, LimitProof, MetricProof, Recommendation, ReplicaChange,
        ScalingProof, SelectPolicy, TargetType, Tolerance,
    };

    use super::*;

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
                failure: Some(model::scaling::MetricFailure::NoReading),
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
}
