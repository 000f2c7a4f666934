//! Snapshots for tests of decisions.

use model::{
    AdminState, Algorithm, BalancerId, InstanceId, InstanceSnapshot, InstanceState, PoolId, PoolSnapshot, Refusals, Retries, Totals, Weight,
};

pub(crate) fn id(name: &str) -> InstanceId {
    InstanceId::new(name).unwrap()
}

pub(crate) fn instance_snapshot(name: &str, state: InstanceState) -> InstanceSnapshot {
    InstanceSnapshot {
        id: id(name),
        address: "127.0.0.1:1".parse().unwrap(),
        zone: None,
        state,
        since_ms: 0,
        weight: Weight::ONE,
        admin: AdminState::Ready,
        totals: Totals::default(),
        share_percent: None,
        last_check: None,
        load: None,
        breaker: None,
        pinned: None,
        process: None,
        registered: None,
    }
}

/// Instances `i0`, `i1`, … in these states, in a pool named `web`.
pub(crate) fn pool_snapshot(states: &[InstanceState]) -> PoolSnapshot {
    PoolSnapshot {
        id: PoolId::new("web").unwrap(),
        balancer: BalancerId::new("gateway").unwrap(),
        algorithm: Algorithm::RoundRobin,
        version: 1,
        state: states.iter().copied().min().unwrap_or(InstanceState::Unknown),
        totals: Totals::default(),
        unserved: 0,
        refusals: Refusals::default(),
        retries: Retries::default(),
        reused: model::Reused::default(),
        breaker: None,
        is_panicking: false,
        degraded: None,
        instances: states
            .iter()
            .enumerate()
            .map(|(n, state)| instance_snapshot(&format!("i{n}"), *state))
            .collect(),
    }
}
