//! `[registry]`: instances that announce themselves. Off until a token is set.

use std::{fmt, net::SocketAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use control::{INSTANCES_MAX, RegistrySetup, access::BearerToken, decide::reach::Reach};
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Key, Network, Redacted,
    error::BadValue,
    list::one_or_many,
    token::{TOKEN_ALLOWED, check_token},
};

pub(super) const KEYS: &[Key] = &[
    Key::secret("registry.token", TOKEN_ALLOWED),
    Key::new(
        "registry.allow",
        "a list of addresses or networks instances may be at, such as [\"10.0.0.0/8\"]",
    ),
    Key::new("registry.ports", "a list of ports or ranges of them, such as [\"1024-65535\"]"),
    Key::new("registry.refresh_s", "1 to 3600 seconds, less than registry.expire_s"),
    Key::new("registry.expire_s", "2 to 86400 seconds"),
    Key::new("registry.max_instances", "1 to 2000 registered instances of one pool"),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrySettings {
    /// What an instance has to present; without one nobody may register.
    pub token: Option<Redacted>,
    /// Nobody while it is empty.
    #[serde(deserialize_with = "one_or_many")]
    pub allow: Vec<Network>,
    #[serde(deserialize_with = "ports")]
    pub ports: Vec<PortRange>,
    /// How often a heartbeat is asked for.
    pub refresh_s: u32,
    /// An instance that is not heard of for so long leaves its pool.
    pub expire_s: u32,
    /// Of one pool.
    pub max_instances: usize,
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self {
            token: None,
            allow: Vec::new(),
            ports: vec![PortRange(1024..=u16::MAX)],
            refresh_s: 30,
            expire_s: 60,
            max_instances: 200,
        }
    }
}

impl RegistrySettings {
    pub const fn is_on(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn check(&self) -> Result<(), BadValue> {
        if let Some(token) = &self.token {
            check_token(token.expose()).map_err(|why| BadValue::new("registry.token", why))?;
        }
        if self.ports.is_empty() {
            return Err(BadValue::new("registry.ports", "it is empty"));
        }
        BadValue::within("registry.expire_s", self.expire_s, 2..=86_400)?;
        BadValue::within("registry.refresh_s", self.refresh_s, 1..=self.expire_s.min(3_601) - 1)?;
        BadValue::within("registry.max_instances", self.max_instances, 1..=INSTANCES_MAX)
    }

    /// For a console that listens at `own` and is told to people as `url`; `None` while the registry is off.
    pub(crate) fn setup(&self, own: Vec<SocketAddr>, url: &str) -> Option<RegistrySetup> {
        let token = self.token.as_ref()?;
        Some(RegistrySetup {
            token: BearerToken::new(token.expose()),
            reach: Reach {
                networks: self.allow.iter().map(|network| network.net()).collect(),
                ports: self.ports.iter().map(|range| range.0.clone()).collect(),
                own,
            },
            refresh: Duration::from_secs(self.refresh_s.into()),
            expire: Duration::from_secs(self.expire_s.into()),
            max_instances: self.max_instances,
            url: format!("{url}/api/scalability/services/register"),
        })
    }
}

/// A port, or from one to another: `8080`, `9000-9100`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct PortRange(RangeInclusive<u16>);

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither a port nor a range of ports");
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong);
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (port(first)?, port(last)?),
            None => (port(text)?, port(text)?),
        };
        if first > last {
            return Err(wrong());
        }
        Ok(Self(first..=last))
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.0.start(), self.0.end());
        if first == last {
            write!(f, "{first}")
        } else {
            write!(f, "{first}-{last}")
        }
    }
}

impl From<PortRange> for String {
    fn from(range: PortRange) -> String {
        range.to_string()
    }
}

/// As [`one_or_many`], where a port alone may also be a number.
fn ports<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PortRange>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Item {
        Port(u16),
        Text(String),
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Items {
        Many(Vec<Item>),
        One(Item),
    }
    let text = |item: Item| match item {
        Item::Port(port) => port.to_string(),
        Item::Text(text) => text,
    };
    let texts = match Items::deserialize(deserializer)? {
        Items::Many(items) => items.into_iter().map(text).collect(),
        Items::One(item) => vec![text(item)],
    };
    let ranges = texts.iter().flat_map(|text| text.split(','));
    ranges.map(|range| range.trim().parse().map_err(serde::de::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_ports_reads_as_it_is_written() {
        for (text, shown) in [("8080", "8080"), ("9000-9100", "9000-9100"), (" 1 - 2 ", "1-2")] {
            assert_eq!(text.parse::<PortRange>().unwrap().to_string(), shown);
        }
        for bad in ["", "0", "65536", "9-8", "1-", "-1", "1-2-3", "web"] {
            assert!(bad.parse::<PortRange>().is_err(), "{bad}");
        }
    }
}
