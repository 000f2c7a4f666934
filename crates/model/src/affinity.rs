//! Whether a client comes back to the instance that served it before.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InstanceId, InvalidValue, settings::Settings};

/// By what a client is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AffinityKind {
    #[default]
    None,
    Cookie,
    ClientIp,
}

impl AffinityKind {
    pub const ALL: [Self; 3] = [Self::None, Self::Cookie, Self::ClientIp];

    pub const fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Cookie => "cookie",
            Self::ClientIp => "client_ip",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Cookie => "Cookie",
            Self::ClientIp => "Client address",
        }
    }
}

impl fmt::Display for AffinityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for AffinityKind {
    type Err = InvalidValue;

    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.id() == id)
            .ok_or_else(|| InvalidValue::new("kind", "allowed: none, cookie, client_ip"))
    }
}

/// A client is pinned to the instance that served it first, and to another one only when that one takes no requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AffinityPolicy {
    pub kind: AffinityKind,
    /// Name of the cookie.
    pub cookie: String,
    /// How long a client is remembered after its last request, s.
    pub ttl_s: u32,
}

impl Default for AffinityPolicy {
    fn default() -> Self {
        Self {
            kind: AffinityKind::None,
            cookie: "EVENKEEL_SESSION".to_owned(),
            ttl_s: 3_600,
        }
    }
}

impl AffinityPolicy {
    const COOKIE_MAX: usize = 64;
}

impl Settings for AffinityPolicy {
    fn validate(&self) -> Result<(), InvalidValue> {
        // A subset of RFC 6265's token that needs no quoting anywhere.
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if self.cookie.is_empty() || self.cookie.len() > Self::COOKIE_MAX || !self.cookie.bytes().all(plain) {
            return Err(InvalidValue::new("cookie", "must be 1 to 64 letters, digits, '_', '-' or '.'"));
        }
        InvalidValue::within("ttl_s", self.ttl_s, 1, 31_536_000, " s")
    }

    fn describe(&self) -> Vec<(&'static str, String)> {
        vec![
            ("affinity", self.kind.to_string()),
            ("affinity cookie", self.cookie.clone()),
            ("affinity lasts", format!("{} s", self.ttl_s)),
        ]
    }
}

/// One client and the instance it is pinned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The client's address, or the first digits of its session.
    pub client: String,
    pub instance: InstanceId,
    /// Unix time since when, ms.
    pub since_ms: i64,
}

/// A part of who is pinned where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pins {
    /// Of all clients that are remembered.
    pub total: u64,
    /// At most [`Pins::MAX`], the latest first.
    pub pins: Vec<Pin>,
}

impl Pins {
    pub const MAX: usize = 200;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_name_that_would_need_quoting_is_refused() {
        for bad in ["", "a b", "a=b", "a;b", "ü", "a\nb"] {
            let affinity = AffinityPolicy {
                cookie: bad.to_owned(),
                ..AffinityPolicy::default()
            };
            assert_eq!(affinity.validate().unwrap_err().field, "cookie", "{bad:?}");
        }
        assert!(AffinityPolicy::default().validate().is_ok());
    }
}
