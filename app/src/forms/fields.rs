//! The text of a form by the name of its field, with lists in slots: `metrics.0.name`, `metrics.1.name`.

use std::collections::{BTreeMap, BTreeSet};

use model::InvalidValue;

pub type Fields = BTreeMap<String, String>;
/// By the name of the field.
pub type Errors = BTreeMap<String, String>;

/// The slots of a list, in order. A slot that was taken out leaves a gap.
pub fn slots(fields: &Fields, list: &str) -> BTreeSet<usize> {
    let slot = |key: &String| {
        let (slot, _) = key.strip_prefix(list)?.strip_prefix('.')?.split_once('.')?;
        slot.parse().ok()
    };
    fields.keys().filter_map(slot).collect()
}

/// A slot that nothing uses yet.
pub fn next_slot(fields: &Fields, list: &str) -> usize {
    slots(fields, list).last().map_or(0, |last| last.saturating_add(1))
}

pub fn remove_slot(fields: &mut Fields, list: &str, slot: usize) {
    let prefix = format!("{list}.{slot}.");
    fields.retain(|key, _| !key.starts_with(&prefix));
}

pub fn get<'a>(fields: &'a Fields, key: &str) -> &'a str {
    fields.get(key).map_or("", |text| text.trim())
}

/// Reads fields one by one and gathers what is wrong with them; what cannot be read is nothing.
#[derive(Debug)]
pub struct Reader<'a> {
    pub fields: &'a Fields,
    pub errors: Errors,
}

impl<'a> Reader<'a> {
    pub fn new(fields: &'a Fields) -> Self {
        Self {
            fields,
            errors: Errors::new(),
        }
    }

    pub fn text(&self, key: &str) -> &'a str {
        get(self.fields, key)
    }

    /// Takes the value out of a result, or writes down why there is none.
    pub fn take<T: Default>(&mut self, key: &str, read: Result<T, String>) -> T {
        read.unwrap_or_else(|why| {
            self.errors.insert(key.to_owned(), why);
            T::default()
        })
    }

    pub fn whole(&mut self, key: &str) -> u32 {
        let read = whole(self.text(key));
        self.take(key, read)
    }

    pub fn whole_or_none(&mut self, key: &str) -> Option<u32> {
        let text = self.text(key);
        (!text.is_empty()).then(|| self.whole(key))
    }

    pub fn decimal(&mut self, key: &str, digits: u32) -> i64 {
        let read = super::decimal::parse(self.text(key), digits);
        self.take(key, read)
    }

    pub fn decimal_or_none(&mut self, key: &str, digits: u32) -> Option<i64> {
        let text = self.text(key);
        (!text.is_empty()).then(|| self.decimal(key, digits))
    }

    pub fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key);
        let found = choices.iter().find(|(id, _)| *id == text).map(|(_, value)| *value);
        if found.is_none() {
            let ids: Vec<_> = choices.iter().map(|(id, _)| *id).collect();
            self.errors.insert(key.to_owned(), format!("allowed: {}", ids.join(", ")));
        }
        found
    }

    /// The slots of a list that somebody has written something into: those where not all of `names` are empty.
    pub fn filled(&self, list: &str, names: &[&str]) -> Vec<usize> {
        let is_filled = |slot: &usize| names.iter().any(|name| !self.text(&format!("{list}.{slot}.{name}")).is_empty());
        slots(self.fields, list).into_iter().filter(is_filled).collect()
    }
}

fn whole(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(number) => Ok(number),
        Err(_) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => Err("is too large".to_owned()),
        Err(_) => Err("type a whole number".to_owned()),
    }
}

/// The first mistake, as the answer to who sent the form.
pub fn first(errors: Errors) -> InvalidValue {
    let (field, reason) = errors
        .into_iter()
        .next()
        .unwrap_or_else(|| ("settings".to_owned(), "cannot be read".to_owned()));
    InvalidValue::new(field, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(keys: &[(&str, &str)]) -> Fields {
        keys.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn slots_keep_their_names_when_one_is_taken_out() {
        let mut all = fields(&[("a.0.x", "1"), ("a.1.x", "2"), ("a.10.x", "3"), ("ab.7.x", "4"), ("a.x", "5")]);
        assert_eq!(slots(&all, "a").into_iter().collect::<Vec<_>>(), [0, 1, 10]);
        assert_eq!(next_slot(&all, "a"), 11);
        remove_slot(&mut all, "a", 1);
        assert_eq!(slots(&all, "a").into_iter().collect::<Vec<_>>(), [0, 10]);
        assert_eq!(get(&all, "a.10.x"), "3");
    }

    #[test]
    fn every_mistake_is_gathered_under_its_field() {
        let all = fields(&[("a", "x"), ("b", "99999999999"), ("c", " 7 "), ("d", "nope")]);
        let mut reader = Reader::new(&all);
        assert_eq!((reader.whole("a"), reader.whole("b"), reader.whole("c")), (0, 0, 7));
        assert_eq!(reader.whole_or_none("missing"), None);
        assert_eq!(reader.choice("d", &[("yes", true), ("no", false)]), None);
        assert_eq!(
            reader.errors,
            fields(&[("a", "type a whole number"), ("b", "is too large"), ("d", "allowed: yes, no")])
        );
    }
}
