//! A group of settings as typed: text in every field, and what is wrong with each. Pure.

mod health;
mod outlier;

use std::{collections::BTreeMap, marker::PhantomData};

use model::InvalidValue;

/// One input of a form.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// As the server function wants it.
    pub name: &'static str,
    pub label: &'static str,
    pub unit: &'static str,
    pub meaning: &'static str,
    pub is_number: bool,
}

impl Field {
    const fn number(name: &'static str, label: &'static str, unit: &'static str, meaning: &'static str) -> Self {
        Self {
            name,
            label,
            unit,
            meaning,
            is_number: true,
        }
    }
}

/// Settings that are typed field by field.
pub trait Drafted: Default + Clone + PartialEq + Send + Sync + 'static {
    const FIELDS: &'static [Field];

    fn text(&self, field: &str) -> String;

    /// Sets one field.
    fn write(&mut self, field: &str, text: &str) -> Result<(), InvalidValue>;

    fn check(&self) -> Result<(), InvalidValue>;
}

type Errors = BTreeMap<&'static str, String>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft<T>(BTreeMap<&'static str, String>, PhantomData<T>);

impl<T: Drafted> Draft<T> {
    pub fn of(settings: &T) -> Self {
        Self(
            T::FIELDS.iter().map(|field| (field.name, settings.text(field.name))).collect(),
            PhantomData,
        )
    }

    pub fn get(&self, field: &str) -> String {
        self.0.get(field).cloned().unwrap_or_default()
    }

    pub fn set(&mut self, field: &'static str, text: String) {
        self.0.insert(field, text);
    }

    /// The settings, or what is wrong with each field that is.
    pub fn parse(&self) -> Result<T, Errors> {
        let mut settings = T::default();
        let mut errors = Errors::new();
        for field in T::FIELDS {
            if let Err(invalid) = self.read(field.name, &mut settings) {
                errors.insert(field.name, invalid.reason);
            }
        }
        // Each is right on its own; together they may contradict one another.
        if errors.is_empty()
            && let Err(invalid) = settings.check()
        {
            let named = T::FIELDS.iter().find(|field| field.name == invalid.field).or(T::FIELDS.first());
            errors.extend(named.map(|field| (field.name, invalid.reason)));
        }
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }

    /// Writes one field into `settings` when it is right on its own: the others in order, what fails is this one.
    fn read(&self, field: &'static str, settings: &mut T) -> Result<(), InvalidValue> {
        let text = self.0.get(field).map_or("", |t| t.trim());
        let mut alone = T::default();
        alone.write(field, text)?;
        alone
            .check()
            .or_else(|invalid| if invalid.field == field { Err(invalid) } else { Ok(()) })?;
        settings.write(field, text)
    }
}

fn whole<N: std::str::FromStr>(field: &str, text: &str) -> Result<N, InvalidValue> {
    text.parse().map_err(|_| InvalidValue::new(field, "type a whole number"))
}
