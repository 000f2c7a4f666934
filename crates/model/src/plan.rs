//! What a balancer is told to do. A plan is complete: applying it twice changes nothing.

use std::{fmt, net::SocketAddr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    AdminState, AffinityPolicy, Algorithm, BreakerHold, BreakerPolicy, DegradationPolicy, HealthCheck, InstanceId, InvalidValue,
    LimitPolicy, OutlierEjection, PoolId, RetryPolicy, UpstreamTls, Weight, settings::Settings,
};

/// An absolute URL path without query: starts with `/`, printable ASCII, at most 1024 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathPrefix(String);

impl PathPrefix {
    pub const MAX_BYTES: usize = 1024;

    /// # Errors
    /// [`InvalidValue`] on field `path`.
    pub fn new(path: impl Into<String>) -> Result<Self, InvalidValue> {
        let path = path.into();
        let printable = path
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'"' | b'<' | b'>' | b'\\'));
        if path.starts_with('/') && path.len() <= Self::MAX_BYTES && printable {
            Ok(Self(path))
        } else {
            Err(InvalidValue::new(
                "path",
                "must start with '/', have no query and at most 1024 printable ASCII characters",
            ))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whole segments: `/api` matches `/api` and `/api/x`, not `/apix`.
    pub fn matches(&self, path: &str) -> bool {
        path.strip_prefix(self.0.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PathPrefix {
    type Err = InvalidValue;
    fn from_str(s: &str) -> Result<Self, InvalidValue> {
        Self::new(s)
    }
}

impl TryFrom<String> for PathPrefix {
    type Error = InvalidValue;
    fn try_from(s: String) -> Result<Self, InvalidValue> {
        Self::new(s)
    }
}

impl From<PathPrefix> for String {
    fn from(path: PathPrefix) -> String {
        path.0
    }
}

/// A host name a route answers to: `shop.example.com`, or `*.example.com` for every name below it. Lower case, no port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern(String);

impl HostPattern {
    /// # Errors
    /// [`InvalidValue`] on field `host`.
    pub fn new(host: impl Into<String>) -> Result<Self, InvalidValue> {
        let host = host.into().to_ascii_lowercase();
        let name = host.strip_prefix("*.").unwrap_or(&host);
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !l.starts_with('-')
                && !l.ends_with('-')
        };
        if host.len() <= 253 && name.split('.').all(label) {
            Ok(Self(host))
        } else {
            Err(InvalidValue::new(
                "host",
                "must be a host name such as shop.example.com or *.example.com",
            ))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `host` as in the `Host` header, already without its port.
    pub fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix('*') {
            Some(suffix) => {
                host.len() > suffix.len()
                    && host.is_char_boundary(host.len() - suffix.len())
                    && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
            }
            None => host.eq_ignore_ascii_case(&self.0),
        }
    }

    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with('*')
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for HostPattern {
    type Error = InvalidValue;
    fn try_from(s: String) -> Result<Self, InvalidValue> {
        Self::new(s)
    }
}

impl From<HostPattern> for String {
    fn from(host: HostPattern) -> String {
        host.0
    }
}

/// Sends requests for a host and path to a pool. The most specific route wins: exact host before wildcard before any host, then the
/// longest path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Any host when absent.
    pub host: Option<HostPattern>,
    pub path: PathPrefix,
    pub pool: PoolId,
    #[serde(default)]
    pub priority: Priority,
    #[serde(default)]
    pub reuse: ReusePolicy,
}

/// Whether one answer may serve several requests of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct ReusePolicy {
    /// Identical GETs at the same time are fetched once.
    pub deduplicate: bool,
    /// How old an answer may be that is given while the pool is degraded or has none to give, seconds; 0 gives none.
    pub stale_s: u32,
}

impl ReusePolicy {
    /// A day.
    pub const STALE_S_MAX: u32 = 24 * 3_600;

    /// # Errors
    /// [`InvalidValue`] on field `stale_s`.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        InvalidValue::within("stale_s", self.stale_s, 0, Self::STALE_S_MAX, " s")
    }
}

/// What a degraded pool does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    #[default]
    Normal,
    Low,
}

/// Where an instance is checked when that is not the address that gets the requests: a port of its own, or another path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckTarget {
    pub address: SocketAddr,
    pub path: PathPrefix,
}

/// One instance as the balancer shall treat it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstancePlan {
    pub id: InstanceId,
    pub address: SocketAddr,
    pub weight: Weight,
    pub admin: AdminState,
    pub breaker: BreakerHold,
    /// In place of its address and the pool's path.
    #[serde(default)]
    pub check: Option<CheckTarget>,
}

/// One pool as the balancer shall treat it. `version` is the policy version it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolPlan {
    pub pool: PoolId,
    pub version: u64,
    pub algorithm: Algorithm,
    pub health_check: HealthCheck,
    pub outlier: OutlierEjection,
    pub affinity: AffinityPolicy,
    pub breaker: BreakerPolicy,
    pub breaker_hold: BreakerHold,
    pub retry: RetryPolicy,
    pub limits: LimitPolicy,
    pub degradation: DegradationPolicy,
    #[serde(default)]
    pub tls: UpstreamTls,
    pub instances: Vec<InstancePlan>,
}

impl PoolPlan {
    /// With every setting at its default.
    pub fn new(pool: PoolId, version: u64, algorithm: Algorithm, instances: Vec<InstancePlan>) -> Self {
        Self {
            pool,
            version,
            algorithm,
            health_check: HealthCheck::default(),
            outlier: OutlierEjection::default(),
            affinity: AffinityPolicy::default(),
            breaker: BreakerPolicy::default(),
            breaker_hold: BreakerHold::Auto,
            retry: RetryPolicy::default(),
            limits: LimitPolicy::default(),
            degradation: DegradationPolicy::default(),
            tls: UpstreamTls::default(),
            instances,
        }
    }

    /// # Errors
    /// The group of settings that is wrong, and its field.
    pub fn validate(&self) -> Result<(), (&'static str, InvalidValue)> {
        let groups: [(&str, &dyn Settings); 8] = [
            ("health check", &self.health_check),
            ("outlier ejection", &self.outlier),
            ("affinity", &self.affinity),
            ("breaker", &self.breaker),
            ("retry", &self.retry),
            ("limits", &self.limits),
            ("degradation", &self.degradation),
            ("tls", &self.tls),
        ];
        groups
            .into_iter()
            .try_for_each(|(name, group)| group.validate().map_err(|invalid| (name, invalid)))
    }
}

/// Everything the built-in gateway needs to serve.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GatewayPlan {
    pub routes: Vec<Route>,
    pub pools: Vec<PoolPlan>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_matches_whole_segments() {
        let api = PathPrefix::new("/api").unwrap();
        assert!(api.matches("/api") && api.matches("/api/x"));
        assert!(!api.matches("/apix") && !api.matches("/"));
        let root = PathPrefix::new("/").unwrap();
        assert!(root.matches("/") && root.matches("/anything"));
    }

    #[test]
    fn a_wildcard_host_matches_names_below_it_only() {
        let host = HostPattern::new("*.Example.com").unwrap();
        assert!(host.matches("a.example.com") && host.matches("a.b.EXAMPLE.com"));
        assert!(!host.matches("example.com") && !host.matches("badexample.com"));
    }

    #[test]
    fn hostile_paths_and_hosts_are_refused() {
        for bad in ["", "api", "/a b", "/a\n", "/é", "/a?b", "/<"] {
            assert!(PathPrefix::new(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "*", "a..b", "-a.com", "a_b", "a.com:80", "*.*.com", "ü.de"] {
            assert!(HostPattern::new(bad).is_err(), "{bad:?}");
        }
    }
}
