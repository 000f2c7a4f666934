//! What each page shows. Built from a snapshot by pure functions in `control::views`.

use serde::{Deserialize, Serialize};

use crate::{
    AffinityKind, Algorithm, BalancerId, BreakerHold, BreakerStatus, Event, GatewaySnapshot, HealthCheck, InstanceId, InstanceSnapshot,
    InstanceState, PoolId, Refusals, Retries, SourceStatus, Totals,
};

/// "Is everything all right, and if not, where?"
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverviewView {
    pub totals: Totals,
    pub instances_up: u32,
    pub instances_total: u32,
    /// Those that are not up, worst first, at most [`OverviewView::TROUBLE_MAX`].
    pub trouble: Vec<Trouble>,
    pub pools: Vec<PoolRow>,
    pub sources: Vec<SourceStatus>,
    /// Newest first, at most [`OverviewView::EVENTS_MAX`].
    pub events: Vec<Event>,
}

impl OverviewView {
    pub const TROUBLE_MAX: usize = 10;
    pub const EVENTS_MAX: usize = 10;
}

/// An instance that needs a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trouble {
    pub pool: PoolId,
    pub instance: InstanceId,
    pub state: InstanceState,
    /// Unix time, ms.
    pub since_ms: i64,
    /// Why, in words.
    pub why: String,
}

/// One line of the list of pools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolRow {
    pub id: PoolId,
    pub balancer: BalancerId,
    pub algorithm: Algorithm,
    pub state: InstanceState,
    pub instances_up: u32,
    pub instances_total: u32,
    pub totals: Totals,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolsView {
    pub pools: Vec<PoolRow>,
    pub sources: Vec<SourceStatus>,
    pub gateways: Vec<GatewaySnapshot>,
    /// Gateways on other hosts are let in.
    pub accepts_gateways: bool,
}

/// One line of the instance table.
pub type InstanceRow = InstanceSnapshot;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolView {
    pub pool: PoolRow,
    /// Version of the policy that is intended; forms send it back.
    pub intended_version: u64,
    /// Version the balancer has taken; smaller while a change is under way.
    pub applied_version: u64,
    pub intended_algorithm: Algorithm,
    pub health_check: HealthCheck,
    pub changed_at_ms: i64,
    pub changed_by: Option<String>,
    /// Refused with 503 because no instance was left, since the balancer started.
    pub unserved: u64,
    pub refusals: Refusals,
    pub retries: Retries,
    pub reused: crate::Reused,
    pub breaker: Option<BreakerStatus>,
    pub is_panicking: bool,
    pub degraded: Option<String>,
    /// As intended.
    pub affinity: AffinityKind,
    /// The share of the requests, in percent, that the algorithm means each instance in service to have; empty where it means none.
    pub intended_shares: Vec<(InstanceId, f64)>,
    pub instances: Vec<InstanceRow>,
    /// The source behind it, for age and error.
    pub source: SourceStatus,
    /// Why the balancer refused the intended policy, when it did.
    pub refused: Option<String>,
    /// Where an instance can announce itself; told while the pool is empty and takes registrations.
    pub register_at: Option<String>,
}

/// One breaker: an instance's, or the pool's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreakerRow {
    pub pool: PoolId,
    /// Absent for the pool's own.
    pub instance: Option<InstanceId>,
    pub status: BreakerStatus,
    /// As intended.
    pub hold: BreakerHold,
    /// Version of the pool's policy; what changes a hold sends it back.
    pub version: u64,
}

/// Every breaker, worst first, and what became of them lately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreakersView {
    pub breakers: Vec<BreakerRow>,
    /// Transitions, newest first, at most [`BreakersView::EVENTS_MAX`].
    pub events: Vec<Event>,
    pub sources: Vec<SourceStatus>,
}

impl BreakersView {
    pub const EVENTS_MAX: usize = 50;
}

/// The newest events; the page filters and pages through the store with a question of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventsView {
    /// Newest first, at most [`EventsView::MAX`].
    pub events: Vec<Event>,
}

impl EventsView {
    pub const MAX: usize = 100;
}

/// One answer of the search box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchHit {
    /// "pool", "instance", "page".
    pub kind: String,
    pub label: String,
    pub href: String,
}
