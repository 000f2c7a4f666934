//! `evenkeel gateway`: the data plane alone, by a console on another host or by the settings file.

use std::{env, fs, path::Path};

use ::gateway::{Gateway, GatewayConfig};
use control::decide::{members::merge, plan::pool_plan};
use model::{GatewayPlan, PoolIntent};

use super::{
    Threads,
    args::{ControlFlags, SettingsFlags},
    runtime,
};
use crate::{
    StartError,
    agent::{Agent, Link, LinkSettings, is_local, own_name},
    config::{self, Config, PublicUrl, Redacted, TOKEN_VARIABLE, check_token},
    logging, open_files,
    pools::warn_of_unverified,
    shutdown::Signals,
};

/// A token file holds one line.
const TOKEN_FILE_MAX_BYTES: u64 = 4_096;

pub(super) fn run(flags: SettingsFlags, control: ControlFlags) -> Result<(), StartError> {
    let config = config::load(&flags.inputs())?;
    match &control.control {
        Some(console) => follow(&config, console, &control),
        None => alone(&config),
    }
}

/// By a console.
fn follow(config: &Config, console: &PublicUrl, flags: &ControlFlags) -> Result<(), StartError> {
    if !console.is_https() && !is_local(console) && !flags.plain_http {
        return Err(StartError::Refused(format!(
            "--control {} is http to another machine: the token and the plan could be read on the way; use https, or say --plain-http",
            console.origin()
        )));
    }
    let token = token(flags)?;
    let id = flags.id.clone().unwrap_or_else(own_name);
    let link = LinkSettings {
        console,
        token: &token,
        ca: flags.control_ca.as_deref(),
    };
    let agent = Agent {
        link: Link::new(&id, &link)?,
        id,
        gateway: GatewayConfig::from(&config.settings.gateway),
        data_dir: config.settings.database.data_dir.clone(),
    };
    logging::start(&config.settings.log);
    if !config.is_embedded() {
        tracing::warn!("the pools of the settings file are not used: the console's are");
    }
    open_files::raise_limit();
    let runtime = runtime(Threads::One)?;
    let result = runtime.block_on(async { agent.run(Signals::listen()?).await });
    // A drain that a second signal cut short is not waited for.
    runtime.shutdown_background();
    result
}

fn token(flags: &ControlFlags) -> Result<Redacted, StartError> {
    let variable = || env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty()).map(Redacted::new);
    let (token, from) = match (&flags.token, &flags.token_file) {
        (Some(token), _) => (token.clone(), "--token".to_owned()),
        (None, Some(path)) => (token_in(path)?, format!("--token-file {}", path.display())),
        (None, None) => match variable() {
            Some(token) => (token, TOKEN_VARIABLE.to_owned()),
            None => {
                return Err(StartError::Refused(format!(
                    "--control needs a token, the console's gateways.token; give it with --token-file, or in the variable {TOKEN_VARIABLE}"
                )));
            }
        },
    };
    check_token(token.expose())
        .map_err(|why| StartError::Refused(format!("{from} holds no token: {why}; it must be the console's gateways.token")))?;
    Ok(token)
}

fn token_in(path: &Path) -> Result<Redacted, StartError> {
    let wrong = |why: String| StartError::Refused(format!("--token-file {}: {why}", path.display()));
    let length = fs::metadata(path).map_err(|e| wrong(e.to_string()))?.len();
    if length > TOKEN_FILE_MAX_BYTES {
        return Err(wrong("it is too long for a token".to_owned()));
    }
    let text = fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
    Ok(Redacted::new(text.trim()))
}

/// By the settings file.
fn alone(config: &Config) -> Result<(), StartError> {
    if config.is_embedded() {
        return Err(StartError::NoPools);
    }
    logging::start(&config.settings.log);
    open_files::raise_limit();
    let runtime = runtime(Threads::One)?;
    runtime.block_on(async {
        let signals = Signals::listen()?;
        warn_of_unverified(&config.pools);
        let gateway = Gateway::start(GatewayConfig::from(&config.settings.gateway), plan(config))?;
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
        pool_plan(pool, &merge(&pool.instances, []), &intent, &std::collections::BTreeSet::new())
    });
    GatewayPlan {
        routes: config.routes.clone(),
        pools: pools.collect(),
    }
}
