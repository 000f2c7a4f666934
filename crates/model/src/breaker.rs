//! Circuit breakers: when an instance or a whole pool is spared, because most of what it is asked fails.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    InstanceId, InvalidValue,
    settings::{Settings, or_off},
    time::utc,
};

/// A breaker opens when within `window_ms` at least `failures` requests failed (5xx, or no proper answer) and they are at least `percent`
/// of all. After `open_ms` it lets `probes` requests through: it closes when all of them pass, and opens again with the first that fails.
/// When an instance's opens, the pool's own forgets the failures it has counted: what that instance failed says nothing about the others. Names and states are those of resilience4j's `CircuitBreaker`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerPolicy {
    /// 0 switches the breakers off.
    pub failures: u32,
    pub percent: u32,
    pub window_ms: u32,
    pub open_ms: u32,
    pub probes: u32,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            failures: 5,
            percent: 50,
            window_ms: 10_000,
            open_ms: 60_000,
            probes: 3,
        }
    }
}

impl Settings for BreakerPolicy {
    fn validate(&self) -> Result<(), InvalidValue> {
        InvalidValue::within("failures", self.failures, 0, 100_000, "")?;
        InvalidValue::within("percent", self.percent, 1, 100, " %")?;
        InvalidValue::within("window_ms", self.window_ms, 1_000, 3_600_000, " ms")?;
        InvalidValue::within("open_ms", self.open_ms, 100, 86_400_000, " ms")?;
        InvalidValue::within("probes", self.probes, 1, 1_000, "")
    }

    fn describe(&self) -> Vec<(&'static str, String)> {
        vec![
            ("breaker opens after", or_off(self.failures, " failures")),
            ("breaker failure share", format!("{} %", self.percent)),
            ("breaker window", format!("{} ms", self.window_ms)),
            ("breaker stays open", format!("{} ms", self.open_ms)),
            ("breaker probes", self.probes.to_string()),
        ]
    }
}

/// Whether an operator holds a breaker in one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "hold", rename_all = "snake_case")]
pub enum BreakerHold {
    /// It follows its own rule.
    #[default]
    Auto,
    /// Nothing passes, until `until_ms` (Unix time, ms) or until somebody lets go.
    Open { until_ms: Option<i64> },
    /// Everything passes until `until_ms` (Unix time, ms), whatever fails: never for ever, or it is forgotten.
    Closed { until_ms: i64 },
}

impl BreakerHold {
    /// A week: what is held longer is forgotten.
    const MINUTES_MAX: u32 = 7 * 24 * 60;

    /// `auto`, `open` or `closed`, and for how many minutes from `now_ms` (Unix time).
    ///
    /// # Errors
    /// The field that is wrong: `to` or `minutes`.
    pub fn parse(to: &str, minutes: Option<u32>, now_ms: i64) -> Result<Self, InvalidValue> {
        if let Some(minutes) = minutes {
            InvalidValue::within("minutes", minutes, 1, Self::MINUTES_MAX, "")?;
        }
        let until_ms = minutes.map(|minutes| now_ms + i64::from(minutes) * 60_000);
        match (to, until_ms) {
            ("auto", _) => Ok(Self::Auto),
            ("open", until_ms) => Ok(Self::Open { until_ms }),
            ("closed", Some(until_ms)) => Ok(Self::Closed { until_ms }),
            ("closed", None) => Err(InvalidValue::new("minutes", "say for how long: held closed, nothing is spared")),
            _ => Err(InvalidValue::new("to", "allowed: auto, open, closed")),
        }
    }

    /// Whether it has run out at `now_ms`, Unix time.
    pub const fn is_over(&self, now_ms: i64) -> bool {
        match self {
            Self::Auto => true,
            Self::Open { until_ms: Some(until_ms) } | Self::Closed { until_ms } => *until_ms <= now_ms,
            Self::Open { until_ms: None } => false,
        }
    }
}

impl fmt::Display for BreakerHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("automatic"),
            Self::Open { until_ms: None } => f.write_str("held open"),
            Self::Open { until_ms: Some(until_ms) } => write!(f, "held open until {}", utc(*until_ms)),
            Self::Closed { until_ms } => write!(f, "held closed until {}", utc(*until_ms)),
        }
    }
}

/// Which breaker of a pool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerTarget {
    Pool,
    Instance(InstanceId),
}

impl BreakerTarget {
    /// Instances with a comma between them, `*` for the pool's own.
    ///
    /// # Errors
    /// [`InvalidValue`] on field `targets`.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, InvalidValue> {
        text.split(',')
            .map(str::trim)
            .filter(|target| !target.is_empty())
            .map(|target| match target {
                "*" => Ok(Self::Pool),
                id => InstanceId::new(id)
                    .map(Self::Instance)
                    .map_err(|e| InvalidValue::new("targets", e.to_string())),
            })
            .collect()
    }

    /// As [`BreakerTarget::parse_list`] reads it.
    pub fn id(&self) -> &str {
        match self {
            Self::Pool => "*",
            Self::Instance(id) => id.as_str(),
        }
    }
}

/// Where a breaker stands. Ordered from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    Open,
    ForcedOpen,
    HalfOpen,
    ForcedClosed,
    Closed,
}

impl BreakerState {
    pub const ALL: [Self; 5] = [Self::Closed, Self::HalfOpen, Self::Open, Self::ForcedOpen, Self::ForcedClosed];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::ForcedOpen => "forced_open",
            Self::HalfOpen => "half_open",
            Self::ForcedClosed => "forced_closed",
            Self::Closed => "closed",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::ForcedOpen => "forced open",
            Self::HalfOpen => "half-open",
            Self::ForcedClosed => "forced closed",
            Self::Closed => "closed",
        }
    }

    /// One sentence for the legend.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Open => "most of what it was asked failed; nothing passes for a while",
            Self::ForcedOpen => "an operator holds it open; nothing passes",
            Self::HalfOpen => "a few requests pass to find out whether it works again",
            Self::ForcedClosed => "an operator holds it closed; everything passes, whatever fails",
            Self::Closed => "everything passes",
        }
    }
}

/// One breaker as the balancer reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreakerStatus {
    pub state: BreakerState,
    /// Unix time of the last transition, ms; of the gateway's start before the first.
    pub since_ms: i64,
    /// Unix time at which it goes on by itself, ms.
    pub until_ms: Option<i64>,
    /// Requests in the window, and how many of them failed.
    pub requests: u32,
    pub failures: u32,
    /// How often it has opened since the balancer started.
    pub opened: u64,
    /// Why it stands where it stands, in words; empty before the first transition.
    pub cause: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_runs_out_when_it_has_an_end() {
        assert!(BreakerHold::Auto.is_over(0));
        assert!(!BreakerHold::Open { until_ms: None }.is_over(i64::MAX));
        assert!(!BreakerHold::Closed { until_ms: 10 }.is_over(9) && BreakerHold::Closed { until_ms: 10 }.is_over(10));
    }

    #[test]
    fn targets_are_names_and_the_pool_itself() {
        let web = BreakerTarget::Instance("web-1".parse().unwrap());
        assert_eq!(BreakerTarget::parse_list("*, web-1,").unwrap(), [BreakerTarget::Pool, web]);
        assert!(BreakerTarget::parse_list("<b>").is_err());
    }

    #[test]
    fn holds_that_end_at_different_times_are_told_apart() {
        let words = |minutes| BreakerHold::parse("closed", Some(minutes), 0).unwrap().to_string();
        assert_eq!(words(15), "held closed until 1970-01-01 00:15:00 UTC");
        assert_ne!(words(15), words(60));
    }

    #[test]
    fn a_hold_is_parsed_with_the_end_it_needs() {
        assert_eq!(BreakerHold::parse("open", None, 5), Ok(BreakerHold::Open { until_ms: None }));
        assert_eq!(
            BreakerHold::parse("closed", Some(2), 5),
            Ok(BreakerHold::Closed { until_ms: 120_005 })
        );
        assert_eq!(BreakerHold::parse("auto", None, 5), Ok(BreakerHold::Auto));
        for (to, minutes) in [("closed", None), ("ajar", Some(1)), ("open", Some(0)), ("open", Some(100_000))] {
            assert!(BreakerHold::parse(to, minutes, 5).is_err(), "{to} {minutes:?}");
        }
    }

    #[test]
    fn the_worst_breaker_of_a_group_is_its_minimum() {
        assert_eq!(BreakerState::ALL.into_iter().min(), Some(BreakerState::Open));
    }
}
