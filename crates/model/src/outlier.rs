//! Passive health: what real requests say about an instance, between two checks.

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, settings::Settings};

/// When an instance that fails real requests gets none for a while. The names and the rule are Envoy's outlier detection: so many
/// failures in a row (5xx, or no proper answer), ejected for `base_ms`, doubling with each time in a row, and never more than
/// `max_percent` of a pool at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutlierEjection {
    /// 0 switches it off.
    pub failures: u16,
    pub base_ms: u32,
    /// The longest that doubling leads to.
    pub max_ms: u32,
    pub max_percent: u8,
}

impl Default for OutlierEjection {
    fn default() -> Self {
        Self {
            failures: 5,
            base_ms: 30_000,
            max_ms: 300_000,
            max_percent: 50,
        }
    }
}

impl Settings for OutlierEjection {
    fn validate(&self) -> Result<(), InvalidValue> {
        InvalidValue::within("failures", self.failures.into(), 0, 1_000, "")?;
        InvalidValue::within("base_ms", self.base_ms, 100, 3_600_000, " ms")?;
        InvalidValue::within("max_ms", self.max_ms, 100, 86_400_000, " ms")?;
        InvalidValue::within("max_percent", self.max_percent.into(), 0, 100, " %")?;
        if self.max_ms < self.base_ms {
            return Err(InvalidValue::new("max_ms", format!("is shorter than base_ms, {} ms", self.base_ms)));
        }
        Ok(())
    }

    fn describe(&self) -> Vec<(&'static str, String)> {
        let after = match self.failures {
            0 => "never".to_owned(),
            failures => format!("{failures} failures"),
        };
        vec![
            ("ejected after", after),
            ("ejected for", format!("{} ms", self.base_ms)),
            ("ejected for at most", format!("{} ms", self.max_ms)),
            ("ejected at once at most", format!("{} %", self.max_percent)),
        ]
    }
}

impl OutlierEjection {
    /// How long the `times`-th ejection in a row lasts, ms; the first is 1.
    pub fn duration_ms(&self, times: u32) -> u64 {
        let doubled = u64::from(self.base_ms) << times.saturating_sub(1).min(32);
        doubled.min(self.max_ms.into())
    }

    /// Whether one more of `members` may be ejected when `ejected` are.
    pub fn allows(&self, ejected: usize, members: usize) -> bool {
        (ejected + 1) * 100 <= members * usize::from(self.max_percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_in_a_row_is_twice_as_long_up_to_the_longest() {
        let outlier = OutlierEjection::default();
        let lasts: Vec<_> = [1, 2, 3, 4, 5, 60].map(|times| outlier.duration_ms(times) / 1_000).into();
        assert_eq!(lasts, [30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn at_most_half_of_a_pool_is_ejected() {
        let outlier = OutlierEjection::default();
        assert!(!outlier.allows(0, 1) && outlier.allows(0, 2) && !outlier.allows(1, 3) && outlier.allows(1, 4));
        assert!(!OutlierEjection { max_percent: 0, ..outlier }.allows(0, 100));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let outlier = OutlierEjection {
            max_ms: 1_000,
            ..OutlierEjection::default()
        };
        assert_eq!(outlier.validate().unwrap_err().field, "max_ms");
        assert!(OutlierEjection::default().validate().is_ok());
    }
}
