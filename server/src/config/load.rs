//! From files, variables and flags to a checked [`Config`], or to the one sentence that says why not.

use figment::Figment;

use super::{
    Config, ConfigError, Inputs, Origin, Settings, clusters,
    error::BadValue,
    health,
    layers::stack,
    resolve::{resolve_pools, resolve_routes},
};

/// # Errors
/// The first thing that is wrong, with where it was set.
pub fn load(inputs: &Inputs) -> Result<Config, ConfigError> {
    let (figment, file) = stack(inputs)?;
    let settings = extract(&figment)?;
    let pools = resolve_pools(&settings, &origin(&figment, "pools"))?;
    let routes = resolve_routes(&settings, &origin(&figment, "routes"), &origin(&figment, "pools"))?;
    Ok(Config {
        settings,
        pools,
        routes,
        program: std::env::current_exe().unwrap_or_else(|_| "evenkeel".into()),
        file,
    })
}

/// Without the cross-checks, and without asking for the address of any name.
///
/// # Errors
/// As [`load`].
pub(crate) fn settings(inputs: &Inputs) -> Result<Settings, ConfigError> {
    extract(&stack(inputs)?.0)
}

fn extract(figment: &Figment) -> Result<Settings, ConfigError> {
    let settings: Settings = figment.extract().map_err(ConfigError::of)?;
    check(&settings).map_err(|bad| ConfigError::wrong(&origin(figment, &bad.key), bad))?;
    Ok(settings)
}

/// Each value with its origin, for `check-config`.
pub(super) fn origin(figment: &Figment, key: &str) -> Origin {
    // Lists are set whole: their members have the list's origin.
    let whole = key
        .split('.')
        .take_while(|part| !part.bytes().all(|b| b.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join(".");
    Origin::of(figment.find_metadata(&whole))
}

fn check(settings: &Settings) -> Result<(), BadValue> {
    settings.gateway.check()?;
    settings.gateways.check()?;
    health::check("health", &settings.health)?;
    settings.database.check()?;
    settings.sample.check()?;
    settings.traffic.check()?;
    settings.environment.check()?;
    settings.log.check()?;
    settings.registry.check()?;
    settings.retention.check()?;
    clusters::check(&settings.clusters)
}
