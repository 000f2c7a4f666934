use model::{HealthCheck, InvalidValue, PathPrefix};

use super::{Drafted, Field, whole};

impl Drafted for HealthCheck {
    const FIELDS: &'static [Field] = &[
        Field {
            name: "path",
            label: "Path",
            unit: "",
            meaning: "GET of this path; 2xx and 3xx pass",
            is_number: false,
        },
        Field::number("interval_ms", "Interval", "ms", "between two checks of one instance"),
        Field::number("timeout_ms", "Time-out", "ms", "an answer later than this fails"),
        Field::number("rise", "Rise", "passed", "in a row until a down instance is up"),
        Field::number("fall", "Fall", "failed", "in a row until an up instance is down"),
        Field::number(
            "slow_start_ms",
            "Slow start",
            "ms",
            "until an instance that was out has its whole share again",
        ),
    ];

    fn text(&self, field: &str) -> String {
        match field {
            "path" => self.path.to_string(),
            "interval_ms" => self.interval_ms.to_string(),
            "timeout_ms" => self.timeout_ms.to_string(),
            "rise" => self.rise.to_string(),
            "fall" => self.fall.to_string(),
            _ => self.slow_start_ms.to_string(),
        }
    }

    fn write(&mut self, field: &str, text: &str) -> Result<(), InvalidValue> {
        match field {
            "path" => self.path = PathPrefix::new(text)?,
            "interval_ms" => self.interval_ms = whole(field, text)?,
            "timeout_ms" => self.timeout_ms = whole(field, text)?,
            "rise" => self.rise = whole(field, text)?,
            "fall" => self.fall = whole(field, text)?,
            _ => self.slow_start_ms = whole(field, text)?,
        }
        Ok(())
    }

    fn check(&self) -> Result<(), InvalidValue> {
        self.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Draft, *};

    #[test]
    fn what_is_in_force_parses_to_itself() {
        let check = HealthCheck {
            interval_ms: 30_000,
            rise: 5,
            slow_start_ms: 0,
            ..HealthCheck::default()
        };
        assert_eq!(Draft::of(&check).parse(), Ok(check));
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let mut draft = Draft::of(&HealthCheck::default());
        draft.set("path", "health".into());
        draft.set("interval_ms", "soon".into());
        draft.set("fall", "0".into());
        let errors = draft.parse().unwrap_err();
        assert_eq!(errors.keys().copied().collect::<Vec<_>>(), ["fall", "interval_ms", "path"]);
        assert_eq!(errors["fall"], "0 is not between 1 and 100");
        assert_eq!(errors["interval_ms"], "type a whole number");
    }
}
