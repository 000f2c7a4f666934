//! When a pool does without what matters less, so that what matters more goes on.

use serde::{Deserialize, Serialize};

use crate::{
    InvalidValue,
    settings::{Settings, ms_or_off, or_off},
};

/// A pool is degraded when one of its measures has been above its threshold for `after_s` seconds in a row, and recovers when all of them have
/// been below four fifths of theirs for `recover_s`: between the two nothing changes, so it does not flap. While it is degraded, requests of
/// routes of low priority are answered 503. A threshold of 0 is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DegradationPolicy {
    /// Requests being answered.
    pub in_flight: u32,
    /// 95th percentile of the latency within one second, ms.
    pub p95_ms: u32,
    /// 5xx and failed, of the requests finished within one second, %.
    pub error_percent: u32,
    pub after_s: u32,
    pub recover_s: u32,
}

impl Default for DegradationPolicy {
    fn default() -> Self {
        Self {
            in_flight: 0,
            p95_ms: 0,
            error_percent: 0,
            after_s: 5,
            recover_s: 15,
        }
    }
}

impl Settings for DegradationPolicy {
    fn validate(&self) -> Result<(), InvalidValue> {
        InvalidValue::within("in_flight", self.in_flight, 0, 1_000_000, "")?;
        InvalidValue::within("p95_ms", self.p95_ms, 0, 3_600_000, " ms")?;
        InvalidValue::within("error_percent", self.error_percent, 0, 100, " %")?;
        InvalidValue::within("after_s", self.after_s, 1, 3_600, " s")?;
        InvalidValue::within("recover_s", self.recover_s, 1, 3_600, " s")
    }

    fn describe(&self) -> Vec<(&'static str, String)> {
        vec![
            ("degraded above in flight", or_off(self.in_flight, "")),
            ("degraded above p95", ms_or_off(self.p95_ms)),
            ("degraded above errors", or_off(self.error_percent, " %")),
            ("degraded after", format!("{} s", self.after_s)),
            ("recovers after", format!("{} s", self.recover_s)),
        ]
    }
}
