//! What an operator puts on top of a policy for a while.

use serde::{Deserialize, Serialize};

use super::ScalingPolicy;
use crate::InvalidValue;

/// Longest hold: one that lasts is a policy.
const HOLD_MAX_MS: i64 = 30 * 86_400_000;

/// A hold ends by itself, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    #[serde(flatten)]
    pub kind: HoldKind,
    /// Unix time, ms.
    pub until_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hold", rename_all = "snake_case")]
pub enum HoldKind {
    /// No change.
    Pause,
    /// No more than now.
    PauseScaleOut,
    /// No less than now.
    PauseScaleIn,
    /// Exactly that many, within the policy's bounds.
    Pin { replicas: u32 },
}

impl Hold {
    pub const fn is_over(&self, now_ms: i64) -> bool {
        now_ms >= self.until_ms
    }

    /// # Errors
    /// An end that is past or further away than 30 days.
    pub fn validate(&self, now_ms: i64) -> Result<(), InvalidValue> {
        if (1..=HOLD_MAX_MS).contains(&self.until_ms.saturating_sub(now_ms)) {
            Ok(())
        } else {
            Err(InvalidValue::new("until_ms", "a hold ends later than now and within 30 days"))
        }
    }

    /// # Errors
    /// A pin outside the policy's bounds: it would not be what was asked for.
    pub fn fits(&self, policy: &ScalingPolicy) -> Result<(), InvalidValue> {
        match self.kind {
            HoldKind::Pin { replicas } => InvalidValue::within(
                "replicas",
                replicas,
                policy.min_replicas,
                policy.max_replicas,
                ", as the policy allows",
            ),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_has_an_end_that_is_near() {
        let pin = |until_ms| Hold {
            kind: HoldKind::Pin { replicas: 4 },
            until_ms,
        };
        assert!(pin(10).validate(10).is_err());
        assert!(pin(11).validate(10).is_ok());
        assert!(pin(HOLD_MAX_MS + 11).validate(10).is_err());
        assert!(pin(i64::MAX).validate(i64::MIN).is_err());
        let json = serde_json::to_string(&pin(11)).unwrap();
        assert_eq!(json, r#"{"hold":"pin","replicas":4,"until_ms":11}"#);
        assert_eq!(serde_json::from_str::<Hold>(&json).unwrap(), pin(11));
    }
}
