//! The simplest rule: one more when anything is hot, one less when everything is cold.

use serde::{Deserialize, Serialize};

use super::metric::MILLI_MAX;
use crate::InvalidValue;

const SIGNALS_MAX: usize = 16;
const STEP_MAX: u32 = 100;

/// Up when any signal is above its `up_milli`; down when all are below their `down_milli`. How long that must have been so is the
/// stabilisation window of the policy's behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdRules {
    pub signals: Vec<Signal>,
    pub step_up: u32,
    pub step_down: u32,
}

/// An average per instance with its two thresholds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    pub name: String,
    /// Absent: it keeps from scaling down, but never scales up.
    pub up_milli: Option<i64>,
    pub down_milli: i64,
}

impl Default for ThresholdRules {
    /// Up when CPU or GPU > 80 %; down when both < 30 % and fewer than 2 active sessions per instance.
    fn default() -> Self {
        let percent = |name: &str| Signal {
            name: name.to_owned(),
            up_milli: Some(80_000),
            down_milli: 30_000,
        };
        Self {
            signals: vec![
                percent("cpu"),
                percent("gpu"),
                Signal {
                    name: "active_sessions".to_owned(),
                    up_milli: None,
                    down_milli: 2_000,
                },
            ],
            step_up: 1,
            step_down: 1,
        }
    }
}

impl ThresholdRules {
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        if self.signals.is_empty() || self.signals.len() > SIGNALS_MAX {
            return Err(InvalidValue::new("signals", format!("needs 1 to {SIGNALS_MAX}")));
        }
        InvalidValue::within("step_up", self.step_up, 1, STEP_MAX, "")?;
        InvalidValue::within("step_down", self.step_down, 1, STEP_MAX, "")?;
        self.signals
            .iter()
            .enumerate()
            .try_for_each(|(n, signal)| in_order(&format!("signals[{n}]"), signal.up_milli.unwrap_or(MILLI_MAX), signal.down_milli))
    }
}

/// Two thresholds need a gap, or the rule would fight itself.
pub(super) fn in_order(field: &str, up_milli: i64, down_milli: i64) -> Result<(), InvalidValue> {
    if 0 <= down_milli && down_milli < up_milli && up_milli <= MILLI_MAX {
        Ok(())
    } else {
        Err(InvalidValue::new(
            field,
            format!("down_milli must be at least 0 and below up_milli, which is at most {MILLI_MAX}"),
        ))
    }
}
