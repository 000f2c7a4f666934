//! `[log]`: what is logged, and in which form.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::{Key, error::BadValue};

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "log.filter",
        "a level (error, warn, info, debug, trace) or directives such as info,gateway=debug",
    ),
    Key::new("log.format", "auto, human or json"),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// Also set by the variable `EVENKEEL_LOG`.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    #[default]
    Auto,
    Human,
    Json,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            filter: "info".into(),
            format: LogFormat::Auto,
        }
    }
}

impl LogSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        EnvFilter::try_new(&self.filter)
            .map(drop)
            .map_err(|e| BadValue::new("log.filter", e.to_string()))
    }
}
