//! The data plane: a load balancer on Pingora that keeps serving whether or not anything above it lives.
//!
//! ```text
//!  client ─► serve ─► proxy ─► plan::RouteTable ─► plan::Pool ─► algorithm ─► instance
//!            accept   phases   host, path          one swap      one pick        ▲
//!                                                                                │ health: one checker per instance
//!  Gateway ── apply() swaps the compiled plan · observe() reads the counts ──────┘
//! ```
//!
//! One [`Gateway`] owns its threads, its listeners and its state; several live in one process. A request reads the compiled plan once and
//! keeps it: [`Gateway::apply`] swaps the plan without touching the requests in flight. Counters, health and in-flight numbers belong to
//! an instance (pool, id and address) and survive every plan that still names it.
//!
//! What it never does: it reads no configuration file (only certificates and keys, again when they change), writes nothing but its access
//! log, knows no console, takes no signal handler, and does not go through
//! Pingora's `Server`, whose daemon and upgrade machinery belong to a process of its own.

mod access_log;
mod affinity;
mod algorithm;
#[cfg(feature = "bench")]
pub mod bench;
mod config;
mod distribution;
mod error;
mod gateway;
mod health;
mod plan;
mod proxy;
mod receipt;
mod reuse;
mod serve;
mod state;
mod stats;
mod tls;

pub use access_log::{AccessLogConfig, LogTarget};
pub use affinity::AffinityKey;
pub use config::{GatewayConfig, ReceiptConfig, TraceConfig};
pub use distribution::Distribution;
pub use error::{PlanError, StartError};
pub use gateway::Gateway;
pub use stats::{CertificateStats, GatewayStats, InstanceStats, PoolStats};
pub use tls::{CertificateError, CertificateFiles, TlsConfig};
