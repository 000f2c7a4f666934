//! `[[routes]]`: which host and path goes to which pool.

use model::{HostPattern, PathPrefix, PoolId, Priority, Route};
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
        }
    }
}
