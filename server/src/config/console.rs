//! `[console]`: where the console listens and how it is reached.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Key, list::one_or_many};

pub(super) const KEYS: &[Key] = &[
    Key::new("console.listen", "an IP address and a port, such as 127.0.0.1:3000"),
    Key::new(
        "console.public_url",
        "the address people type, http or https without a path, such as https://ops.example.com",
    ),
    Key::new(
        "console.advertise",
        "where other consoles on the same database reach this one, http or https without a path, such as http://10.0.0.5:3000",
    ),
    Key::new(
        "console.trusted_proxies",
        "a list of addresses or networks whose X-Forwarded-For is believed, such as [\"10.0.0.0/8\"]",
    ),
    Key::new("console.site_root", "the directory that `cargo xtask site` filled"),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleSettings {
    pub listen: SocketAddr,
    pub public_url: Option<PublicUrl>,
    /// Default: where it listens, if that is one address.
    pub advertise: Option<PublicUrl>,
    #[serde(deserialize_with = "one_or_many")]
    pub trusted_proxies: Vec<Network>,
    /// Default: `site` beside the executable or one directory above it.
    pub site_root: Option<PathBuf>,
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            public_url: None,
            advertise: None,
            trusted_proxies: Vec::new(),
            site_root: None,
        }
    }
}

/// `http` or `https`, a host, perhaps a port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl(Url);

impl PublicUrl {
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// As in the `Host` header, without the port; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// As browsers write it into `Origin`.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|e| e.to_string())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err("it must start with http:// or https://".into());
        }
        if !bare || url.password().is_some() {
            return Err("it must have no path, query or user".into());
        }
        Ok(Self(url))
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> String {
        url.origin()
    }
}

/// One address or a network in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    pub const fn net(self) -> IpNet {
        self.0
    }

    /// An IPv4 address that arrives over IPv6 (`::ffff:10.0.0.1`) is treated as the IPv4 address it is.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.0.contains(&ip.to_canonical())
    }
}

impl FromStr for Network {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map(Self)
            .map_err(|_| format!("{text:?} is neither an address nor a network"))
    }
}

impl TryFrom<String> for Network {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin_and_nothing_more() {
        let url: PublicUrl = "https://Ops.Example.com:8443".parse().unwrap();
        assert_eq!(
            (url.host(), url.origin().as_str()),
            ("ops.example.com", "https://ops.example.com:8443")
        );
        assert!(url.is_https());
        for bad in [
            "ops.example.com",
            "ftp://a",
            "https://a/b",
            "https://a?x",
            "https://me:pw@a",
            "https://",
        ] {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_network_contains_its_addresses_also_mapped_ones() {
        let net = Network::try_from("10.0.0.0/8".to_owned()).unwrap();
        assert!(net.contains("10.1.2.3".parse().unwrap()) && net.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!net.contains("11.0.0.1".parse().unwrap()));
        assert!(
            Network::try_from("10.0.0.1".to_owned())
                .unwrap()
                .contains("10.0.0.1".parse().unwrap())
        );
        assert!(Network::try_from("proxy".to_owned()).is_err());
    }
}
