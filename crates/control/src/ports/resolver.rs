use std::{io, net::IpAddr};

use async_trait::async_trait;

/// Host names into addresses.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses that the name has now.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// What the machine itself does: its hosts file, then DNS.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect())
    }
}
