//! What is intended for a pool: its policy, versioned.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    AffinityPolicy, Algorithm, BreakerHold, BreakerPolicy, DegradationPolicy, InstanceId, LimitPolicy, OutlierEjection, PathPrefix, PoolId,
    RetryPolicy,
    settings::{Settings, or_off},
};

/// A value outside what is allowed; `field` is the name a form or settings file uses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{field}: {reason}")]
pub struct InvalidValue {
    pub field: String,
    pub reason: String,
}

impl InvalidValue {
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// # Errors
    /// When `value` is not between `min` and `max`.
    pub fn within(field: &str, value: u32, min: u32, max: u32, unit: &str) -> Result<(), Self> {
        if (min..=max).contains(&value) {
            Ok(())
        } else {
            Err(Self::new(field, format!("{value} is not between {min} and {max}{unit}")))
        }
    }
}

/// Share of an instance relative to the others of its pool: 1 to 256, as HAProxy's `weight`. Taking an instance out is
/// [`AdminState`]'s job, so there is no 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Weight(u16);

impl Weight {
    pub const MIN: u16 = 1;
    pub const MAX: u16 = 256;
    pub const ONE: Self = Self(1);

    /// # Errors
    /// [`InvalidValue`] on field `weight` outside 1 to 256.
    pub fn new(weight: u16) -> Result<Self, InvalidValue> {
        if (Self::MIN..=Self::MAX).contains(&weight) {
            Ok(Self(weight))
        } else {
            Err(InvalidValue::new(
                "weight",
                format!("{weight} is not between {} and {}", Self::MIN, Self::MAX),
            ))
        }
    }

    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self::ONE
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<u16> for Weight {
    type Error = InvalidValue;
    fn try_from(weight: u16) -> Result<Self, InvalidValue> {
        Self::new(weight)
    }
}

impl From<Weight> for u16 {
    fn from(weight: Weight) -> u16 {
        weight.0
    }
}

/// What an operator intends for an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminState {
    /// Serves when healthy.
    #[default]
    Ready,
    /// Gets no new requests, finishes those in flight; still checked.
    Drain,
    /// Gets no requests; checks are shown but cause no events.
    Maintenance,
}

impl AdminState {
    pub const ALL: [Self; 3] = [Self::Ready, Self::Drain, Self::Maintenance];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Drain => "drain",
            Self::Maintenance => "maintenance",
        }
    }
}

impl fmt::Display for AdminState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for AdminState {
    type Err = InvalidValue;

    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .into_iter()
            .find(|s| s.id() == id)
            .ok_or_else(|| InvalidValue::new("admin", "allowed: ready, drain, maintenance"))
    }
}

/// How an instance is asked whether it is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// `GET path`: 2xx and 3xx pass.
    #[default]
    Http,
    /// A connection that is accepted passes; nothing is sent.
    Tcp,
}

impl CheckKind {
    pub const ALL: [Self; 2] = [Self::Http, Self::Tcp];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tcp => "tcp",
        }
    }
}

/// The path of a page in Prometheus' text format with an instance's load; empty for none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoadPath(Option<PathPrefix>);

impl LoadPath {
    pub const fn get(&self) -> Option<&PathPrefix> {
        self.0.as_ref()
    }
}

impl fmt::Display for LoadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref().map_or("none", PathPrefix::as_str))
    }
}

impl TryFrom<String> for LoadPath {
    type Error = InvalidValue;

    fn try_from(path: String) -> Result<Self, InvalidValue> {
        if path.is_empty() {
            return Ok(Self(None));
        }
        let path = PathPrefix::new(path).map_err(|bad| InvalidValue::new("load_path", bad.reason))?;
        Ok(Self(Some(path)))
    }
}

impl From<LoadPath> for String {
    fn from(path: LoadPath) -> String {
        path.0.map(String::from).unwrap_or_default()
    }
}

/// Active check of every instance of a pool, and what the pool makes of the results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthCheck {
    pub kind: CheckKind,
    /// For [`CheckKind::Http`].
    pub path: PathPrefix,
    /// Where an instance that passed the check reports its load, besides the check's own answer.
    pub load_path: LoadPath,
    pub interval_ms: u32,
    /// Each interval is longer or shorter by up to this share, so that many gateways do not check in one breath.
    pub jitter_percent: u32,
    pub timeout_ms: u32,
    /// Passed checks in a row until a down instance is up.
    pub rise: u8,
    /// Failed checks in a row until an up instance is down.
    pub fall: u8,
    /// How long an instance that was down takes to get its whole share again, ms; 0 gives it at once.
    pub slow_start_ms: u32,
    /// With a smaller share of the pool in service, its health is ignored and everybody who is ready gets requests (Envoy's panic
    /// mode): better some that fail than the rest crushed. 0 never panics.
    pub panic_percent: u32,
    /// An operator cannot take an instance out when fewer than this would be left in service; of a smaller pool, all but one.
    pub min_healthy: u32,
}

impl Default for HealthCheck {
    /// The preset for instances next to the gateway; remote fleets use an interval of 30 s.
    fn default() -> Self {
        Self {
            kind: CheckKind::Http,
            path: PathPrefix::new("/health").expect("a constant path is valid"),
            load_path: LoadPath::default(),
            interval_ms: 1_000,
            jitter_percent: 10,
            timeout_ms: 5_000,
            rise: 2,
            fall: 3,
            slow_start_ms: 10_000,
            panic_percent: 0,
            min_healthy: 2,
        }
    }
}

impl Settings for HealthCheck {
    fn validate(&self) -> Result<(), InvalidValue> {
        let within = InvalidValue::within;
        within("interval_ms", self.interval_ms, 100, 600_000, " ms")?;
        within("jitter_percent", self.jitter_percent, 0, 50, " %")?;
        within("timeout_ms", self.timeout_ms, 10, 60_000, " ms")?;
        within("rise", self.rise.into(), 1, 100, "")?;
        within("fall", self.fall.into(), 1, 100, "")?;
        within("slow_start_ms", self.slow_start_ms, 0, 600_000, " ms")?;
        within("panic_percent", self.panic_percent, 0, 100, " %")?;
        within("min_healthy", self.min_healthy, 0, 10_000, "")
    }

    fn describe(&self) -> Vec<(&'static str, String)> {
        vec![
            ("health check", self.kind.id().to_owned()),
            ("health check path", self.path.to_string()),
            ("load page", self.load_path.to_string()),
            ("health check interval", format!("{} ms", self.interval_ms)),
            ("health check jitter", format!("{} %", self.jitter_percent)),
            ("health check timeout", format!("{} ms", self.timeout_ms)),
            ("health check rise", self.rise.to_string()),
            ("health check fall", self.fall.to_string()),
            ("slow start", format!("{} ms", self.slow_start_ms)),
            ("panic below", or_off(self.panic_percent, " %")),
            ("min healthy", self.min_healthy.to_string()),
        ]
    }
}

impl HealthCheck {
    /// How many of `members` have to stay in service when an operator takes one out.
    pub fn must_stay(&self, members: u32) -> u32 {
        self.min_healthy.min(members.saturating_sub(1).max(1))
    }

    /// A load report comes with each check; one older than this, ms, is not used: three were missed.
    pub fn report_stale_ms(&self) -> i64 {
        3 * i64::from(self.interval_ms) + i64::from(self.timeout_ms)
    }
}

/// What is intended for one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InstancePolicy {
    pub weight: Weight,
    pub admin: AdminState,
    pub breaker: BreakerHold,
}

/// Everything an operator can set for a pool. Instances without an entry have the default weight and are ready.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PoolPolicy {
    pub algorithm: Algorithm,
    pub health_check: HealthCheck,
    pub outlier: OutlierEjection,
    pub affinity: AffinityPolicy,
    pub breaker: BreakerPolicy,
    /// Of the pool's own breaker.
    pub breaker_hold: BreakerHold,
    pub retry: RetryPolicy,
    pub limits: LimitPolicy,
    pub degradation: DegradationPolicy,
    pub instances: BTreeMap<InstanceId, InstancePolicy>,
}

impl PoolPolicy {
    pub fn instance(&self, id: &InstanceId) -> InstancePolicy {
        self.instances.get(id).copied().unwrap_or_default()
    }
}

/// The policy in force, with its version: 1 when first written, one more with every change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolIntent {
    pub pool: PoolId,
    pub version: u64,
    pub policy: PoolPolicy,
    /// Unix time of the last change, ms.
    pub changed_at_ms: i64,
    /// Who made it; absent for what the settings file set.
    pub changed_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_outside_their_range_are_refused_by_name() {
        assert_eq!(Weight::new(0).unwrap_err().to_string(), "weight: 0 is not between 1 and 256");
        assert!(serde_json::from_str::<Weight>("257").is_err());
        assert_eq!(serde_json::from_str::<Weight>("256").unwrap().get(), 256);
    }

    #[test]
    fn a_health_check_names_its_bad_field() {
        let check = HealthCheck {
            fall: 0,
            ..HealthCheck::default()
        };
        assert_eq!(check.validate().unwrap_err().field, "fall");
        assert!(HealthCheck::default().validate().is_ok());
    }

    #[test]
    fn one_of_a_small_pool_may_go_but_not_the_only_one() {
        let check = HealthCheck::default();
        let must_stay: Vec<_> = (0..6).map(|members| check.must_stay(members)).collect();
        assert_eq!(must_stay, [1, 1, 1, 2, 2, 2]);
        let none = HealthCheck { min_healthy: 0, ..check };
        assert_eq!(none.must_stay(1), 0);
    }
}
