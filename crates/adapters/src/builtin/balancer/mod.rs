//! The built-in gateway as a [`Balancer`].

mod window;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use control::ports::{ApplyError, Balancer, BalancerCapabilities, SourceError};
use gateway::{Gateway, GatewayStats, InstanceStats, PoolStats};
use model::{
    Algorithm, BalancerId, BalancerObservation, BreakerTarget, InstanceId, InstanceObservation, Pins, PoolId, PoolObservation, PoolPlan,
    ReceiptFilter, Receipts, SourceId, Window,
};
use parking_lot::Mutex;

use self::window::{Slice, Sliding};

/// Names the gateway as source and as balancer.
pub const GATEWAY: &str = "gateway";

/// The stretch that quantiles are taken over: long enough to be calm, short enough to show a change.
const WINDOW: Duration = Duration::from_secs(10);

/// Turns the gateway's cumulative histograms into quantiles of the last ten seconds. Observed by one caller, once a second.
pub struct BuiltinBalancer {
    gateway: Arc<Gateway>,
    windows: Mutex<Windows>,
}

#[derive(Default)]
struct Windows {
    all: Sliding,
    pools: HashMap<PoolId, Sliding>,
    instances: HashMap<(PoolId, InstanceId), Sliding>,
}

impl BuiltinBalancer {
    pub fn new(gateway: Arc<Gateway>) -> Self {
        Self {
            gateway,
            windows: Mutex::default(),
        }
    }
}

#[async_trait]
impl Balancer for BuiltinBalancer {
    fn source(&self) -> SourceId {
        SourceId::new(GATEWAY).expect("a constant name is valid")
    }

    fn describe(&self) -> String {
        "built-in gateway".to_owned()
    }

    fn capabilities(&self) -> BalancerCapabilities {
        BalancerCapabilities {
            algorithms: Algorithm::ALL.into(),
            weights: true,
            drain: true,
            health_checks: true,
        }
    }

    async fn observe(&self) -> Result<BalancerObservation, SourceError> {
        Ok(self.windows.lock().observation(self.gateway.observe(), Instant::now()))
    }

    async fn apply(&self, plan: &PoolPlan) -> Result<(), ApplyError> {
        self.gateway.apply_pool(plan).map_err(|e| ApplyError::Refused(e.to_string()))
    }

    async fn reset_breakers(&self, pool: &PoolId, targets: &[BreakerTarget]) -> Result<(), ApplyError> {
        self.gateway
            .reset_breakers(pool, targets)
            .map_err(|e| ApplyError::Refused(e.to_string()))
    }

    async fn pins(&self, pool: &PoolId) -> Result<Pins, SourceError> {
        self.gateway.pins(pool).map_err(|e| SourceError(e.to_string()))
    }

    async fn receipts(&self, filter: &ReceiptFilter, limit: usize) -> Result<Receipts, SourceError> {
        Ok(self.gateway.receipts(filter, limit))
    }
}

impl Windows {
    fn observation(&mut self, stats: GatewayStats, now: Instant) -> BalancerObservation {
        self.pools.retain(|id, _| stats.pools.iter().any(|p| &p.pool == id));
        self.instances.retain(|(pool, id), _| {
            stats
                .pools
                .iter()
                .find(|p| &p.pool == pool)
                .is_some_and(|p| p.instances.iter().any(|i| &i.id == id))
        });
        let mut slices = Vec::with_capacity(stats.pools.len());
        let pools = stats.pools.into_iter().map(|pool| self.pool(pool, now, &mut slices)).collect();
        let window = self.all.push(now, WINDOW, Slice::merged(&slices));
        BalancerObservation {
            balancer: BalancerId::new(GATEWAY).expect("a constant name is valid"),
            unrouted: stats.unrouted,
            window,
            pools,
            events: stats.events,
        }
    }

    fn pool(&mut self, stats: PoolStats, now: Instant, slices: &mut Vec<Slice>) -> PoolObservation {
        let sliding = self.pools.entry(stats.pool.clone()).or_default();
        let slice = sliding.since_last(stats.histogram);
        slices.push(slice.clone());
        let window = sliding.push(now, WINDOW, slice);
        let id = stats.pool.clone();
        PoolObservation {
            pool: stats.pool,
            version: stats.version,
            algorithm: stats.algorithm,
            in_flight: stats.in_flight,
            counters: stats.counters,
            unserved: stats.unserved,
            refusals: stats.refusals,
            retries: stats.retries,
            reused: stats.reused,
            breaker: Some(stats.breaker),
            is_panicking: stats.is_panicking,
            degraded: stats.degraded,
            window,
            instances: stats.instances.into_iter().map(|i| self.instance(&id, i, now)).collect(),
        }
    }

    fn instance(&mut self, pool: &PoolId, stats: InstanceStats, now: Instant) -> InstanceObservation {
        let sliding = self.instances.entry((pool.clone(), stats.id.clone())).or_default();
        let slice = sliding.since_last(stats.histogram);
        let window: Window = sliding.push(now, WINDOW, slice);
        InstanceObservation {
            id: stats.id,
            address: stats.address,
            weight: stats.weight,
            admin: stats.admin,
            health: stats.health,
            health_since_ms: stats.health_since_ms,
            ejected_until_ms: stats.ejected_until_ms,
            breaker: Some(stats.breaker),
            pinned: stats.pinned,
            in_flight: stats.in_flight,
            counters: stats.counters,
            window,
            last_check: stats.last_check,
            load: stats.load,
        }
    }
}
