//! `[gateways]`: gateways on other hosts that serve by this console's plan.

use std::time::Duration;

use adapters::builtin::fleet::Limits;
use serde::{Deserialize, Serialize};

use super::{
    Key, Redacted,
    error::BadValue,
    token::{TOKEN_ALLOWED, check_token},
};

pub(super) const KEYS: &[Key] = &[
    Key::secret("gateways.token", TOKEN_ALLOWED),
    Key::new("gateways.silent_after_s", "3 to 3600 seconds"),
    Key::new("gateways.max", "1 to 512 gateways"),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewaysSettings {
    /// What a gateway shows to be let in. Without it there are no gateways elsewhere.
    pub token: Option<Redacted>,
    /// A gateway that has not reported for so long is shown as silent. They report once a second.
    pub silent_after_s: u32,
    /// Known at once; silent ones are forgotten after an hour, or when their place is needed.
    pub max: u32,
}

impl Default for GatewaysSettings {
    fn default() -> Self {
        Self {
            token: None,
            silent_after_s: 5,
            max: 64,
        }
    }
}

impl GatewaysSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        if let Some(token) = &self.token {
            check_token(token.expose()).map_err(|why| BadValue::new("gateways.token", why))?;
        }
        BadValue::within("gateways.silent_after_s", self.silent_after_s, 3..=3_600)?;
        BadValue::within("gateways.max", self.max, 1..=512)
    }
}

impl From<&GatewaysSettings> for Limits {
    fn from(settings: &GatewaysSettings) -> Self {
        Self {
            silent_after: Duration::from_secs(settings.silent_after_s.into()),
            max: usize::try_from(settings.max).unwrap_or(usize::MAX),
        }
    }
}
