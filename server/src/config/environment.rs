//! `[environment]`: where this console stands, shown in its header.

use model::Environment;
use serde::{Deserialize, Serialize};

use super::{Key, error::BadValue};

pub(super) const KEYS: &[Key] = &[
    Key::new("environment.name", "1 to 40 visible characters"),
    Key::new("environment.production", "true or false"),
];

/// Fits the header beside the search box.
const NAME_MAX_CHARS: usize = 40;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentSettings {
    pub name: String,
    /// Shown in red; dangerous verbs ask twice.
    pub production: bool,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self {
            name: "local".into(),
            production: false,
        }
    }
}

impl EnvironmentSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        let chars = self.name.chars().count();
        if self.name.trim().is_empty() || chars > NAME_MAX_CHARS || self.name.chars().any(char::is_control) {
            return Err(BadValue::new(
                "environment.name",
                format!("it has {chars} characters or some that cannot be seen"),
            ));
        }
        Ok(())
    }
}

impl From<&EnvironmentSettings> for Environment {
    fn from(settings: &EnvironmentSettings) -> Self {
        Self {
            name: settings.name.clone(),
            production: settings.production,
        }
    }
}
