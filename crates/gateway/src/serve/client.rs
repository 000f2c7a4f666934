//! Who really asks, when other proxies stand in front.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

/// Entries of `X-Forwarded-For` that are looked at; more do not stand there for an honest reason.
const HOPS_MAX: usize = 32;

/// The right-most address that is not a trusted proxy's. Each proxy appends whom it heard, so what stands further left was said by somebody
/// nobody vouches for.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    if !is_trusted(peer) {
        return peer;
    }
    let mut client = peer;
    let values: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = values.iter().rev().flat_map(|value| value.as_bytes().rsplit(|b| *b == b','));
    for hop in hops.take(HOPS_MAX) {
        let Some(address) = std::str::from_utf8(hop).ok().map(str::trim).and_then(parse) else {
            // Written by a proxy that is trusted, but not an address: nobody beyond it is known.
            return client;
        };
        client = address;
        if !is_trusted(address) {
            return client;
        }
    }
    client
}

/// `10.0.0.1`, `10.0.0.1:4711`, `::1`, `[::1]:4711`: some proxies add the port.
fn parse(hop: &str) -> Option<IpAddr> {
    let address = hop
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<std::net::SocketAddr>().map(|socket| socket.ip()));
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.ok().or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let proxies = ["10.0.0.0/8", "::1/128"];
        let table: [(&str, &[&str], &str); 12] = [
            ("203.0.113.9", &["1.1.1.1"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.7:4711", "10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["1.1.1.1, nonsense, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["1.1.1.1", "é"], "10.0.0.1"),
            ("10.0.0.1", &["é, 198.51.100.7"], "198.51.100.7"),
            ("::1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("::1", &["::ffff:198.51.100.7"], "198.51.100.7"),
        ];
        for (peer, forwarded, expected) in table {
            assert_eq!(client(peer, forwarded, &proxies), expected, "{peer} {forwarded:?}");
        }
        assert_eq!(client("10.0.0.1", &["1.1.1.1"], &[]), "10.0.0.1", "nobody is trusted unless named");
    }
}
