//! From the names of an offer to the addresses that are used from now on.

use std::{net::IpAddr, net::SocketAddr, time::Duration};

use model::{ApiError, CheckTarget, Registration};
use url::Host;

use crate::{
    decide::{
        offer::Announced,
        reach::{Endpoint, Reach},
    },
    ports::Resolver,
};

/// A name that takes longer is not known.
const RESOLVE_WITHIN: Duration = Duration::from_secs(3);

/// What names may lead to, and who knows what they stand for.
pub(super) struct Names<'a> {
    pub(super) reach: &'a Reach,
    pub(super) resolver: &'a dyn Resolver,
}

impl Names<'_> {
    /// Each name is asked for once, here; what is kept is an address: the one it was `known` by, as long as the name has it.
    pub(super) async fn resolved(&self, announced: Announced, known: Option<&Registration>, now_ms: i64) -> Result<Registration, ApiError> {
        let known_at = known.map(|known| known.address.ip());
        let address = self.pinned("address", &announced.endpoint, known_at).await?;
        let check = match announced.check {
            None => None,
            // The same name is the same machine, whatever the name says by now.
            Some((endpoint, path)) if endpoint.host == announced.endpoint.host => Some(CheckTarget {
                address: self.pin("health_url", endpoint.port, &[address.ip()], None)?,
                path,
            }),
            Some((endpoint, path)) => {
                let checked_at = known.and_then(|known| known.check.as_ref()).map(|check| check.address.ip());
                Some(CheckTarget {
                    address: self.pinned("health_url", &endpoint, checked_at).await?,
                    path,
                })
            }
        };
        Ok(Registration {
            pool: announced.pool,
            id: announced.id,
            address,
            check,
            weight: announced.weight,
            zone: announced.zone,
            capabilities: announced.capabilities,
            tags: announced.tags,
            metadata: announced.metadata,
            registered_at_ms: now_ms,
        })
    }

    async fn pinned(&self, field: &str, endpoint: &Endpoint, kept: Option<IpAddr>) -> Result<SocketAddr, ApiError> {
        let addresses: Vec<IpAddr> = match &endpoint.host {
            Host::Ipv4(ip) => vec![(*ip).into()],
            Host::Ipv6(ip) => vec![(*ip).into()],
            Host::Domain(name) => match tokio::time::timeout(RESOLVE_WITHIN, self.resolver.resolve(name)).await {
                Ok(Ok(addresses)) => addresses,
                Ok(Err(error)) => return Err(ApiError::invalid(field, format!("cannot be resolved: {error}"))),
                Err(_) => {
                    let why = format!("the name was not resolved within {} s", RESOLVE_WITHIN.as_secs());
                    return Err(ApiError::unavailable(field, why));
                }
            },
        };
        self.pin(field, endpoint.port, &addresses, kept)
    }

    fn pin(&self, field: &str, port: u16, addresses: &[IpAddr], kept: Option<IpAddr>) -> Result<SocketAddr, ApiError> {
        let is_local = |ip| self.resolver.is_local(ip);
        Ok(self.reach.pin(field, port, addresses, kept, is_local)?)
    }
}
