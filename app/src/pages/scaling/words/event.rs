use model::scaling::{ScalingEvent, ScalingOutcome};

use crate::format;

/// `3 → 5`.
pub fn course(event: &ScalingEvent) -> String {
    format!("{} → {}", event.from, event.to)
}

/// Worth an alarm: more than five at once.
pub const fn is_far(event: &ScalingEvent) -> bool {
    event.size() > ScalingEvent::ALARM_OVER
}

/// The cause, with what each metric read where the cause does not say it already.
pub fn cause(event: &ScalingEvent) -> (String, String) {
    let metrics: Vec<_> = event.metrics.iter().map(|(name, value)| format!("{name} {value}")).collect();
    (event.cause.clone(), metrics.join(", "))
}

/// `ready after 12 s`, `under way`, `overtaken after 5 s`, `failed after 2 min: why`.
pub fn outcome(event: &ScalingEvent) -> String {
    let after = event
        .took_ms()
        .map(|ms| format!(" after {}", format::duration(ms)))
        .unwrap_or_default();
    match &event.outcome {
        ScalingOutcome::Pending => "under way".to_owned(),
        ScalingOutcome::Reached => format!("ready{after}"),
        ScalingOutcome::Superseded => format!("overtaken by another change{after}"),
        ScalingOutcome::Failed(why) if why.is_empty() => format!("failed{after}"),
        ScalingOutcome::Failed(why) => format!("failed{after}: {why}"),
    }
}

pub const fn outcome_tone(event: &ScalingEvent) -> &'static str {
    match event.outcome {
        ScalingOutcome::Failed(_) => "critical",
        ScalingOutcome::Pending | ScalingOutcome::Reached | ScalingOutcome::Superseded => "",
    }
}

#[cfg(test)]
mod tests {
    use model::Actor;

    use super::*;

    fn event(to: u32, outcome: ScalingOutcome, ended_at_ms: Option<i64>) -> ScalingEvent {
        ScalingEvent {
            id: 1,
            workload: "web".parse().unwrap(),
            at_ms: 1_000,
            from: 3,
            to,
            cause: "cpu 82 % of 70 %".to_owned(),
            leading: Some("cpu".to_owned()),
            metrics: vec![("cpu".to_owned(), "82 %".to_owned()), ("memory".to_owned(), "40 %".to_owned())],
            actor: Actor::system("autoscaler"),
            outcome,
            ended_at_ms,
        }
    }

    #[test]
    fn a_change_says_what_became_of_it() {
        for (outcome_, ended, text) in [
            (ScalingOutcome::Pending, None, "under way"),
            (ScalingOutcome::Reached, Some(13_000), "ready after 12 s"),
            (ScalingOutcome::Superseded, Some(6_000), "overtaken by another change after 5 s"),
            (
                ScalingOutcome::Failed("no port is free".into()),
                Some(121_000),
                "failed after 2 min: no port is free",
            ),
            (ScalingOutcome::Failed(String::new()), None, "failed"),
        ] {
            assert_eq!(outcome(&event(4, outcome_, ended)), text);
        }
        let it = event(8, ScalingOutcome::Pending, None);
        assert_eq!(course(&it), "3 → 8");
        assert_eq!(cause(&it), ("cpu 82 % of 70 %".to_owned(), "cpu 82 %, memory 40 %".to_owned()));
    }

    #[test]
    fn more_than_five_at_once_is_far() {
        assert!(!is_far(&event(8, ScalingOutcome::Pending, None)));
        assert!(is_far(&event(9, ScalingOutcome::Pending, None)));
    }
}
