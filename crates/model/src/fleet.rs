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
    /// It serves by an older one.
    Refused {
        why: String,
    },
}

/// One gateway as the balancer reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatewayObservation {
    pub id: GatewayId,
    /// In the console's own process.
    pub is_local: bool,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// "0.1.0".
    pub software: String,
    pub state: GatewayState,
    /// Unix time of its start, ms, by its own clock.
    pub started_at_ms: i64,
    /// Unix time of its last report, ms.
    pub heard_at_ms: i64,
    /// How long it had served without a console when it last came to one, ms; absent when it had not.
    pub away_ms: Option<u64>,
    pub plan: PlanState,
    /// Client connections open right now.
    pub connections: u32,
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
    pub id: GatewayId,
    pub is_local: bool,
    pub addresses: Vec<SocketAddr>,
    pub software: String,
    pub state: GatewayState,
    pub started_at_ms: i64,
    /// Unix time of its last report, ms.
    pub heard_at_ms: i64,
    pub away_ms: Option<u64>,
    pub plan: PlanState,
    pub connections: u32,
    pub totals: Totals,
    /// Share of all gateways' requests over the last 10 s, percent.
    pub share_percent: Option<f64>,
}
