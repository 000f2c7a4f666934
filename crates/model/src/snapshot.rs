//! The whole observed state at one moment, numbered. One writer (the collect loop), many readers.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{
    AdminState, Algorithm, BalancerId, BreakerStatus, CheckResult, GatewaySnapshot, InstanceId, InstanceState, LatencySummary, LoadReport,
    PoolId, ProcessObservation, Refusals, Registered, Retries, SourceId, SourceStatus, Weight, WorkloadObservation,
};

/// Where this console stands; a production environment is shown in red and asks twice before dangerous verbs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    pub name: String,
    pub production: bool,
}

/// Rates over the last interval. `errors_percent` is absent when nothing was asked.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Totals {
    pub requests_per_s: f64,
    pub errors_per_s: f64,
    pub errors_percent: Option<f64>,
    pub in_flight: u32,
    pub latency: Option<LatencySummary>,
    /// Finished requests since the balancer started.
    pub requests: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceSnapshot {
    pub id: InstanceId,
    pub address: SocketAddr,
    pub zone: Option<String>,
    pub state: InstanceState,
    /// Unix time of the last change of `state`, ms.
    pub since_ms: i64,
    pub weight: Weight,
    pub admin: AdminState,
    pub totals: Totals,
    /// Share of the pool's requests over the last 10 s, percent.
    pub share_percent: Option<f64>,
    pub last_check: Option<CheckResult>,
    pub load: Option<LoadReport>,
    pub breaker: Option<BreakerStatus>,
    /// Clients that come back to it by affinity.
    pub pinned: Option<u32>,
    /// Where a workload of ours runs it.
    pub process: Option<ProcessObservation>,
    /// Where it announced itself; absent for those of the settings.
    #[serde(default)]
    pub registered: Option<Registered>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolSnapshot {
    pub id: PoolId,
    pub balancer: BalancerId,
    pub algorithm: Algorithm,
    /// Version of the plan in force in the balancer; behind the intended one while a change is under way.
    pub version: u64,
    /// The worst of its instances.
    pub state: InstanceState,
    pub totals: Totals,
    /// Refused with 503 because no instance was left, since the balancer started.
    pub unserved: u64,
    pub refusals: Refusals,
    pub retries: Retries,
    pub reused: crate::Reused,
    pub breaker: Option<BreakerStatus>,
    pub is_panicking: bool,
    pub degraded: Option<String>,
    pub instances: Vec<InstanceSnapshot>,
}

impl PoolSnapshot {
    pub fn instances_up(&self) -> u32 {
        let up = self
            .instances
            .iter()
            .filter(|i| matches!(i.state, InstanceState::Up | InstanceState::GoingDown))
            .count();
        u32::try_from(up).unwrap_or(u32::MAX)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// One more with every collection since this console started.
    pub seq: u64,
    /// Unix time it was taken, ms.
    pub at_ms: i64,
    pub totals: Totals,
    pub sources: Vec<SourceStatus>,
    pub pools: Vec<PoolSnapshot>,
    /// The gateways of every balancer that tells of its parts, the console's own first, then by name.
    pub gateways: Vec<GatewaySnapshot>,
    /// What is run, by name.
    pub workloads: Vec<WorkloadSnapshot>,
}

/// A workload as its source last told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadSnapshot {
    pub source: SourceId,
    /// The source answers. Otherwise this is the last thing it said.
    pub is_fresh: bool,
    #[serde(flatten)]
    pub observed: WorkloadObservation,
}
