//! `evenkeel gateway`: the data plane alone, by the settings file.

use ::gateway::{Gateway, GatewayConfig};
use control::decide::plan::pool_plan;
use model::{GatewayPlan, PoolIntent};

use super::{Threads, args::SettingsFlags, runtime};
use crate::{StartError, compose::warn_of_unverified, config, config::Config, logging, open_files, shutdown::Signals};

pub(super) fn run(flags: SettingsFlags) -> Result<(), StartError> {
    let config = config::load(&flags.inputs())?;
    if config.is_embedded() {
        return Err(StartError::NoPools);
    }
    logging::start(&config.settings.log);
    open_files::raise_limit();
    let runtime = runtime(Threads::One)?;
    runtime.block_on(async {
        let signals = Signals::listen()?;
        warn_of_unverified(&config.pools);
        let gateway = Gateway::start(GatewayConfig::from(&config.settings.gateway), plan(&config))?;
        for address in gateway.local_addrs() {
            tracing::info!(%address, pools = config.pools.len(), "the gateway listens, without a console");
        }
        for address in gateway.tls_addrs() {
            tracing::info!(%address, pools = config.pools.len(), "the gateway listens for TLS, without a console");
        }
        signals.asked_to_stop(|| gateway.reload()).await;
        gateway.shutdown();
        Ok(())
    })
}

/// What the file says, as version 1: nobody can change it here.
fn plan(config: &Config) -> GatewayPlan {
    let pools = config.pools.iter().map(|pool| {
        let intent = PoolIntent {
            pool: pool.id.clone(),
            version: 1,
            policy: pool.defaults.clone(),
            changed_at_ms: 0,
            changed_by: None,
        };
        pool_plan(pool, &intent)
    });
    GatewayPlan {
        routes: config.routes.clone(),
        pools: pools.collect(),
    }
}
