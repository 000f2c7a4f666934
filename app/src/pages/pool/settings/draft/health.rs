use model::HealthCheck;

use super::{Drafted, Field, Preset};

impl Drafted for HealthCheck {
    const FIELDS: &'static [Field] = &[
        Field::choice(
            "kind",
            "Check",
            "a GET that is answered 2xx or 3xx, or a connection that is accepted",
            &[("http", "HTTP"), ("tcp", "TCP")],
        ),
        Field::text("path", "Path", "of the GET"),
        Field::text(
            "load_path",
            "Load page",
            "where instances tell their load for Prometheus, such as /metrics; empty: only with the check's answer",
        ),
        Field::number("interval_ms", "Interval", "ms", "between two checks of one instance"),
        Field::number(
            "jitter_percent",
            "Jitter",
            "%",
            "by which intervals differ, so that gateways do not check in step",
        ),
        Field::number("timeout_ms", "Time-out", "ms", "an answer later than this fails"),
        Field::number("rise", "Rise", "passed", "in a row until a down instance is up"),
        Field::number("fall", "Fall", "failed", "in a row until an up instance is down"),
        Field::number(
            "slow_start_ms",
            "Slow start",
            "ms",
            "until an instance that was out has its whole share again",
        ),
        Field::number(
            "min_healthy",
            "Keep in service",
            "instances",
            "nobody can drain more than that; of a smaller pool, all but one",
        ),
        Field::number(
            "panic_percent",
            "Panic below",
            "%",
            "in service: then health is ignored and all get requests; 0 never panics",
        ),
    ];

    const PRESETS: &'static [Preset] = &[
        Preset {
            name: "Next to the gateway",
            values: &[("interval_ms", 1_000), ("timeout_ms", 5_000), ("rise", 2), ("fall", 3)],
        },
        Preset {
            name: "Remote fleet",
            values: &[("interval_ms", 30_000), ("timeout_ms", 5_000), ("rise", 2), ("fall", 3)],
        },
    ];
}

#[cfg(test)]
mod tests {
    use super::{super::Draft, *};

    #[test]
    fn what_is_in_force_parses_to_itself() {
        let check = HealthCheck {
            interval_ms: 30_000,
            rise: 5,
            load_path: "/metrics".to_owned().try_into().unwrap(),
            slow_start_ms: 0,
            ..HealthCheck::default()
        };
        assert_eq!(Draft::of(&check).parse(), Ok(check));
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let mut draft = Draft::of(&HealthCheck::default());
        draft.set("path", "health".into());
        draft.set("load_path", "metrics".into());
        draft.set("interval_ms", "soon".into());
        draft.set("fall", "0".into());
        draft.set("rise", "300".into());
        let errors = draft.parse().unwrap_err();
        assert_eq!(
            errors.keys().copied().collect::<Vec<_>>(),
            ["fall", "interval_ms", "load_path", "path", "rise"]
        );
        assert_eq!(errors["fall"], "0 is not between 1 and 100");
        assert_eq!(errors["interval_ms"], "type a whole number");
        assert_eq!(errors["rise"], "is too large");
        for path in ["path", "load_path"] {
            assert!(errors[path].starts_with("must start with '/'"), "{}", errors[path]);
        }
    }
}
