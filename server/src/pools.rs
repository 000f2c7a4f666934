//! Pools and routes that the gateway begins with.

use control::PoolSetup;
use model::{PathPrefix, PoolPolicy, Route, UpstreamTls};

use crate::{
    config::{Config, builtin_gateway},
    samples,
};

/// Said at every start: nobody shall get used to it.
pub(crate) fn warn_of_unverified(pools: &[PoolSetup]) {
    for pool in pools.iter().filter(|pool| pool.tls.is_unverified()) {
        tracing::warn!(pool = %pool.id, "the pool's instances are spoken to over TLS, but their certificates are not verified (tls.verify)");
    }
}

/// Own pools and routes, or the samples with everything led to them.
pub(crate) fn pools(config: &Config) -> (Vec<PoolSetup>, Vec<Route>) {
    if !config.is_embedded() {
        return (config.pools.clone(), config.routes.clone());
    }
    let pool = PoolSetup {
        id: samples::pool_id(),
        balancer: builtin_gateway(),
        // Those that the supervisor runs.
        instances: Vec::new(),
        tls: UpstreamTls::default(),
        defaults: PoolPolicy {
            algorithm: config.settings.gateway.algorithm,
            health_check: config.settings.health.clone(),
            ..PoolPolicy::default()
        },
    };
    let everything = Route {
        host: None,
        path: PathPrefix::new("/").expect("a constant path is valid"),
        pool: samples::pool_id(),
        priority: model::Priority::Normal,
        reuse: model::ReusePolicy::default(),
    };
    (vec![pool], vec![everything])
}
