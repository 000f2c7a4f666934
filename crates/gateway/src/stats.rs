//! What a gateway counted, read at one moment. All counts are cumulative since the gateway started. Serialised, it is what a gateway
//! elsewhere tells its console.

use std::{net::SocketAddr, path::PathBuf};

use model::{
    AdminState, Algorithm, BalancerEvent, BreakerStatus, CheckResult, Counters, Health, InstanceId, LoadReport, PoolId, Refusals, Retries,
    Reused, Weight,
};
use serde::{Deserialize, Serialize};

use crate::Distribution;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatewayStats {
    /// Requests that matched no route (answered 404).
    pub unrouted: u64,
    /// Client connections open right now.
    pub connections: u32,
    /// TLS handshakes of clients that failed or were not finished in time.
    #[serde(default)]
    pub handshakes_failed: u64,
    /// In the order of the settings.
    #[serde(default)]
    pub certificates: Vec<CertificateStats>,
    /// Lines that the access log had no room for.
    #[serde(default)]
    pub access_log_dropped: u64,
    /// In the order of the plan.
    pub pools: Vec<PoolStats>,
    /// What happened lately, oldest first.
    pub events: Vec<BalancerEvent>,
}

/// A certificate in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStats {
    pub file: PathBuf,
    /// Lower case.
    pub names: Vec<String>,
    /// Unix time, ms.
    pub not_after_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolStats {
    pub pool: PoolId,
    /// Of the plan in force.
    pub version: u64,
    pub algorithm: Algorithm,
    pub in_flight: u32,
    /// One per request, as the client saw it; `failed` includes `unserved`.
    pub counters: Counters,
    /// Refused with 503 because no instance was left.
    pub unserved: u64,
    pub refusals: Refusals,
    pub retries: Retries,
    #[serde(default)]
    pub reused: Reused,
    pub breaker: BreakerStatus,
    /// Too few are in service, so health is ignored.
    pub is_panicking: bool,
    /// Why it does without routes of low priority; absent while it does not.
    pub degraded: Option<String>,
    /// Latency in µs: answered requests and those that ran into a timeout. Tunnels are not in it.
    pub histogram: Distribution,
    pub instances: Vec<InstanceStats>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceStats {
    pub id: InstanceId,
    pub address: SocketAddr,
    pub weight: Weight,
    pub admin: AdminState,
    pub health: Health,
    /// Unix time of the last change of `health`, ms.
    pub health_since_ms: i64,
    /// Unix time until which it is ejected, ms.
    pub ejected_until_ms: Option<i64>,
    pub breaker: BreakerStatus,
    /// Clients that come back to it; absent without affinity.
    pub pinned: Option<u32>,
    pub in_flight: u32,
    /// One per attempt: a request that failed over counts on both instances, on the first as `failed`.
    pub counters: Counters,
    /// Latency in µs, as in [`PoolStats::histogram`].
    pub histogram: Distribution,
    pub last_check: Option<CheckResult>,
    pub load: Option<LoadReport>,
}
