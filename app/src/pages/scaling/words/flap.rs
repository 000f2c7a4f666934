use model::scaling::{FlapWarning, Flapping};

use super::seconds;
use crate::format;

/// What to do about it, by the label of the field: `Window of scale down: at least 60 s.`
pub fn instead(warning: &FlapWarning) -> String {
    let field = warning.field.as_str();
    let label = match field {
        "tolerance.scale_up_ppm" => "Close enough above",
        "tolerance.scale_down_ppm" => "Close enough below",
        "behavior.scale_up.stabilization_window_s" => "Window of scale up",
        "behavior.scale_down.stabilization_window_s" => "Window of scale down",
        _ if field.starts_with("behavior.scale_down.policies") => "Limits of scale down",
        _ if field.starts_with("signals") => "Thresholds",
        other => other,
    };
    format!("{label}: {}.", warning.instead.trim_end_matches('.'))
}

/// How often, between which replicas, how long a wave is.
pub fn flapping(flapping: &Flapping, now_ms: i64) -> String {
    let (low, high) = flapping.between;
    let times = match flapping.reversals {
        1 => "1 change turned".to_owned(),
        n => format!("{n} changes turned"),
    };
    format!(
        "It flaps: {times} back an earlier one between {} and {} UTC, from {low} to {high} replicas and back about every {}.",
        format::date_time(flapping.from_ms, now_ms),
        format::clock(flapping.to_ms),
        seconds(flapping.wave_s.into())
    )
}

#[cfg(test)]
mod tests {
    use model::scaling::{FlapCause, FlapReason};

    use super::*;

    #[test]
    fn a_warning_names_the_field_and_the_way_out() {
        for (field, text) in [
            ("behavior.scale_down.stabilization_window_s", "Window of scale down: at least 60 s."),
            ("behavior.scale_down.policies[1]", "Limits of scale down: at least 60 s."),
            ("max_replicas", "max_replicas: at least 60 s."),
        ] {
            let warning = FlapWarning {
                field: field.to_owned(),
                why: FlapReason::AllAtOnce,
                instead: "at least 60 s".to_owned(),
            };
            assert_eq!(instead(&warning), text);
        }
    }

    #[test]
    fn flapping_says_how_often_between_what_and_how_fast() {
        let mut it = Flapping {
            from_ms: 1_795_200_163_000,
            to_ms: 1_795_200_763_000,
            reversals: 5,
            wave_s: 240,
            between: (2, 5),
            cause: FlapCause::NotMetrics,
        };
        assert_eq!(
            flapping(&it, 1_795_200_800_000),
            "It flaps: 5 changes turned back an earlier one between 20 Nov 18:42:43 and 18:52:43 UTC, from 2 to 5 replicas and back about every 4 min."
        );
        it.reversals = 1;
        assert!(flapping(&it, 0).starts_with("It flaps: 1 change turned back"));
    }
}
