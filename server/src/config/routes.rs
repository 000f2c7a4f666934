//! `[[routes]]`: which host and path goes to which pool.

use model::{HostPattern, PathPrefix, PoolId, Priority, ReusePolicy, Route};
use serde::{Deserialize, Serialize};

use super::Key;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "routes[].host",
        "a host name such as shop.example.com or *.example.com; any host when absent",
    ),
    Key::new("routes[].path", "a path such as /api, matched by whole segments"),
    Key::new("routes[].pool", "the id of one of the [[pools]]"),
    Key::new("routes[].priority", "normal or low"),
    Key::new("routes[].deduplicate", "true or false"),
    Key::new("routes[].stale_s", "0 (never) to 86400 seconds"),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSettings {
    #[serde(default)]
    pub host: Option<HostPattern>,
    #[serde(default = "root")]
    pub path: PathPrefix,
    pub pool: PoolId,
    /// What a degraded pool does without.
    #[serde(default)]
    pub priority: Priority,
    /// Identical GETs at the same time are fetched once.
    #[serde(default)]
    pub deduplicate: bool,
    /// How old an answer may be that is given while the pool has no better one.
    #[serde(default)]
    pub stale_s: u32,
}

fn root() -> PathPrefix {
    PathPrefix::new("/").expect("a constant path is valid")
}

impl From<&RouteSettings> for Route {
    fn from(settings: &RouteSettings) -> Self {
        Self {
            host: settings.host.clone(),
            path: settings.path.clone(),
            pool: settings.pool.clone(),
            priority: settings.priority,
            reuse: ReusePolicy {
                deduplicate: settings.deduplicate,
                stale_s: settings.stale_s,
            },
        }
    }
}
