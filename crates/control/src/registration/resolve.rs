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

/// Each name is asked for once, here; what is kept is an address.
pub(super) async fn resolved(announced: Announced, reach: &Reach, resolver: &dyn Resolver, now_ms: i64) -> Result<Registration, ApiError> {
    let address = pinned("address", &announced.endpoint, reach, resolver).await?;
    let check = match announced.check {
        None => None,
        // The same name is the same machine, whatever the name says by now.
        Some((endpoint, path)) if endpoint.host == announced.endpoint.host => Some(CheckTarget {
            address: reach.pin("health_url", endpoint.port, &[address.ip()])?,
            path,
        }),
        Some((endpoint, path)) => Some(CheckTarget {
            address: pinned("health_url", &endpoint, reach, resolver).await?,
            path,
        }),
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
        heartbeat_at_ms: now_ms,
    })
}

async fn pinned(field: &str, endpoint: &Endpoint, reach: &Reach, resolver: &dyn Resolver) -> Result<SocketAddr, ApiError> {
    let addresses: Vec<IpAddr> = match &endpoint.host {
        Host::Ipv4(ip) => vec![(*ip).into()],
        Host::Ipv6(ip) => vec![(*ip).into()],
        Host::Domain(name) => match tokio::time::timeout(RESOLVE_WITHIN, resolver.resolve(name)).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => return Err(ApiError::invalid(field, format!("cannot be resolved: {error}"))),
            Err(_) => {
                let why = format!("the name was not resolved within {} s", RESOLVE_WITHIN.as_secs());
                return Err(ApiError::unavailable(field, why));
            }
        },
    };
    Ok(reach.pin(field, endpoint.port, &addresses)?)
}
