//! `[[pools]]`: one's own instances. Without any, three samples and traffic to them are started.

use model::{
    AffinityPolicy, Algorithm, BreakerPolicy, CheckKind, DegradationPolicy, HealthCheck, InstanceId, LimitPolicy, LoadPath,
    OutlierEjection, PathPrefix, PoolId, RetryPolicy, UpstreamTls, Weight,
};
use serde::{Deserialize, Serialize};

use super::{Key, service::ServiceRef};

pub(super) const KEYS: &[Key] = &[
    Key::new("pools[].id", "a name of a-z, 0-9, '-', '_' and '.', at most 63 characters"),
    Key::new("pools[].algorithm", super::gateway::ALGORITHMS),
    Key::new("pools[].health.kind", "http or tcp"),
    Key::new("pools[].health.path", "a path such as /health"),
    Key::new("pools[].health.interval_ms", "100 to 600000 milliseconds"),
    Key::new("pools[].health.jitter_percent", "0 to 50 percent"),
    Key::new("pools[].health.timeout_ms", "10 to 60000 milliseconds"),
    Key::new("pools[].health.rise", "1 to 100 passed checks in a row"),
    Key::new("pools[].health.fall", "1 to 100 failed checks in a row"),
    Key::new("pools[].health.slow_start_ms", "0 to 600000 milliseconds"),
    Key::new("pools[].health.panic_percent", "0 (never) to 100 percent"),
    Key::new("pools[].health.min_healthy", "0 to 10000 instances"),
    Key::new("pools[].outlier.failures", "0 (off) to 1000 in a row"),
    Key::new("pools[].outlier.base_ms", "100 to 3600000 milliseconds"),
    Key::new("pools[].outlier.max_ms", "base_ms to 86400000 milliseconds"),
    Key::new("pools[].outlier.max_percent", "0 to 100 percent"),
    Key::new("pools[].breaker.failures", "0 (off) to 100000"),
    Key::new("pools[].breaker.percent", "1 to 100 percent"),
    Key::new("pools[].breaker.window_ms", "1000 to 3600000 milliseconds"),
    Key::new("pools[].breaker.open_ms", "100 to 86400000 milliseconds"),
    Key::new("pools[].breaker.probes", "1 to 1000 requests"),
    Key::new("pools[].retry.attempts", "1 to 5 instances"),
    Key::new("pools[].retry.budget_percent", "0 to 100 percent"),
    Key::new("pools[].retry.per_try_ms", "0 (off) to 600000 milliseconds"),
    Key::new("pools[].affinity.kind", "none, cookie or client_ip"),
    Key::new("pools[].affinity.cookie", "1 to 64 letters, digits, '_', '-' or '.'"),
    Key::new("pools[].affinity.ttl_s", "1 to 31536000 seconds"),
    Key::new("pools[].limits.requests", "0 (off) to 1000000"),
    Key::new("pools[].limits.period_s", "1 to 86400 seconds"),
    Key::new("pools[].limits.burst", "1 to 1000000 requests"),
    Key::new("pools[].limits.in_flight", "0 (off) to 1000000 requests"),
    Key::new("pools[].limits.body_bytes", "0 (off) to 4294967295 bytes"),
    Key::new("pools[].degradation.in_flight", "0 (off) to 1000000 requests"),
    Key::new("pools[].degradation.p95_ms", "0 (off) to 3600000 milliseconds"),
    Key::new("pools[].degradation.error_percent", "0 (off) to 100 percent"),
    Key::new("pools[].degradation.after_s", "1 to 3600 seconds"),
    Key::new("pools[].degradation.recover_s", "1 to 3600 seconds"),
    Key::new("pools[].service", ServiceRef::FORM),
    Key::new("pools[].tls.on", "true or false"),
    Key::new("pools[].tls.name", "a host name such as web.internal, or an IP address"),
    Key::new("pools[].tls.ca", "the path of a PEM file with the authorities that are believed"),
    Key::new("pools[].tls.verify", "full or none"),
    Key::new(
        "pools[].instances[].id",
        "a name of a-z, 0-9, '-', '_' and '.', at most 63 characters",
    ),
    Key::new(
        "pools[].instances[].address",
        "a host and a port, such as 10.0.0.5:8080 or web-1.internal:8080",
    ),
    Key::new("pools[].instances[].zone", "1 to 63 visible characters"),
    Key::new("pools[].instances[].weight", "1 to 256"),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolSettings {
    pub id: PoolId,
    /// `gateway.algorithm` when absent.
    #[serde(default)]
    pub algorithm: Option<Algorithm>,
    #[serde(default)]
    pub health: HealthOverride,
    #[serde(default)]
    pub outlier: OutlierEjection,
    #[serde(default)]
    pub breaker: BreakerPolicy,
    #[serde(default)]
    pub retry: RetryPolicy,
    #[serde(default)]
    pub affinity: AffinityPolicy,
    #[serde(default)]
    pub limits: LimitPolicy,
    #[serde(default)]
    pub degradation: DegradationPolicy,
    /// To the instances.
    #[serde(default)]
    pub tls: UpstreamTls,
    /// Its endpoints are members beside the instances named here.
    #[serde(default)]
    pub service: Option<ServiceRef>,
    #[serde(default)]
    pub instances: Vec<InstanceSettings>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceSettings {
    pub id: InstanceId,
    /// Resolved once, when the console starts.
    pub address: String,
    #[serde(default)]
    pub zone: Option<String>,
    #[serde(default)]
    pub weight: Weight,
}

/// What a pool sets differently from `[health]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthOverride {
    pub kind: Option<CheckKind>,
    pub path: Option<PathPrefix>,
    pub load_path: Option<LoadPath>,
    pub interval_ms: Option<u32>,
    pub jitter_percent: Option<u32>,
    pub timeout_ms: Option<u32>,
    pub rise: Option<u8>,
    pub fall: Option<u8>,
    pub slow_start_ms: Option<u32>,
    pub panic_percent: Option<u32>,
    pub min_healthy: Option<u32>,
}

impl HealthOverride {
    pub fn over(&self, base: &HealthCheck) -> HealthCheck {
        HealthCheck {
            kind: self.kind.unwrap_or(base.kind),
            path: self.path.clone().unwrap_or_else(|| base.path.clone()),
            load_path: self.load_path.clone().unwrap_or_else(|| base.load_path.clone()),
            interval_ms: self.interval_ms.unwrap_or(base.interval_ms),
            jitter_percent: self.jitter_percent.unwrap_or(base.jitter_percent),
            timeout_ms: self.timeout_ms.unwrap_or(base.timeout_ms),
            rise: self.rise.unwrap_or(base.rise),
            fall: self.fall.unwrap_or(base.fall),
            slow_start_ms: self.slow_start_ms.unwrap_or(base.slow_start_ms),
            panic_percent: self.panic_percent.unwrap_or(base.panic_percent),
            min_healthy: self.min_healthy.unwrap_or(base.min_healthy),
        }
    }
}
