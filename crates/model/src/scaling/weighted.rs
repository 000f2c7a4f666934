//! Several signals that vote, each with a weight.

use serde::{Deserialize, Serialize};

use super::threshold::in_order;
use crate::InvalidValue;

const SIGNALS_MAX: usize = 16;

/// Each signal votes with its weight: for more above its `up_milli`, for less below its `down_milli`. One step is taken when the votes for
/// it outweigh those against it by `quorum_percent` of all weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedRules {
    pub signals: Vec<WeightedSignal>,
    pub quorum_percent: u32,
    pub step_up: u32,
    pub step_down: u32,
}

/// An average per instance, taken over `window_s` by whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedSignal {
    pub name: String,
    pub weight: u32,
    pub up_milli: i64,
    pub down_milli: i64,
    pub window_s: u32,
}

impl Default for WeightedRules {
    /// CPU .3 (80/30 %, 300 s), memory .2 (85/40 %, 300 s), requests .3 (100/20 per minute, 180 s), response time .2 (2000/500 ms, 180 s).
    fn default() -> Self {
        let signal = |name: &str, weight, up: i64, down: i64, window_s| WeightedSignal {
            name: name.to_owned(),
            weight,
            up_milli: up * 1_000,
            down_milli: down * 1_000,
            window_s,
        };
        Self {
            signals: vec![
                signal("cpu", 30, 80, 30, 300),
                signal("memory", 20, 85, 40, 300),
                signal("requests_per_minute", 30, 100, 20, 180),
                signal("response_time_ms", 20, 2_000, 500, 180),
            ],
            quorum_percent: 50,
            step_up: 1,
            step_down: 1,
        }
    }
}

impl WeightedRules {
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        if self.signals.is_empty() || self.signals.len() > SIGNALS_MAX {
            return Err(InvalidValue::new("signals", format!("needs 1 to {SIGNALS_MAX}")));
        }
        InvalidValue::within("quorum_percent", self.quorum_percent, 1, 100, " %")?;
        InvalidValue::within("step_up", self.step_up, 1, 100, "")?;
        InvalidValue::within("step_down", self.step_down, 1, 100, "")?;
        for (n, signal) in self.signals.iter().enumerate() {
            let field = format!("signals[{n}]");
            InvalidValue::within(&format!("{field}.weight"), signal.weight, 1, 1_000, "")?;
            InvalidValue::within(&format!("{field}.window_s"), signal.window_s, 1, 3_600, " s")?;
            in_order(&field, signal.up_milli, signal.down_milli)?;
        }
        Ok(())
    }
}
