//! Several gateways that serve by the same plan: one balancer in parts.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{Counters, GatewayId, InstanceId, PoolId, Totals};

/// Whether a gateway reports. One that is silent may serve all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayState {
    Up,
    /// Its last report is older than the settings allow.
    Stale,
}

impl GatewayState {
    pub const fn id(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Stale => "stale",
        }
    }
}

/// Which plan a gateway serves by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "plan", rename_all = "snake_case")]
pub enum PlanState {
    InForce,
    /// It has not taken the newest one yet.
    Behind,
    /// It serves by an older one, or not at all when it never had one.
    Refused {
        why: String,
    },
}

/// What is known of one gateway besides its counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayFacts {
    pub id: GatewayId,
    /// Drawn at its start: another number is another process.
    pub run: u64,
    /// In the console's own process.
    pub is_local: bool,
    /// Where it listens; empty, as `tls_addresses` is, while it does not serve.
    pub addresses: Vec<SocketAddr>,
    /// Where it listens for TLS.
    pub tls_addresses: Vec<SocketAddr>,
    /// "0.1.0".
    pub software: String,
    pub state: GatewayState,
    /// Unix time of its start, ms, by the console's clock.
    pub started_at_ms: i64,
    /// Unix time of its last report, ms.
    pub heard_at_ms: i64,
    /// How long it had served without a console when it last came to one, ms; absent when it had not.
    pub away_ms: Option<u64>,
    pub plan: PlanState,
    /// What it cannot do at the moment, in sentences.
    pub troubles: Vec<String>,
    /// Client connections open right now; 0 while it is silent.
    pub connections: u32,
}

impl GatewayFacts {
    pub const fn serves(&self) -> bool {
        !(self.addresses.is_empty() && self.tls_addresses.is_empty())
    }

    /// `10.0.0.5:8080, 10.0.0.5:8443 (TLS)`
    pub fn listens_on(&self) -> String {
        let plain = self.addresses.iter().map(ToString::to_string);
        let tls = self.tls_addresses.iter().map(|address| format!("{address} (TLS)"));
        plain.chain(tls).collect::<Vec<_>>().join(", ")
    }
}

/// One gateway as the balancer reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatewayObservation {
    pub facts: GatewayFacts,
    pub in_flight: u32,
    /// Over all pools, since the console knows it.
    pub counters: Counters,
}

/// Counts that came to light in one observation and belong to the time before it: what a gateway served before this console knew it, or
/// while it could not report. Taken off the difference of two observations, rates stay true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateCounts {
    pub gateway: GatewayId,
    /// Over all pools.
    pub counters: Counters,
    pub pools: Vec<(PoolId, Counters)>,
    pub instances: Vec<(PoolId, InstanceId, Counters)>,
}

/// One gateway at the moment of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatewaySnapshot {
    pub facts: GatewayFacts,
    pub totals: Totals,
    /// Share of all reporting gateways' requests over the last 10 s, percent.
    pub share_percent: Option<f64>,
}
