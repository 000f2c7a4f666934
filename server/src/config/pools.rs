//! `[[pools]]`: one's own instances. Without any, three samples and traffic to them are started.

use model::{Algorithm, HealthCheck, InstanceId, PathPrefix, PoolId, Weight};
use serde::{Deserialize, Serialize};

use super::Key;

pub(super) const KEYS: &[Key] = &[
    Key::new("pools[].id", "a name of a-z, 0-9, '-', '_' and '.', at most 63 characters"),
    Key::new("pools[].algorithm", super::gateway::ALGORITHMS),
    Key::new("pools[].health.path", "a path such as /health"),
    Key::new("pools[].health.interval_ms", "100 to 600000 milliseconds"),
    Key::new("pools[].health.timeout_ms", "10 to 60000 milliseconds"),
    Key::new("pools[].health.rise", "1 to 100 passed checks in a row"),
    Key::new("pools[].health.fall", "1 to 100 failed checks in a row"),
    Key::new("pools[].health.slow_start_ms", "0 to 600000 milliseconds"),
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
    pub path: Option<PathPrefix>,
    pub interval_ms: Option<u32>,
    pub timeout_ms: Option<u32>,
    pub rise: Option<u8>,
    pub fall: Option<u8>,
    pub slow_start_ms: Option<u32>,
}

impl HealthOverride {
    pub fn over(&self, base: &HealthCheck) -> HealthCheck {
        HealthCheck {
            path: self.path.clone().unwrap_or_else(|| base.path.clone()),
            interval_ms: self.interval_ms.unwrap_or(base.interval_ms),
            timeout_ms: self.timeout_ms.unwrap_or(base.timeout_ms),
            rise: self.rise.unwrap_or(base.rise),
            fall: self.fall.unwrap_or(base.fall),
            slow_start_ms: self.slow_start_ms.unwrap_or(base.slow_start_ms),
        }
    }
}
