use model::scaling::FlapWarning;

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

#[cfg(test)]
mod tests {
    use model::scaling::FlapReason;

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
}
