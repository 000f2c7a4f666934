//! `[traffic]`: the generated load of the embedded default.

use serde::{Deserialize, Serialize};

use super::{Key, error::BadValue};

pub(super) const KEYS: &[Key] = &[Key::new("traffic.rate", "0 (none) to 1000 requests per second")];

/// It shares the machine with what it loads.
const RATE_MAX: f64 = 1_000.0;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrafficSettings {
    /// Requests per second in the middle of the wave.
    pub rate: f64,
}

impl Default for TrafficSettings {
    fn default() -> Self {
        Self { rate: 50.0 }
    }
}

impl TrafficSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        if (0.0..=RATE_MAX).contains(&self.rate) {
            Ok(())
        } else {
            Err(BadValue::new("traffic.rate", format!("{} is out of range", self.rate)))
        }
    }
}
