//! `[health]`: the active check of every pool that does not set its own. The group is [`model::HealthCheck`] itself.

use model::{HealthCheck, Settings};

use super::{Key, error::BadValue};

pub(super) const KEYS: &[Key] = &[
    Key::new("health.kind", "http or tcp"),
    Key::new("health.path", "a path such as /health"),
    Key::new("health.load_path", "a path such as /metrics, or empty"),
    Key::new("health.interval_ms", "100 to 600000 milliseconds"),
    Key::new("health.jitter_percent", "0 to 50 percent"),
    Key::new("health.timeout_ms", "10 to 60000 milliseconds"),
    Key::new("health.rise", "1 to 100 passed checks in a row"),
    Key::new("health.fall", "1 to 100 failed checks in a row"),
    Key::new("health.slow_start_ms", "0 to 600000 milliseconds"),
    Key::new("health.panic_percent", "0 (never) to 100 percent"),
    Key::new("health.min_healthy", "0 to 10000 instances"),
];

/// `group` is `health` or `pools[0].health`.
pub(super) fn check(group: &str, health: &HealthCheck) -> Result<(), BadValue> {
    health
        .validate()
        .map_err(|bad| BadValue::new(format!("{group}.{}", bad.field), bad.reason))
}
