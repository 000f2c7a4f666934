//! The settings: one file per group, each with its defaults, its keys and what is allowed for them.
//!
//! ```text
//!  defaults ← evenkeel.toml ← customary variables ← EVENKEEL_… variables ← flags      layers.rs
//!      │  extract; an unknown key or a wrong value is one sentence with its origin    load.rs, error.rs
//!      ▼
//!  Settings (as written) ─ cross-checks, host names resolved ─► Config                resolve.rs
//! ```

mod access_log;
mod clusters;
mod console;
mod controller;
mod customary;
mod database;
mod environment;
mod error;
mod gateway;
mod gateways;
mod health;
mod key;
mod layers;
mod list;
mod load;
mod log;
mod pools;
mod registry;
mod resolve;
mod retention;
mod routes;
mod sample;
mod secret;
mod service;
mod show;
#[cfg(test)]
mod tests;
mod tls;
mod token;
mod traffic;

use std::path::PathBuf;

use control::PoolSetup;
use model::Route;
use serde::{Deserialize, Serialize};

pub use access_log::AccessLogSettings;
pub use clusters::ClusterSettings;
pub use console::{ConsoleSettings, Network, PublicUrl};
pub use controller::{ControllerFlags, FlagDuration, InvalidDuration};
pub use customary::CUSTOMARY;
pub use database::DatabaseSettings;
pub use environment::EnvironmentSettings;
pub use error::ConfigError;
pub use gateway::GatewaySettings;
pub use gateways::GatewaysSettings;
pub use key::{Key, all_keys};
pub(crate) use layers::TOKEN_VARIABLE;
pub use layers::{Inputs, Origin};
pub use load::load;
pub(crate) use load::settings;
pub use log::{LogFormat, LogSettings};
pub use pools::{HealthOverride, InstanceSettings, PoolSettings};
pub use registry::{PortRange, RegistrySettings};
pub(crate) use resolve::builtin_gateway;
pub use retention::RetentionSettings;
pub use routes::RouteSettings;
pub use sample::SampleSettings;
pub use secret::Redacted;
pub use show::show;
pub use tls::{CertificateSettings, TlsSettings};
pub(crate) use token::check_token;
pub use traffic::TrafficSettings;

/// Everything that can be set, as written. `Default` is the embedded default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub console: ConsoleSettings,
    pub gateway: GatewaySettings,
    pub gateways: GatewaysSettings,
    pub health: model::HealthCheck,
    pub database: DatabaseSettings,
    pub sample: SampleSettings,
    pub traffic: TrafficSettings,
    pub environment: EnvironmentSettings,
    pub log: LogSettings,
    pub registry: RegistrySettings,
    pub retention: RetentionSettings,
    pub pools: Vec<PoolSettings>,
    pub routes: Vec<RouteSettings>,
    pub clusters: Vec<ClusterSettings>,
}

/// Checked settings: what the application is built from.
#[derive(Debug, Clone)]
pub struct Config {
    pub settings: Settings,
    /// Own pools with their addresses resolved; empty for the embedded default, whose one pool the supervisor fills.
    pub pools: Vec<PoolSetup>,
    /// Where the own pools are reached; empty for the embedded default.
    pub routes: Vec<Route>,
    /// The executable that is started again as `sample` and `traffic`.
    pub program: PathBuf,
    /// The settings file that was read.
    pub file: Option<PathBuf>,
}

impl Config {
    /// No pool of one's own: three samples and traffic to them.
    pub fn is_embedded(&self) -> bool {
        self.pools.is_empty()
    }
}
