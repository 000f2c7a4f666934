use model::scaling::{BadForecast, ForecastFloor};

use super::*;

/// 20 Nov 18:52:43 UTC.
const AT_MS: i64 = 1_795_200_763_000;

fn made(error: Option<f64>, state: ForecastState) -> Forecast {
    Forecast {
        at_ms: AT_MS,
        points: Vec::new(),
        error,
        state,
    }
}

fn on(mode: PredictionMode) -> Prediction {
    Prediction {
        mode,
        ..Prediction::default()
    }
}

fn proof(is_active: bool, cautious_until_ms: Option<i64>, state: ForecastState) -> PredictionProof {
    PredictionProof {
        floor: ForecastFloor {
            signal: "cpu".to_owned(),
            is_active,
            peak_ms: AT_MS + 600_000,
            upper: 412.34,
            target: 70.0,
            upper_now: 300.0,
            cautious_until_ms,
            replicas: 6,
            error: Some(0.083),
            state,
        },
        before: 4,
        after: if is_active { 6 } else { 4 },
    }
}

#[test]
fn every_state_is_told_with_its_error_and_the_way_out() {
    use PredictionMode::{Active, ForecastOnly};
    use Tone::{Good, Info, Warning};
    let little = |has_s| made(None, ForecastState::TooLittleHistory { needs_s: 172_800, has_s });
    let good = made(Some(0.083), ForecastState::Good);
    let bad = made(
        Some(0.4),
        ForecastState::Bad {
            why: BadForecast::Season {
                percent: 40,
                max_percent: 25,
            },
        },
    );
    let say = |mode, signal, made: Option<&Forecast>| forecast(&on(mode), signal, made, 15, AT_MS);
    for (told, tone, title, said) in [
        (
            say(Active, None, None),
            Warning,
            "There is nothing to forecast.",
            "The policy looks at nothing that has a target for each instance",
        ),
        (
            say(Active, Some("queue_depth"), None),
            Warning,
            "No history is kept of queue_depth.",
            "Choose another signal below.",
        ),
        (say(Active, Some("cpu"), None), Info, "No forecast of cpu yet.", "within 15 s"),
        (
            say(ForecastOnly, Some("cpu"), Some(&little(18_000))),
            Info,
            "Too little history to forecast cpu.",
            "It takes 2 d of measured demand, two seasons: one to learn from, one to see how well that went. \
             5 h of it are there: waiting since 20 Nov 13:52:43 UTC, or longer where there are gaps. \
             Without gaps the first forecast comes by 22 Nov 13:52:43 UTC.",
        ),
        (
            say(ForecastOnly, Some("cpu"), Some(&little(0))),
            Info,
            "Too little history to forecast cpu.",
            "Nothing of cpu is measured yet.",
        ),
        (
            say(Active, Some("cpu"), Some(&bad)),
            Warning,
            "The forecast of cpu is not acted upon.",
            "It was off by 40 % in the last season, more than 25 %. The metrics decide alone. \
             Over the last day it was off by 40 % on average, 15 min ahead.",
        ),
        (
            say(ForecastOnly, Some("cpu"), Some(&good)),
            Good,
            "The forecast of cpu is good.",
            "Over the last day it was off by 8.3 % on average, 15 min ahead. It is only shown",
        ),
        (
            say(Active, Some("cpu"), Some(&good)),
            Good,
            "The forecast of cpu is good.",
            "It raises the replicas ahead of a peak, and never lowers them.",
        ),
    ] {
        assert_eq!((told.tone, told.title.as_str()), (tone, title));
        let all = told.sentences.join(" ");
        assert!(all.contains(said), "{title}: {all}");
    }
}

#[test]
fn what_it_asks_for_stands_beside_what_the_metrics_ask_for() {
    let facts = |prediction: &Prediction, proof: &PredictionProof| -> Vec<String> {
        let good = made(Some(0.083), ForecastState::Good);
        let facts = forecast_facts(prediction, Some(&good), Some(proof), AT_MS);
        facts.into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
    };
    let mut prediction = on(PredictionMode::Active);
    assert_eq!(
        facts(&prediction, &proof(true, None, ForecastState::Good)),
        [
            "Mode: active",
            "Off by, on average: 8.3 % (acted upon up to 25 %)",
            "Most expected: 412 % at 19:02:43 UTC",
            "Target of each instance: 70 %",
            "The metrics ask for: 4",
            "The forecast asks for: at least 6",
            "Last decision: Up to 412.3 of cpu is expected at 19:02:43 UTC, which needs 6: 6 instead of 4.",
        ]
    );
    prediction.target_percent = 115;
    let targets = |proof: &PredictionProof| facts(&prediction, proof).pop().unwrap();
    for (is_active, until_ms, text) in [
        (true, None, "Targets count as: 115 % of themselves, while it is right"),
        (
            true,
            Some(AT_MS + 60_000),
            "Targets count as: they are until 18:53:43 UTC: more came than was foreseen",
        ),
        (true, Some(AT_MS), "Targets count as: 115 % of themselves, while it is right"),
        (false, None, "Targets count as: they are: it is not acted upon"),
    ] {
        assert_eq!(targets(&proof(is_active, until_ms, ForecastState::Good)), text);
    }
    let little = proof(true, None, ForecastState::TooLittleHistory { needs_s: 2, has_s: 1 });
    assert_eq!(facts(&prediction, &little).len(), 2, "what is not known is not told");
}

#[test]
fn demand_has_the_unit_of_its_signal() {
    for (signal, value, text) in [
        ("cpu", 412.34, "412 %"),
        ("gpu", 4.25, "4.2 %"),
        ("active_sessions", 36.0, "36 sessions"),
        ("requests_per_minute", 1_204.4, "1204 /min"),
        ("response_time_ms", 90.0, "90 ms"),
    ] {
        assert_eq!(demand(signal, value), text);
        assert!(demand_unit(signal).is_some());
    }
    assert_eq!((demand("frames", 12.0).as_str(), demand_unit("frames")), ("12", None));
}
