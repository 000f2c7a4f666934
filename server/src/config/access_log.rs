//! `[gateway.access_log]`: one line of JSON per request.

use std::time::Duration;

use gateway::{AccessLogConfig, LogTarget};
use serde::{Deserialize, Serialize};

use super::error::BadValue;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessLogSettings {
    /// A path, or "stdout"; off when absent.
    pub file: Option<String>,
    /// The share of requests that is written; failures and slow ones always are.
    pub sample: f64,
    /// From how long on a request is slow; 0: none is.
    pub slow_ms: u32,
    /// Write queries too.
    pub query: bool,
}

impl Default for AccessLogSettings {
    fn default() -> Self {
        Self {
            file: None,
            sample: 1.0,
            slow_ms: 1_000,
            query: false,
        }
    }
}

impl AccessLogSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        if self.file.as_ref().is_some_and(|file| file.trim().is_empty()) {
            return Err(BadValue::new("gateway.access_log.file", "it is empty; leave it out to write none"));
        }
        BadValue::within("gateway.access_log.sample", self.sample, 0.0..=1.0)?;
        BadValue::within("gateway.access_log.slow_ms", self.slow_ms, 0..=3_600_000)
    }
}

impl From<&AccessLogSettings> for Option<AccessLogConfig> {
    fn from(settings: &AccessLogSettings) -> Self {
        let to = match settings.file.as_deref()? {
            "stdout" => LogTarget::Stdout,
            file => LogTarget::File(file.into()),
        };
        Some(AccessLogConfig {
            to,
            sample: settings.sample,
            slow: Duration::from_millis(settings.slow_ms.into()),
            query: settings.query,
        })
    }
}
