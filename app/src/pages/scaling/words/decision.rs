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
