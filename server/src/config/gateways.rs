//! `[gateways]`: gateways on other hosts that serve by this console's plan.

use std::time::Duration;

use adapters::builtin::fleet::Limits;
use serde::{Deserialize, Serialize};

use super::{Key, Redacted, error::BadValue};

pub(super) const KEYS: &[Key] = &[
    Key::secret(
        "gateways.token",
        "16 to 256 letters, digits or any of - . _ ~ + / =, such as `openssl rand -hex 24` prints",
    ),
    Key::new("gateways.silent_after_s", "3 to 3600 seconds"),
    Key::new("gateways.max", "1 to 512 gateways"),
];

const TOKEN_MIN: usize = 16;
const TOKEN_MAX: usize = 256;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewaysSettings {
    /// What a gateway shows to be let in. Without it there are no gateways elsewhere.
    pub token: Option<Redacted>,
    /// A gateway that has not reported for so long is shown as silent. They report once a second.
    pub silent_after_s: u32,
    /// Known at once; silent ones are forgotten after an hour.
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

/// The characters of RFC 6750's `b64token`, so that it can stand in a header as it is; long enough not to be guessed.
pub(crate) fn check_token(token: &str) -> Result<(), &'static str> {
    if !token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)) {
        return Err("it has other characters");
    }
    match token.len() {
        0..TOKEN_MIN => Err("it is shorter than 16 characters"),
        TOKEN_MIN..=TOKEN_MAX => Ok(()),
        _ => Err("it is longer than 256 characters"),
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
