//! What a registration may make the console and its gateway connect to. Everything is refused that the settings do not name, and some
//! addresses always: a registration is a request from outside to send requests inside (SSRF).
//!
//! A name is looked up once. Every address it stands for has to be allowed, and one of them is kept in its place, so that an answer which
//! changes later (DNS rebinding) changes nothing.
//!
//! Which addresses are this machine's own is asked of a function that is handed in: a listener on all addresses is on each of them.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
};

use ipnet::IpNet;
use model::{InvalidValue, PathPrefix};
use url::{Host, Url};

/// Longest address that is looked at: the longest host name, a port, and a path beside it.
pub const TEXT_MAX_BYTES: usize = 512;

/// Addresses of one name that are looked at; a name with more is refused.
pub const ADDRESSES_MAX: usize = 32;

/// What may be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// Nobody, when empty.
    pub networks: Vec<IpNet>,
    pub ports: Vec<RangeInclusive<u16>>,
    /// Where this console and its gateway listen: an instance there would be a loop, or a way around the console's own checks.
    pub own: Vec<SocketAddr>,
}

/// A host and a port as somebody wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub host: Host<String>,
    pub port: u16,
}

/// An address: `host:port` or `http://host:port`.
///
/// # Errors
/// [`InvalidValue`] on `field`.
pub fn endpoint(field: &str, text: &str) -> Result<Endpoint, InvalidValue> {
    let (endpoint, path) = parse(field, text)?;
    if path != "/" {
        return Err(InvalidValue::new(
            field,
            "must have no path; requests keep their own. Where it is checked is health_url",
        ));
    }
    Ok(endpoint)
}

/// Where an instance is checked: `http://host:port/path`.
///
/// # Errors
/// [`InvalidValue`] on `field`.
pub fn health_url(field: &str, text: &str) -> Result<(Endpoint, PathPrefix), InvalidValue> {
    let (endpoint, path) = parse(field, text)?;
    let path = PathPrefix::new(path).map_err(|bad| InvalidValue::new(field, bad.reason))?;
    Ok((endpoint, path))
}

fn parse(field: &str, text: &str) -> Result<(Endpoint, String), InvalidValue> {
    let wrong = |why: &str| InvalidValue::new(field, why);
    // The URL parser drops line breaks and tabs without a word.
    if text.is_empty() || text.len() > TEXT_MAX_BYTES || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong("must have 1 to 512 printable ASCII characters without spaces"));
    }
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("http://{text}"))
    };
    let url = url.map_err(|e| wrong(&format!("is not host:port or http://host:port ({e})")))?;
    if url.scheme() != "http" {
        return Err(wrong(
            "must be http: whether instances are spoken to over TLS is the pool's setting (tls), and a health_url is checked without",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return Err(wrong("must not hold a user or a password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must have no query and no fragment"));
    }
    let host = url.host().ok_or_else(|| wrong("has no host"))?.to_owned();
    let port = url.port_or_known_default().ok_or_else(|| wrong("has no port"))?;
    Ok((Endpoint { host, port }, url.path().to_owned()))
}

impl Reach {
    /// The one address to use from now on, given all that the host stands for: `kept`, which was used until now, while it is among them;
    /// else the smallest, so that answers in another order (round robin) change nothing.
    ///
    /// # Errors
    /// [`InvalidValue`] on `field`, with the setting that does not allow it.
    pub fn pin(
        &self,
        field: &str,
        port: u16,
        addresses: &[IpAddr],
        kept: Option<IpAddr>,
        is_local: impl Fn(IpAddr) -> bool,
    ) -> Result<SocketAddr, InvalidValue> {
        let wrong = |why: String| InvalidValue::new(field, why);
        if addresses.len() > ADDRESSES_MAX {
            return Err(wrong(format!("stands for more than {ADDRESSES_MAX} addresses")));
        }
        for address in addresses {
            self.permits(SocketAddr::new(*address, port), &is_local).map_err(wrong)?;
        }
        let canonical = || addresses.iter().map(IpAddr::to_canonical);
        let pinned = canonical().find(|ip| kept == Some(*ip)).or_else(|| canonical().min());
        let pinned = pinned.ok_or_else(|| wrong("stands for no address".to_owned()))?;
        Ok(SocketAddr::new(pinned, port))
    }

    /// # Errors
    /// Why not, as the end of a sentence about the address.
    pub fn permits(&self, address: SocketAddr, is_local: impl Fn(IpAddr) -> bool) -> Result<(), String> {
        let (ip, port) = (address.ip().to_canonical(), address.port());
        if let Some(what) = never(ip) {
            return Err(format!("{ip} is {what}, which no setting allows"));
        }
        if self.networks.is_empty() {
            return Err("registry.allow names no network, so nobody may register".to_owned());
        }
        if !self.networks.iter().any(|network| network.contains(&ip)) {
            return Err(format!("{ip} is not in registry.allow"));
        }
        if !self.ports.iter().any(|range| range.contains(&port)) {
            return Err(format!("port {port} is not in registry.ports"));
        }
        let is_there = |own: SocketAddr| own.ip().to_canonical() == ip || (own.ip().is_unspecified() && (ip.is_loopback() || is_local(ip)));
        if self.own.iter().any(|own| own.port() == port && is_there(*own)) {
            return Err(format!("{ip}:{port} is this console or its gateway"));
        }
        Ok(())
    }
}

/// What the address is, when no list can allow it.
fn never(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => never_v4(ip),
        IpAddr::V6(ip) => never_v6(ip),
    }
}

fn never_v4(ip: Ipv4Addr) -> Option<&'static str> {
    // Where Alibaba, Oracle and Azure (WireServer) keep theirs; everybody else's is link-local.
    const METADATA: [Ipv4Addr; 3] = [
        Ipv4Addr::new(100, 100, 100, 200),
        Ipv4Addr::new(192, 0, 0, 192),
        Ipv4Addr::new(168, 63, 129, 16),
    ];
    match ip.octets() {
        [0, ..] => Some("unspecified"),
        [169, 254, ..] => Some("link-local"),
        [224..=239, ..] => Some("multicast"),
        [240..=255, ..] => Some("reserved or broadcast"),
        _ if METADATA.contains(&ip) => Some("a cloud's metadata service"),
        _ => None,
    }
}

fn never_v6(ip: Ipv6Addr) -> Option<&'static str> {
    match ip.segments() {
        _ if ip.is_loopback() => None,
        // Where AWS (instance metadata, time, pod identity) and Google keep theirs.
        [0xfd00, 0xec2, ..] | [0xfd20, 0xce, ..] => Some("a cloud's metadata service"),
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("unspecified"),
        // IPv4-compatible, IPv4-translated (RFC 2765), NAT64 (RFC 6052, RFC 8215), 6to4 and Teredo lead to an IPv4 address that was not
        // looked at.
        [0, 0, 0, 0, 0 | 0xffff, 0, ..] | [0x64, 0xff9b, ..] | [0x2002, ..] | [0x2001, 0, ..] => Some("another address in disguise"),
        _ if ip.is_unicast_link_local() => Some("link-local"),
        _ if ip.is_multicast() => Some("multicast"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reach(networks: &[&str]) -> Reach {
        Reach {
            networks: networks.iter().map(|n| n.parse().unwrap()).collect(),
            ports: vec![1024..=65_535],
            own: vec!["0.0.0.0:8080".parse().unwrap(), "127.0.0.1:3000".parse().unwrap()],
        }
    }

    /// This machine has one address beside the loopback.
    fn is_local(ip: IpAddr) -> bool {
        ip == IpAddr::from([10, 0, 0, 1])
    }

    fn everything() -> Reach {
        Reach {
            ports: vec![0..=u16::MAX],
            own: Vec::new(),
            ..reach(&["0.0.0.0/0", "::/0"])
        }
    }

    /// What becomes of an address that is written with numbers.
    fn pinned(reach: &Reach, text: &str) -> Result<String, String> {
        let endpoint = endpoint("address", text).map_err(|e| e.reason)?;
        let ip = match endpoint.host {
            Host::Ipv4(ip) => IpAddr::from(ip),
            Host::Ipv6(ip) => IpAddr::from(ip),
            Host::Domain(name) => return Err(format!("{name} is a name")),
        };
        reach
            .pin("address", endpoint.port, &[ip], None, is_local)
            .map(|a| a.to_string())
            .map_err(|e| e.reason)
    }

    #[test]
    fn every_spelling_of_an_address_is_the_address_it_stands_for() {
        let allowed = everything();
        for text in [
            "10.0.0.5:9000",
            "http://10.0.0.5:9000",
            "HTTP://10.0.0.5:9000/",
            "0x0a.0.0.5:9000",
            "167772165:9000",
            "012.0.0.5:9000",
            "10.5:9000",
            "[::ffff:10.0.0.5]:9000",
            "[::ffff:a00:5]:9000",
        ] {
            assert_eq!(pinned(&allowed, text).as_deref(), Ok("10.0.0.5:9000"), "{text}");
        }
        assert_eq!(pinned(&allowed, "[2001:db8::5]:9000").as_deref(), Ok("[2001:db8::5]:9000"));
    }

    #[test]
    fn what_no_setting_can_allow_is_refused_however_it_is_written() {
        for text in [
            "169.254.169.254:80",
            "169.254.0.1:9000",
            "0xa9fea9fe:80",
            "2852039166:80",
            "[::ffff:169.254.169.254]:80",
            "[::ffff:a9fe:a9fe]:80",
            "[::169.254.169.254]:80",
            "[64:ff9b::a9fe:a9fe]:80",
            "[64:ff9b:1::a9fe:a9fe]:80",
            "[::ffff:0:169.254.169.254]:80",
            "[::ffff:0:10.0.0.5]:80",
            "[2002:a9fe:a9fe::1]:80",
            "[2001:0:a9fe:a9fe::1]:80",
            "[fe80::1]:80",
            "[fd00:ec2::254]:80",
            "[fd00:ec2::23]:80",
            "[fd20:ce::254]:80",
            "100.100.100.200:80",
            "168.63.129.16:80",
            "[::ffff:168.63.129.16]:32526",
            "192.0.0.192:80",
            "0.0.0.0:80",
            "0.1.2.3:80",
            "[::]:80",
            "[::ffff:0.0.0.0]:80",
            "224.0.0.1:80",
            "[ff02::1]:80",
            "255.255.255.255:80",
            "240.0.0.1:80",
        ] {
            let refused = pinned(&everything(), text).unwrap_err();
            assert!(refused.contains("which no setting allows"), "{text}: {refused}");
        }
    }

    #[test]
    fn what_the_settings_do_not_name_is_refused_with_the_setting() {
        let one = reach(&["10.0.0.0/24", "127.0.0.0/8"]);
        for (text, reason) in [
            ("10.0.1.5:9000", "10.0.1.5 is not in registry.allow"),
            ("[::1]:9000", "::1 is not in registry.allow"),
            ("[::ffff:10.0.1.5]:9000", "10.0.1.5 is not in registry.allow"),
            ("10.0.0.5:22", "port 22 is not in registry.ports"),
            ("http://10.0.0.5", "port 80 is not in registry.ports"),
            ("127.0.0.1:3000", "127.0.0.1:3000 is this console or its gateway"),
            ("127.0.0.2:8080", "127.0.0.2:8080 is this console or its gateway"),
            ("10.0.0.1:8080", "10.0.0.1:8080 is this console or its gateway"),
            ("[::ffff:10.0.0.1]:8080", "10.0.0.1:8080 is this console or its gateway"),
        ] {
            assert_eq!(pinned(&one, text).unwrap_err(), reason);
        }
        for text in ["127.0.0.2:3000", "10.0.0.5:3000", "10.0.0.5:8080", "10.0.0.1:3000"] {
            assert!(pinned(&one, text).is_ok(), "{text}");
        }
        let refused = pinned(&reach(&[]), "10.0.0.5:9000").unwrap_err();
        assert!(refused.starts_with("registry.allow names no network"), "{refused}");
    }

    #[test]
    fn one_address_that_is_not_allowed_spoils_the_name() {
        let reach = reach(&["10.0.0.0/24"]);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let pin = |addresses: &[IpAddr]| reach.pin("address", 9000, addresses, None, is_local);
        assert_eq!(pin(&[ip("10.0.0.5"), ip("10.0.0.6")]), Ok("10.0.0.5:9000".parse().unwrap()));
        assert!(pin(&[ip("10.0.0.5"), ip("169.254.169.254")]).is_err());
        assert!(pin(&[ip("10.0.0.5"), ip("10.0.1.5")]).is_err());
        assert!(pin(&[]).is_err());
        assert!(pin(&vec![ip("10.0.0.5"); ADDRESSES_MAX + 1]).is_err());
    }

    #[test]
    fn the_address_in_use_stays_while_the_name_has_it() {
        let reach = reach(&["10.0.0.0/24"]);
        let ip = |last: u8| IpAddr::from([10, 0, 0, last]);
        let pin = |addresses: &[IpAddr], kept| reach.pin("address", 9000, addresses, kept, is_local).unwrap().ip();
        assert_eq!(pin(&[ip(7), ip(5), ip(6)], None), ip(5));
        assert_eq!(pin(&[ip(6), ip(7), ip(5)], None), ip(5));
        assert_eq!(pin(&[ip(5), ip(6)], Some(ip(6))), ip(6));
        assert_eq!(pin(&[ip(7), ip(5)], Some(ip(6))), ip(5), "it has left the name");
    }

    #[test]
    fn schemes_users_paths_and_nonsense_are_refused() {
        for text in [
            "https://10.0.0.5:9000",
            "ftp://10.0.0.5:9000",
            "file:///etc/passwd",
            "gopher://10.0.0.5:9000",
            "unix:///run/docker.sock",
            "http://user@10.0.0.5:9000",
            "http://user:pw@10.0.0.5:9000",
            "http://@10.0.0.5:9000",
            "10.0.0.5:9000@10.0.0.6:9000",
            "10.0.0.5:9000#x",
            "10.0.0.5:9000?x",
            "10.0.0.5:9000/admin",
            "10.0.0.5:99999",
            "10.0.0.5:-1",
            "10.0.0.5:90 00",
            "10.0.0.5:9000\r\nHost: x",
            "10.0.0.5:90\t00",
            "",
            ":9000",
            "http://",
            "[fe80::1%25eth0]:9000",
            "ex\u{e4}mple:9000",
        ] {
            assert!(endpoint("address", text).is_err(), "{text:?} was taken");
        }
        assert_eq!(
            endpoint("address", &format!("{}:9000", "a".repeat(600))).unwrap_err().field,
            "address"
        );
    }

    #[test]
    fn a_health_url_has_a_path_and_nothing_else() {
        let (endpoint, path) = health_url("health_url", "http://web-1.internal:9100/a/../healthz").unwrap();
        assert_eq!((endpoint.port, path.as_str()), (9100, "/healthz"));
        for bad in [
            "https://a:9100/h",
            "http://a:9100/h?x=1",
            "http://a:9100/h#x",
            "http://me@a:9100/h",
            "file:///h",
        ] {
            assert_eq!(health_url("health_url", bad).unwrap_err().field, "health_url", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_only_what_is_allowed_comes_out(text in "(http://)?([0-9a-fx.:\\[\\]]{1,24}|[ -~]{1,24})(:[0-9]{1,5})?") {
            if let Ok(address) = pinned(&reach(&["10.0.0.0/8"]), &text) {
                let address: SocketAddr = address.parse().unwrap();
                prop_assert!(matches!(address.ip(), IpAddr::V4(ip) if ip.octets()[0] == 10), "{}", address);
                prop_assert!(address.port() >= 1024);
            }
        }

        #[test]
        fn an_ipv4_address_and_its_mapped_form_are_one(bits in any::<u32>(), port in any::<u16>()) {
            let ip = Ipv4Addr::from_bits(bits);
            let (plain, mapped) = (IpAddr::V4(ip), IpAddr::V6(ip.to_ipv6_mapped()));
            for reach in [everything(), reach(&["10.0.0.0/8"])] {
                let pin = |ip| reach.pin("a", port, &[ip], None, is_local);
                prop_assert_eq!(pin(plain), pin(mapped));
            }
        }
    }
}
