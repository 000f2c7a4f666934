//! `[sample]`: the sample fleet of the embedded default.

use serde::{Deserialize, Serialize};

use super::{Key, error::BadValue};

pub(super) const KEYS: &[Key] = &[
    Key::new("sample.count", "1 to 20 processes"),
    Key::new(
        "sample.max",
        "sample.count to 64 processes; as many as sample.count switches scaling off",
    ),
];

/// SPEC §13: three to begin with, up to twenty.
const COUNT_MAX: u32 = 20;
/// What one supervisor runs.
const MAX_MAX: u32 = 64;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SampleSettings {
    /// To begin with, and at least.
    pub count: u32,
    /// What the default scaling policy goes up to.
    pub max: u32,
}

impl Default for SampleSettings {
    fn default() -> Self {
        Self { count: 3, max: COUNT_MAX }
    }
}

impl SampleSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        BadValue::within("sample.count", self.count, 1..=COUNT_MAX)?;
        BadValue::within("sample.max", self.max, self.count..=MAX_MAX)
    }
}
