//! What one client, and all of them together, may ask of a pool.

use serde::{Deserialize, Serialize};

use crate::{
    InvalidValue,
    settings::{Settings, or_off},
};

/// 0 switches a limit off. A client is an IPv4 address or an IPv6 network of 64 bits, which is what one subscriber gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitPolicy {
    /// Requests of one client on one route within `period_s`; more are answered 429.
    pub requests: u32,
    pub period_s: u32,
    /// How many of them may come at once.
    pub burst: u32,
    /// Requests of all clients in flight; more are answered 503.
    pub in_flight: u32,
    /// Bytes of a request's body; more are answered 413.
    pub body_bytes: u32,
}

impl Default for LimitPolicy {
    fn default() -> Self {
        Self {
            requests: 0,
            period_s: 1,
            burst: 1,
            in_flight: 0,
            body_bytes: 0,
        }
    }
}

const YEAR_S: u64 = 365 * 24 * 3_600;

impl Settings for LimitPolicy {
    fn validate(&self) -> Result<(), InvalidValue> {
        InvalidValue::within("requests", self.requests, 0, 1_000_000, "")?;
        InvalidValue::within("period_s", self.period_s, 1, 86_400, " s")?;
        InvalidValue::within("burst", self.burst, 1, 1_000_000, "")?;
        // How long a client that has used it all up waits until its burst is whole again.
        if self.requests > 0 && u64::from(self.period_s) * u64::from(self.burst) / u64::from(self.requests) > YEAR_S {
            return Err(InvalidValue::new(
                "burst",
                "would take more than a year to fill up again at this rate",
            ));
        }
        InvalidValue::within("in_flight", self.in_flight, 0, 1_000_000, "")?;
        InvalidValue::within("body_bytes", self.body_bytes, 0, u32::MAX, " bytes")
    }

    fn describe(&self) -> Vec<(&'static str, String)> {
        vec![
            ("requests per client", or_off(self.requests, "")),
            ("within", format!("{} s", self.period_s)),
            ("burst", self.burst.to_string()),
            ("requests in flight at most", or_off(self.in_flight, "")),
            ("request body at most", or_off(self.body_bytes, " bytes")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_that_never_fills_up_again_is_refused() {
        let limits = LimitPolicy {
            requests: 1,
            period_s: 86_400,
            burst: 1_000_000,
            ..LimitPolicy::default()
        };
        assert_eq!(limits.validate().unwrap_err().field, "burst");
        assert!(LimitPolicy { requests: 0, ..limits }.validate().is_ok());
        assert!(LimitPolicy { burst: 300, ..limits }.validate().is_ok());
    }
}
