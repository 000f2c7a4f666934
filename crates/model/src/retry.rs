//! When a request that failed on one instance is sent to another.

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, settings::Settings};

/// How far the balancer goes to get a request answered. What never reached an instance (the connection was not accepted) always moves on;
/// what an instance may have begun is sent again only when its method is idempotent (RFC 9110 §9.2.2), and within the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryPolicy {
    /// Instances that one request tries at most, the first included.
    pub attempts: u32,
    /// Repeated requests of the last ten seconds, as a share of all of them; a hundred are always allowed, so that a quiet pool can
    /// repeat as well. The rule is Finagle's retry budget, which Linkerd took over.
    pub budget_percent: u32,
    /// An idempotent request goes on to another instance after so much silence, ms; 0 waits for the gateway's own read time-out. The
    /// last attempt always waits that long. As nginx's `proxy_read_timeout`, it also limits the silence within an answer.
    pub per_try_ms: u32,
}

impl RetryPolicy {
    /// More instances than this are not tried for one request.
    pub const MAX_ATTEMPTS: u32 = 5;
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 3,
            budget_percent: 20,
            per_try_ms: 0,
        }
    }
}

impl Settings for RetryPolicy {
    fn validate(&self) -> Result<(), InvalidValue> {
        InvalidValue::within("attempts", self.attempts, 1, Self::MAX_ATTEMPTS, "")?;
        InvalidValue::within("budget_percent", self.budget_percent, 0, 100, " %")?;
        InvalidValue::within("per_try_ms", self.per_try_ms, 0, 600_000, " ms")
    }

    fn describe(&self) -> Vec<(&'static str, String)> {
        vec![
            ("attempts", self.attempts.to_string()),
            ("retry budget", format!("{} %", self.budget_percent)),
            ("time per try", crate::settings::ms_or_off(self.per_try_ms)),
        ]
    }
}
