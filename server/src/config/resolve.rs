//! Cross-checks of pools and routes, and their host names turned into addresses.

use std::{
    collections::BTreeSet,
    net::{SocketAddr, ToSocketAddrs},
};

use control::{INSTANCES_MAX, InstanceSetup, PoolSetup, decide::offer};
use model::{InstancePolicy, PoolPolicy, Route, SourceId};

use super::{
    ConfigError, Origin, PoolSettings, Settings,
    error::{BadValue, echo},
    health,
};

/// How many pools one console is built for.
const POOLS_MAX: usize = 200;

/// The id under which the built-in gateway is a source.
pub(crate) fn builtin_gateway() -> SourceId {
    SourceId::new(adapters::builtin::GATEWAY).expect("a constant name is valid")
}

pub(super) fn resolve_pools(settings: &Settings, origin: &Origin) -> Result<Vec<PoolSetup>, ConfigError> {
    let mut ids = BTreeSet::new();
    let total: usize = settings.pools.iter().map(|p| p.instances.len()).sum();
    if settings.pools.len() > POOLS_MAX || total > INSTANCES_MAX {
        let sentence = format!(
            "there are {} pools with {total} instances; at most {POOLS_MAX} and {INSTANCES_MAX} are allowed",
            settings.pools.len()
        );
        return Err(contradiction(origin, sentence));
    }
    let mut pools = Vec::new();
    for (index, pool) in settings.pools.iter().enumerate() {
        if !ids.insert(&pool.id) {
            return Err(contradiction(
                origin,
                format!("two pools have the id {}; give each its own", pool.id),
            ));
        }
        pools.push(resolve_pool(settings, pool, index, origin)?);
    }
    Ok(pools)
}

fn resolve_pool(settings: &Settings, pool: &PoolSettings, index: usize, origin: &Origin) -> Result<PoolSetup, ConfigError> {
    let health = pool.health.over(&settings.health);
    health::check(&format!("pools.{index}.health"), &health).map_err(|bad| ConfigError::wrong(origin, bad))?;
    let groups: [(&str, &dyn model::Settings); 7] = [
        ("outlier", &pool.outlier),
        ("breaker", &pool.breaker),
        ("retry", &pool.retry),
        ("affinity", &pool.affinity),
        ("limits", &pool.limits),
        ("degradation", &pool.degradation),
        ("tls", &pool.tls),
    ];
    for (group, settings) in groups {
        settings
            .validate()
            .map_err(|bad| BadValue::new(format!("pools.{index}.{group}.{}", bad.field), bad.reason))
            .map_err(|bad| ConfigError::wrong(origin, bad))?;
    }
    if pool.instances.is_empty() && pool.service.is_none() && !settings.registry.is_on() {
        let sentence = format!(
            "the pool {} has no instance; add one to its instances, name a service, or set registry.token so that instances can register",
            pool.id
        );
        return Err(contradiction(origin, sentence));
    }
    let mut ids = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    let mut policy = PoolPolicy {
        algorithm: pool.algorithm.unwrap_or(settings.gateway.algorithm),
        health_check: health,
        outlier: pool.outlier,
        breaker: pool.breaker,
        retry: pool.retry,
        affinity: pool.affinity.clone(),
        limits: pool.limits,
        degradation: pool.degradation,
        ..PoolPolicy::default()
    };
    let mut instances = Vec::new();
    for (member, instance) in pool.instances.iter().enumerate() {
        let key = |field: &str| format!("pools.{index}.instances.{member}.{field}");
        let address = resolve_address(&instance.address).map_err(|why| ConfigError::wrong(origin, BadValue::new(key("address"), why)))?;
        if !ids.insert(&instance.id) {
            return Err(contradiction(
                origin,
                format!("the pool {} has two instances with the id {}", pool.id, instance.id),
            ));
        }
        if !addresses.insert(address) {
            return Err(contradiction(
                origin,
                format!("the pool {} has two instances at {address}", pool.id),
            ));
        }
        let zone = instance.zone.clone().map(offer::zone).transpose();
        let zone = zone.map_err(|bad| ConfigError::wrong(origin, BadValue::new(key("zone"), bad.reason)))?;
        policy.instances.insert(
            instance.id.clone(),
            InstancePolicy {
                weight: instance.weight,
                ..InstancePolicy::default()
            },
        );
        instances.push(InstanceSetup {
            id: instance.id.clone(),
            address,
            zone,
        });
    }
    Ok(PoolSetup {
        id: pool.id.clone(),
        balancer: builtin_gateway(),
        instances,
        tls: pool.tls.clone(),
        defaults: policy,
    })
}

/// The first address the name has.
fn resolve_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return if address.port() == 0 {
            Err(format!("{text} has the port 0"))
        } else {
            Ok(address)
        };
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(|| format!("{:?} has no port", echo(text)))?;
    let port: u16 = port
        .parse()
        .ok()
        .filter(|p| *p != 0)
        .ok_or_else(|| format!("{:?} has no port from 1 to 65535", echo(text)))?;
    let mut found = (host, port)
        .to_socket_addrs()
        .map_err(|e| format!("{:?} cannot be resolved: {e}", echo(host)))?;
    found.next().ok_or_else(|| format!("{:?} has no address", echo(host)))
}

pub(super) fn resolve_routes(settings: &Settings, origin: &Origin, pools_origin: &Origin) -> Result<Vec<Route>, ConfigError> {
    if settings.pools.is_empty() {
        return if settings.routes.is_empty() {
            Ok(Vec::new())
        } else {
            Err(contradiction(
                origin,
                "there are [[routes]] but no [[pools]] they could lead to; add one".to_owned(),
            ))
        };
    }
    if settings.routes.is_empty() {
        let sentence = format!(
            "no route leads to a pool; add [[routes]] with path = \"/\" and pool = \"{}\"",
            settings.pools[0].id
        );
        return Err(contradiction(pools_origin, sentence));
    }
    let mut seen = BTreeSet::new();
    for (index, route) in settings.routes.iter().enumerate() {
        if !settings.pools.iter().any(|pool| pool.id == route.pool) {
            let known: Vec<_> = settings.pools.iter().map(|p| p.id.as_str()).collect();
            let sentence = format!(
                "routes[{index}].pool names the unknown pool {}; allowed: {}",
                route.pool,
                known.join(", ")
            );
            return Err(contradiction(origin, sentence));
        }
        if !seen.insert((route.host.clone(), route.path.clone())) {
            let host = route.host.as_ref().map_or("any host", |h| h.as_str());
            return Err(contradiction(
                origin,
                format!("two routes have the path {} on {host}; leave one", route.path),
            ));
        }
    }
    Ok(settings.routes.iter().map(Route::from).collect())
}

fn contradiction(origin: &Origin, sentence: String) -> ConfigError {
    ConfigError::Contradiction {
        origin: origin.to_string(),
        sentence,
    }
}
