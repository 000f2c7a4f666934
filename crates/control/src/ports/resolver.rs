use std::{
    io,
    net::{IpAddr, UdpSocket},
};

use async_trait::async_trait;

/// Host names into addresses.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses that the name has now.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;

    /// Whether it is an address of this machine. Answers at once.
    fn is_local(&self, ip: IpAddr) -> bool;
}

/// What the machine itself does: its hosts file, then DNS.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect())
    }

    /// Only an address of its own can be bound; nothing is sent.
    fn is_local(&self, ip: IpAddr) -> bool {
        UdpSocket::bind((ip, 0)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_knows_its_own_addresses() {
        for own in ["127.0.0.1", "127.8.9.10"] {
            assert!(SystemResolver.is_local(own.parse().unwrap()), "{own}");
        }
        // For documentation (RFC 5737): nobody's.
        assert!(!SystemResolver.is_local("192.0.2.1".parse().unwrap()));
    }
}
