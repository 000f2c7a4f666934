//! A group of settings as typed: text in every field, and what is wrong with each. Pure.

mod affinity;
mod breaker;
mod degradation;
mod health;
mod limits;
mod outlier;
mod retry;

use std::{collections::BTreeMap, marker::PhantomData};

use model::Settings;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// How a field is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Number,
    Text,
    /// One of these: its id and its words.
    Choice(&'static [(&'static str, &'static str)]),
}

/// One input of a form.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// As in the settings themselves.
    pub name: &'static str,
    pub label: &'static str,
    pub unit: &'static str,
    pub meaning: &'static str,
    pub input: Input,
}

impl Field {
    const fn number(name: &'static str, label: &'static str, unit: &'static str, meaning: &'static str) -> Self {
        Self {
            name,
            label,
            unit,
            meaning,
            input: Input::Number,
        }
    }

    const fn text(name: &'static str, label: &'static str, meaning: &'static str) -> Self {
        Self {
            name,
            label,
            unit: "",
            meaning,
            input: Input::Text,
        }
    }

    const fn choice(
        name: &'static str,
        label: &'static str,
        meaning: &'static str,
        choices: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            name,
            label,
            unit: "",
            meaning,
            input: Input::Choice(choices),
        }
    }
}

/// A well-known set of values, by the name of what it is for. Fields that it does not speak of stay as they are typed.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    pub name: &'static str,
    pub values: &'static [(&'static str, u32)],
}

/// Settings that are typed field by field: what serde calls them is what the form calls them.
pub trait Drafted: Settings + Serialize + DeserializeOwned + Default + Clone + PartialEq + Send + Sync + 'static {
    const FIELDS: &'static [Field];
    const PRESETS: &'static [Preset] = &[];
}

type Errors = BTreeMap<&'static str, String>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft<T>(BTreeMap<&'static str, String>, PhantomData<T>);

impl<T: Drafted> Draft<T> {
    pub fn of(settings: &T) -> Self {
        let values = fields_of(settings);
        let text = |field: &Field| match values.get(field.name) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        Self(T::FIELDS.iter().map(|field| (field.name, text(field))).collect(), PhantomData)
    }

    pub fn get(&self, field: &str) -> String {
        self.0.get(field).cloned().unwrap_or_default()
    }

    pub fn set(&mut self, field: &'static str, text: String) {
        self.0.insert(field, text);
    }

    pub fn fill(&mut self, preset: &Preset) {
        for (field, value) in preset.values {
            self.set(field, value.to_string());
        }
    }

    /// The settings, or what is wrong with each field that is.
    pub fn parse(&self) -> Result<T, Errors> {
        if let Some(settings) = self.whole().filter(|settings| settings.validate().is_ok()) {
            return Ok(settings);
        }
        let mut values = fields_of(&T::default());
        let mut errors = Errors::new();
        for field in T::FIELDS {
            match self.alone(field) {
                Ok(value) => {
                    values.insert(field.name.to_owned(), value);
                }
                Err(reason) => {
                    errors.insert(field.name, reason);
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let first = T::FIELDS.first().map_or("", |field| field.name);
        let settings: T = serde_json::from_value(Value::Object(values)).map_err(|error| Errors::from([(first, error.to_string())]))?;
        // Each is right on its own; together they may contradict one another.
        match settings.validate() {
            Ok(()) => Ok(settings),
            Err(invalid) => {
                let named = T::FIELDS.iter().find(|field| field.name == invalid.field);
                Err(Errors::from([(named.map_or(first, |field| field.name), invalid.reason)]))
            }
        }
    }

    /// What is typed, if it can be read at all.
    fn whole(&self) -> Option<T> {
        let mut values = fields_of(&T::default());
        for field in T::FIELDS {
            values.insert(field.name.to_owned(), self.value(field).ok()?);
        }
        serde_json::from_value(Value::Object(values)).ok()
    }

    fn value(&self, field: &Field) -> Result<Value, String> {
        let text = self.0.get(field.name).map_or("", |text| text.trim());
        match field.input {
            Input::Number => text.parse::<u32>().map(Value::from).map_err(|_| "type a whole number".to_owned()),
            Input::Text | Input::Choice(_) => Ok(Value::from(text)),
        }
    }

    /// The value of one field, if it is right while the others have their defaults.
    fn alone(&self, field: &Field) -> Result<Value, String> {
        let value = self.value(field)?;
        let mut values = fields_of(&T::default());
        values.insert(field.name.to_owned(), value.clone());
        let settings: T = serde_json::from_value(Value::Object(values)).map_err(|error| match field.input {
            // Only its size can be wrong with a whole number.
            Input::Number => "is too large".to_owned(),
            Input::Text | Input::Choice(_) => {
                let error = error.to_string();
                error.strip_prefix(&format!("{}: ", field.name)).unwrap_or(&error).to_owned()
            }
        })?;
        match settings.validate() {
            Err(invalid) if invalid.field == field.name => Err(invalid.reason),
            _ => Ok(value),
        }
    }
}

fn fields_of<T: Serialize>(settings: &T) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use model::{AffinityPolicy, BreakerPolicy, DegradationPolicy, HealthCheck, LimitPolicy, OutlierEjection, RetryPolicy};

    use super::*;

    fn whole<T: Drafted + std::fmt::Debug>() {
        let settings = T::default();
        let values = fields_of(&settings);
        let typed: Vec<_> = T::FIELDS.iter().map(|field| field.name).collect();
        assert!(
            values.keys().all(|name| typed.contains(&name.as_str())),
            "{values:?}: every setting can be typed"
        );
        assert_eq!(typed.len(), values.len());
        assert_eq!(Draft::of(&settings).parse(), Ok(settings.clone()));
        for preset in T::PRESETS {
            let mut draft = Draft::of(&settings);
            draft.fill(preset);
            assert!(draft.parse().is_ok(), "{}", preset.name);
            assert!(preset.values.iter().all(|(field, _)| typed.contains(field)), "{}", preset.name);
        }
    }

    #[test]
    fn every_setting_of_every_group_can_be_typed_and_presets_are_valid() {
        whole::<HealthCheck>();
        whole::<OutlierEjection>();
        whole::<AffinityPolicy>();
        whole::<BreakerPolicy>();
        whole::<RetryPolicy>();
        whole::<LimitPolicy>();
        whole::<DegradationPolicy>();
    }
}
