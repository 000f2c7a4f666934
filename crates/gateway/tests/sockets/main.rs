//! The gateway over real sockets: real upstreams, also broken ones, and real clients.
#![expect(
    clippy::unwrap_used,
    reason = "everything here is a test; clippy's exception covers only functions marked as such"
)]

mod access_log;
mod affinity;
mod algorithms;
mod apply;
mod breakers;
mod degradation;
mod drain;
mod failover;
mod headers;
mod health;
mod hostile_clients;
mod hostile_instances;
mod http2;
mod http_edges;
mod limits;
mod outlier;
mod panic_mode;
mod receipts;
mod retries;
mod reuse;
mod routing;
mod spread;
mod start;
mod support;
mod tls;
mod tracing;
mod tunnel;
mod upstream_tls;
