//! `[sample]`: the sample fleet of the embedded default.

use serde::{Deserialize, Serialize};

use super::{Key, error::BadValue};

pub(super) const KEYS: &[Key] = &[Key::new("sample.count", "1 to 20 processes")];

/// SPEC §13: three to begin with, up to twenty.
const COUNT_MAX: u32 = 20;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SampleSettings {
    pub count: u32,
}

impl Default for SampleSettings {
    fn default() -> Self {
        Self { count: 3 }
    }
}

impl SampleSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        BadValue::within("sample.count", self.count, 1..=COUNT_MAX)
    }
}
