use model::scaling::{Forecast, ForecastState, Prediction, PredictionMode, PredictionProof};

use super::{decision::forecast_words, seconds};
use crate::{components::Tone, format};

const DAY_S: u32 = 86_400;
const WEEK_S: u32 = 7 * DAY_S;

/// What a forecast says, and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastTold {
    pub tone: Tone,
    pub title: String,
    pub sentences: Vec<String>,
}

impl ForecastTold {
    fn new(tone: Tone, title: impl Into<String>, sentences: Vec<String>) -> Self {
        Self {
            tone,
            title: title.into(),
            sentences,
        }
    }
}

/// In which unit the demand of a signal is summed over all instances; nothing for a signal of which no history is kept.
pub fn demand_unit(signal: &str) -> Option<&'static str> {
    match signal {
        "cpu" | "gpu" => Some("% of one instance, all instances together"),
        "active_sessions" => Some("sessions of all instances"),
        "requests_per_minute" => Some("requests per minute to all instances"),
        "response_time_ms" => Some("ms, all instances together"),
        _ => None,
    }
}

/// `412 %`, `36 sessions`; the number alone where the unit is not known.
pub fn demand(signal: &str, value: f64) -> String {
    let number = if value.abs() < 9.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    };
    match signal {
        "cpu" | "gpu" => format!("{number} %"),
        "active_sessions" => format!("{number} sessions"),
        "requests_per_minute" => format!("{number} /min"),
        "response_time_ms" => format!("{number} ms"),
        _ => number,
    }
}

/// `the last day`, `the last week`, `the last 6 h`.
fn last_season(season_s: u32) -> String {
    match season_s {
        DAY_S => "the last day".to_owned(),
        WEEK_S => "the last week".to_owned(),
        s => format!("the last {}", seconds(s.into())),
    }
}

/// What stands there now, of a prediction that is not off. `signal` is what it looks at, of this policy.
pub fn forecast(prediction: &Prediction, signal: Option<&str>, made: Option<&Forecast>, every_s: u32, now_ms: i64) -> ForecastTold {
    let Some(signal) = signal else {
        let what = prediction.signal.as_deref().map_or_else(
            || "The policy looks at nothing that has a target for each instance; memory does not count, most of it is there without any demand.".to_owned(),
            |name| format!("The policy has no target for each instance in {name}."),
        );
        return ForecastTold::new(Tone::Warning, "There is nothing to forecast.", vec![what]);
    };
    if demand_unit(signal).is_none() {
        let why = format!("What {signal} read is not kept over time. Choose another signal below.");
        return ForecastTold::new(Tone::Warning, format!("No history is kept of {signal}."), vec![why]);
    }
    let Some(made) = made else {
        let when = format!(
            "It is made with the next evaluation, within {every_s} s. Where none comes, the demand of the past could not be read: the log says why."
        );
        return ForecastTold::new(Tone::Info, format!("No forecast of {signal} yet."), vec![when]);
    };
    let off = made.error.map(|error| {
        format!(
            "Over {} it was off by {} on average, {} ahead.",
            last_season(prediction.season_s),
            format::percent(Some(error * 100.0)),
            seconds(prediction.horizon_s.into())
        )
    });
    match &made.state {
        ForecastState::TooLittleHistory { needs_s, has_s } => too_little(signal, *needs_s, *has_s, made.at_ms, now_ms),
        ForecastState::Bad { why } => {
            let mut sentences = vec![format!("{}. The metrics decide alone.", capital(&why.to_string()))];
            sentences.extend(off);
            ForecastTold::new(Tone::Warning, format!("The forecast of {signal} is not acted upon."), sentences)
        }
        ForecastState::Good => {
            let mut sentences: Vec<_> = off.into_iter().collect();
            sentences.push(match prediction.mode {
                PredictionMode::Active => "It raises the replicas ahead of a peak, and never lowers them.".to_owned(),
                _ => "It is only shown: “active” below lets it raise the replicas ahead of a peak.".to_owned(),
            });
            ForecastTold::new(Tone::Good, format!("The forecast of {signal} is good."), sentences)
        }
    }
}

fn too_little(signal: &str, needs_s: u64, has_s: u64, at_ms: i64, now_ms: i64) -> ForecastTold {
    let ms = |s: u64| i64::try_from(s).unwrap_or(i64::MAX / 2_000).saturating_mul(1_000);
    let begin = at_ms.saturating_sub(ms(has_s));
    let first = at_ms.saturating_add(ms(needs_s.saturating_sub(has_s)));
    let since = if has_s == 0 {
        format!("Nothing of {signal} is measured yet.")
    } else {
        format!(
            "{} of it are there: waiting since {} UTC, or longer where there are gaps.",
            seconds(has_s),
            format::date_time(begin, now_ms)
        )
    };
    ForecastTold::new(
        Tone::Info,
        format!("Too little history to forecast {signal}."),
        vec![
            format!(
                "It takes {} of measured demand, two seasons: one to learn from, one to see how well that went.",
                seconds(needs_s)
            ),
            since,
            format!("Without gaps the first forecast comes by {} UTC.", format::date_time(first, now_ms)),
        ],
    )
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What it asks for, name and value: the error stands beside what it says. `asked` is that of the last decision.
pub fn forecast_facts(
    prediction: &Prediction,
    made: Option<&Forecast>,
    asked: Option<&PredictionProof>,
    now_ms: i64,
) -> Vec<(&'static str, String)> {
    let error = made.and_then(|made| made.error).map(|error| error * 100.0);
    let mut facts = vec![
        ("Mode", prediction.mode.label().to_owned()),
        (
            "Off by, on average",
            format!("{} (acted upon up to {} %)", format::percent(error), prediction.error_max_percent),
        ),
    ];
    let Some(proof) = asked.filter(|proof| proof.floor.state == ForecastState::Good) else {
        return facts;
    };
    let floor = &proof.floor;
    let of = |value: f64| demand(&floor.signal, value);
    facts.extend([
        (
            "Most expected",
            format!("{} at {} UTC", of(floor.upper), format::clock(floor.peak_ms)),
        ),
        ("Target of each instance", of(floor.target)),
        ("The metrics ask for", proof.before.to_string()),
        ("The forecast asks for", format!("at least {}", floor.replicas)),
        ("Last decision", forecast_words(proof)),
    ]);
    if prediction.target_percent > 100 {
        facts.push(("Targets count as", targets(prediction, proof, now_ms)));
    }
    facts
}

fn targets(prediction: &Prediction, proof: &PredictionProof, now_ms: i64) -> String {
    let floor = &proof.floor;
    match floor.cautious_until_ms.filter(|until_ms| now_ms < *until_ms) {
        _ if floor.in_force().is_none() => "they are: it is not acted upon".to_owned(),
        Some(until_ms) => format!("they are until {} UTC: more came than was foreseen", format::clock(until_ms)),
        None => format!("{} % of themselves, while it is right", prediction.target_percent),
    }
}

#[cfg(test)]
#[path = "forecast_tests.rs"]
mod tests;
