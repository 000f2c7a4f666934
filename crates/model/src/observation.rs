//! What an outside system reported, in one shape whatever the system. Counters are cumulative since the reporter started; rates are
//! derived later, from two observations.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{
    AdminState, Algorithm, BalancerId, BreakerStatus, GatewayObservation, Health, InstanceId, LateCounts, NewEvent, PoolId, Weight,
    WorkloadId,
};

/// Cumulative counts since the reporter started. A smaller value than before means that it restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Finished requests, whatever the answer.
    pub requests: u64,
    pub status_2xx: u64,
    pub status_3xx: u64,
    pub status_4xx: u64,
    /// Answered 5xx by the instance.
    pub status_5xx: u64,
    /// Never answered properly: connection refused or reset, time-out, garbage. The client got 502 or 504.
    pub failed: u64,
    pub bytes_sent: u64,
}

impl Counters {
    /// What counts as an error in rates and cards.
    pub const fn errors(&self) -> u64 {
        self.status_5xx + self.failed
    }
}

/// Latency of finished requests in milliseconds, from the request's last byte in to the response's last byte out.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LatencySummary {
    pub count: u64,
    pub mean_ms: f32,
    pub p50_ms: f32,
    pub p95_ms: f32,
    pub p99_ms: f32,
    pub max_ms: f32,
}

/// The latest stretch of time that quantiles were taken over. `latency` is absent when nothing finished in it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Window {
    pub seconds: f32,
    pub latency: Option<LatencySummary>,
}

/// The last finished health check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Unix time, ms.
    pub at_ms: i64,
    pub took_ms: f32,
    pub passed: bool,
    /// "200", "connection refused", "timed out after 5 s".
    pub detail: String,
}

/// Load as the instance itself reports it (ORCA, the Open Request Cost Aggregation that Envoy and gRPC use).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Unix time the report arrived, ms.
    pub at_ms: i64,
    /// `cpu_utilization`: 0 to 1 of what the instance may use; may exceed 1.
    pub cpu: Option<f32>,
    /// `mem_utilization`: 0 to 1.
    pub memory: Option<f32>,
    /// `named_metrics.gpu_utilization`: 0 to 1.
    pub gpu: Option<f32>,
    /// `named_metrics.gpu_simulated` was not 0: no real GPU stands behind the figure.
    pub gpu_simulated: bool,
    /// `named_metrics.active_sessions`.
    pub sessions: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceObservation {
    pub id: InstanceId,
    pub address: SocketAddr,
    pub weight: Weight,
    pub admin: AdminState,
    pub health: Health,
    /// Unix time of the last change of `health`, ms.
    pub health_since_ms: i64,
    /// Unix time until which it gets no requests because it failed too many, ms.
    pub ejected_until_ms: Option<i64>,
    /// Absent where the balancer has no breakers.
    pub breaker: Option<BreakerStatus>,
    /// Clients that come back to it by affinity; absent where there is none.
    pub pinned: Option<u32>,
    pub in_flight: u32,
    pub counters: Counters,
    pub window: Window,
    pub last_check: Option<CheckResult>,
    pub load: Option<LoadReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolObservation {
    pub pool: PoolId,
    /// Version of the plan that is in force in the balancer.
    pub version: u64,
    pub algorithm: Algorithm,
    pub in_flight: u32,
    /// All requests of the pool, also those no instance could take.
    pub counters: Counters,
    /// Refused with 503 because no instance was left.
    pub unserved: u64,
    pub refusals: Refusals,
    pub retries: Retries,
    pub reused: Reused,
    /// The pool's own; absent where the balancer has no breakers.
    pub breaker: Option<BreakerStatus>,
    /// Fewer than the policy allows are in service, so health is ignored.
    pub is_panicking: bool,
    /// Why it does without what matters less; absent while it does not.
    pub degraded: Option<String>,
    pub window: Window,
    pub instances: Vec<InstanceObservation>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BalancerObservation {
    pub balancer: BalancerId,
    /// Requests that matched no route (answered 404).
    pub unrouted: u64,
    /// Over all pools.
    pub window: Window,
    pub pools: Vec<PoolObservation>,
    /// What happened inside it, oldest first: the last [`BalancerEvent::KEPT`].
    pub events: Vec<BalancerEvent>,
    /// The data planes it is made of; empty where it is one that tells nothing of its parts.
    #[serde(default)]
    pub gateways: Vec<GatewayObservation>,
    /// What the counters have gained beyond what happened since the last observation.
    #[serde(default)]
    pub late: Vec<LateCounts>,
}

/// Something that only the balancer itself can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerEvent {
    /// One more with each since the balancer started.
    pub seq: u64,
    pub event: NewEvent,
}

impl BalancerEvent {
    pub const KEPT: usize = 256;
}

/// Requests that the balancer answered itself because a limit or a breaker said so, since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Refusals {
    /// 429: one client asked too often.
    pub rate: u64,
    /// 413: the body was too large.
    pub body: u64,
    /// 503: too many requests in flight.
    pub in_flight: u64,
    /// 503: of low priority, and the pool was degraded.
    pub shed: u64,
    /// 503: the pool's breaker was open.
    pub breaker: u64,
}

impl Refusals {
    pub const fn total(&self) -> u64 {
        self.rate + self.body + self.in_flight + self.shed + self.breaker
    }
}

/// Requests that went to a further instance, since the balancer started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Retries {
    pub sent: u64,
    /// Not sent because the budget was used up.
    pub over_budget: u64,
}

/// Requests that were given an answer fetched for another one, since the balancer started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reused {
    /// At the same time: identical GETs, fetched once.
    pub deduplicated: u64,
    /// From before, because the pool was degraded or had no answer.
    pub stale: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessState {
    Starting,
    Running,
    /// Chosen to go: gets nothing new and still serves what it has.
    Draining {
        /// Unix time, ms.
        since_ms: i64,
    },
    /// Exited; started again at `next_start_ms`.
    Backoff {
        next_start_ms: i64,
    },
    Stopping,
}

/// One process of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessObservation {
    pub instance: InstanceId,
    /// Where it serves; its own over all its restarts.
    pub address: SocketAddr,
    pub state: ProcessState,
    pub pid: Option<u32>,
    /// How often it was started again after an exit that nobody asked for.
    pub restarts: u32,
    /// Unix time of the last start, ms.
    pub started_at_ms: i64,
    /// Unix time of its first answer after its latest start, ms; absent until then.
    pub ready_at_ms: Option<i64>,
    /// It has answered once, in this run or an earlier one.
    pub was_ready: bool,
    /// How it last ended: "killed by signal 9 (SIGKILL)", "exit code 1".
    pub last_exit: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadObservation {
    pub workload: WorkloadId,
    /// The pool its instances serve.
    pub pool: PoolId,
    /// What it is where it runs, in words: "supervisor/samples".
    pub reference: String,
    /// How many there shall be. Those that drain or stop do not count, one that waits for its next start does.
    pub desired: u32,
    pub processes: Vec<ProcessObservation>,
}

/// Whether a number of replicas can be set, so that the UI offers exactly that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleAccess {
    Live,
    ReadOnly {
        /// In words: "a repository owns it".
        why: String,
    },
}

/// What can be changed on whatever runs workloads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadCapabilities {
    pub scale: ScaleAccess,
    /// More are refused.
    pub max_replicas: u32,
}
