//! Whose request it is: the connection's address, or what trusted proxies and other consoles say about it.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};

use super::Console;
use crate::{config::Network, replica::CLIENT};

/// The client's address, as a request extension.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientAddress(pub(super) IpAddr);

/// The connection's other end, put there by the listener.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

pub(super) async fn identify(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    let passed_on = console.peers().filter(|peers| peers.sent(request.headers()));
    let address = passed_on
        .and_then(|_| parse(request.headers().get(CLIENT)?.to_str().ok()?))
        .unwrap_or_else(|| client(peer, request.headers(), &console.settings().trusted_proxies));
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

/// The right-most address in `X-Forwarded-For` that is not a trusted proxy: what stands left of it, anybody can have written.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
    let mut nearest = peer.to_canonical();
    if !is_trusted(nearest) {
        return nearest;
    }
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        let Some(ip) = parse(hop.trim()) else {
            return nearest;
        };
        nearest = ip;
        if !is_trusted(ip) {
            return ip;
        }
    }
    nearest
}

/// An address, with or without a port.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let ip = bare
        .parse::<IpAddr>()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|a| a.ip()))?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: Vec<_> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn nobody_can_forge_an_address_past_a_trusted_proxy() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(
            from("203.0.113.9", &["1.1.1.1"], &[]),
            "203.0.113.9",
            "no proxy is trusted by default"
        );
        assert_eq!(from("203.0.113.9", &["1.1.1.1"], &proxies), "203.0.113.9", "this peer is no proxy");
        assert_eq!(from("10.0.0.1", &["198.51.100.7"], &proxies), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.2"], &proxies), "198.51.100.7");
        assert_eq!(
            from("10.0.0.1", &["1.1.1.1", "198.51.100.7"], &proxies),
            "198.51.100.7",
            "several lines are one list"
        );
        assert_eq!(from("10.0.0.1", &["198.51.100.7:5151"], &proxies), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &["[2001:db8::1]"], &proxies), "2001:db8::1");
        assert_eq!(from("10.0.0.1", &["1.1.1.1, garbage"], &proxies), "10.0.0.1");
        assert_eq!(from("10.0.0.1", &[], &proxies), "10.0.0.1");
        assert_eq!(from("::ffff:10.0.0.1", &["198.51.100.7"], &proxies), "198.51.100.7");
    }
}
