//! The rules of a schedule as typed.

use model::{
    InvalidValue,
    scaling::{SCHEDULE_RULES_MAX, ScheduleRule},
};

use super::{
    Errors, Fields,
    fields::{Reader, first},
    lasting,
};

pub const LIST: &str = "rules";
const NAMES: [&str; 6] = ["name", "cron", "time_zone", "duration", "min_replicas", "max_replicas"];

/// The rules as they would be typed.
pub fn fields_of(rules: &[ScheduleRule]) -> Fields {
    let number = |value: Option<u32>| value.map(|n| n.to_string()).unwrap_or_default();
    let of = |(n, rule): (usize, &ScheduleRule)| {
        let values = [
            rule.name.clone(),
            rule.cron.clone(),
            rule.time_zone.clone(),
            lasting::text(rule.duration_s),
            number(rule.min_replicas),
            number(rule.max_replicas),
        ];
        NAMES.into_iter().zip(values).map(move |(name, text)| (key(n, name), text))
    };
    rules.iter().enumerate().flat_map(of).collect()
}

pub fn key(slot: usize, name: &str) -> String {
    format!("{LIST}.{slot}.{name}")
}

/// A rule to begin with in a slot of its own: workdays, in office hours.
pub fn add(fields: &mut Fields, slot: usize) {
    let values = ["", "0 8 * * 1-5", "UTC", "10 h", "", ""];
    for (name, text) in NAMES.into_iter().zip(values) {
        fields.insert(key(slot, name), text.to_owned());
    }
}

/// The rules that are typed.
///
/// # Errors
/// The first mistake, under the name of its field.
pub fn schedule_of(fields: &Fields) -> Result<Vec<ScheduleRule>, InvalidValue> {
    parse(fields).map_err(first)
}

/// The rules that are typed, or what is wrong with each field that is. Whether the times can be read is told where their parser is.
///
/// # Errors
/// By field.
pub fn parse(fields: &Fields) -> Result<Vec<ScheduleRule>, Errors> {
    let mut reader = Reader::new(fields);
    let slots = reader.filled(LIST, &["name", "cron", "min_replicas", "max_replicas"]);
    if slots.len() > SCHEDULE_RULES_MAX {
        return Err(Errors::from([(LIST.to_owned(), format!("at most {SCHEDULE_RULES_MAX} rules"))]));
    }
    let rules: Vec<_> = slots.iter().map(|&slot| read(&mut reader, slot)).collect();
    Some(reader.errors).filter(|errors| !errors.is_empty()).map_or(Ok(rules), Err)
}

fn read(r: &mut Reader<'_>, slot: usize) -> ScheduleRule {
    let read_text = |r: &mut Reader<'_>, name: &str, why: &str| {
        let text = r.text(&key(slot, name)).to_owned();
        let read = if text.is_empty() { Err(why.to_owned()) } else { Ok(text) };
        r.take(&key(slot, name), read)
    };
    let before = r.errors.len();
    let duration = lasting::parse(r.text(&key(slot, "duration")));
    let rule = ScheduleRule {
        name: read_text(r, "name", "give it a name"),
        cron: read_text(r, "cron", "five fields: minute, hour, day, month, weekday"),
        time_zone: read_text(r, "time_zone", "such as Europe/Berlin or UTC"),
        duration_s: r.take(&key(slot, "duration"), duration),
        min_replicas: r.whole_or_none(&key(slot, "min_replicas")),
        max_replicas: r.whole_or_none(&key(slot, "max_replicas")),
    };
    // What cannot be read is not judged twice.
    if r.errors.len() == before
        && let Err(invalid) = rule.validate()
    {
        let name = match invalid.field.as_str() {
            "duration_s" => "duration",
            other => other,
        };
        r.errors.insert(key(slot, name), invalid.reason);
    }
    rule
}

/// The field of the form for one that the parser of times names, as `schedule[1].cron`.
pub fn field_of(invalid: &str, fields: &Fields) -> Option<String> {
    let (n, name) = invalid.split_once('[')?.1.split_once("].")?;
    let slots = Reader::new(fields).filled(LIST, &["name", "cron", "min_replicas", "max_replicas"]);
    let name = if name == "duration_s" { "duration" } else { name };
    Some(key(*slots.get(n.parse::<usize>().ok()?)?, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::fields::remove_slot;

    fn rule(name: &str) -> ScheduleRule {
        ScheduleRule {
            name: name.to_owned(),
            cron: "0 8 * * 1-5".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            duration_s: 36_000,
            min_replicas: Some(5),
            max_replicas: None,
        }
    }

    #[test]
    fn a_schedule_can_be_typed_and_means_the_same() {
        let rules = vec![
            rule("office"),
            ScheduleRule {
                min_replicas: None,
                max_replicas: Some(3),
                duration_s: 5_445,
                ..rule("night")
            },
        ];
        assert_eq!(parse(&fields_of(&rules)), Ok(rules));
        assert_eq!(parse(&Fields::new()), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_told_under_its_field() {
        let mut fields = fields_of(&[rule("a"), rule("b")]);
        for (name, text) in [("duration", "ten"), ("time_zone", ""), ("min_replicas", "x")] {
            fields.insert(key(1, name), text.to_owned());
        }
        let errors = parse(&fields).unwrap_err();
        assert_eq!(
            errors.keys().collect::<Vec<_>>(),
            ["rules.1.duration", "rules.1.min_replicas", "rules.1.time_zone"]
        );
        let mut fields = fields_of(&[rule("a")]);
        fields.insert(key(0, "min_replicas"), String::new());
        assert!(parse(&fields).unwrap_err().contains_key("rules.0.min_replicas"));
    }

    #[test]
    fn what_the_server_finds_is_shown_where_it_was_typed() {
        let mut fields = fields_of(&[rule("a"), rule("b"), rule("c")]);
        remove_slot(&mut fields, LIST, 0);
        assert_eq!(field_of("schedule[1].cron", &fields).as_deref(), Some("rules.2.cron"));
        assert_eq!(field_of("schedule[0].duration_s", &fields).as_deref(), Some("rules.1.duration"));
        assert_eq!(field_of("schedule[9].cron", &fields), None);
        assert_eq!(field_of("version", &fields), None);
    }

    #[test]
    fn a_rule_to_begin_with_lacks_only_its_name_and_its_bounds() {
        let mut fields = Fields::new();
        add(&mut fields, 0);
        let errors = parse(&fields).unwrap_err();
        assert_eq!(errors.keys().collect::<Vec<_>>(), ["rules.0.name"]);
    }
}
