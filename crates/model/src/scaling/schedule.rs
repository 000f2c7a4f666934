//! Bounds by the calendar.

use serde::{Deserialize, Serialize};

use super::REPLICAS_MAX;
use crate::InvalidValue;

/// Most rules of one schedule.
pub const SCHEDULE_RULES_MAX: usize = 50;
const NAME_MAX_BYTES: usize = 120;
const DURATION_MAX_S: u32 = 31 * 86_400;

/// From each time that `cron` names, for `duration_s`, other bounds. The metrics go on deciding between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleRule {
    pub name: String,
    /// Five fields: minute, hour, day, month, weekday.
    pub cron: String,
    /// IANA name, such as `Europe/Berlin`.
    pub time_zone: String,
    pub duration_s: u32,
    /// Absent: the policy's own.
    pub min_replicas: Option<u32>,
    pub max_replicas: Option<u32>,
}

/// The bounds in force at one moment, and the rules that made them by their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledBounds {
    pub min_replicas: u32,
    pub max_replicas: u32,
    pub rules: Vec<usize>,
}

impl ScheduleRule {
    /// Everything but `cron` and `time_zone`, which need their parsers.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        if self.name.is_empty() || self.name.len() > NAME_MAX_BYTES || self.name.chars().any(char::is_control) {
            return Err(InvalidValue::new(
                "name",
                format!("has 1 to {NAME_MAX_BYTES} characters and no control characters"),
            ));
        }
        InvalidValue::within("duration_s", self.duration_s, 60, DURATION_MAX_S, " s")?;
        if self.min_replicas.is_none() && self.max_replicas.is_none() {
            return Err(InvalidValue::new("min_replicas", "a rule sets min_replicas, max_replicas or both"));
        }
        InvalidValue::within("min_replicas", self.min_replicas.unwrap_or(1), 1, REPLICAS_MAX, "")?;
        let min = self.min_replicas.unwrap_or(1);
        InvalidValue::within("max_replicas", self.max_replicas.unwrap_or(min), min, REPLICAS_MAX, "")
    }
}
