//! The built-in gateways as one [`Balancer`]: the one in this process, and those elsewhere that follow the same plan.

mod heard;
mod merge;
mod news;
mod observer;
mod window;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use control::ports::{ApplyError, Balancer, BalancerCapabilities, Clock as _, SourceError, SystemClock};
use gateway::Gateway;
use model::{
    Algorithm, BalancerObservation, BreakerTarget, InstanceId, LoadReport, Pins, PoolId, PoolPlan, ReceiptFilter, Receipts, SourceId,
};
use parking_lot::Mutex;

use self::observer::{Observer, Own};
use super::fleet::Fleet;

/// Names the gateway as source and as balancer.
pub const GATEWAY: &str = "gateway";

/// The stretch that quantiles are taken over: long enough to be calm, short enough to show a change.
const WINDOW: Duration = Duration::from_secs(10);

/// Turns the gateways' cumulative counts into one balancer's, and their histograms into quantiles of the last ten seconds. Observed by one
/// caller, once a second.
pub struct BuiltinBalancer {
    gateway: Arc<Gateway>,
    fleet: Arc<Fleet>,
    run: u64,
    started_at_ms: i64,
    observer: Mutex<Observer>,
}

impl BuiltinBalancer {
    /// `fleet` must have been made from the plan the gateway was started with.
    pub fn new(gateway: Arc<Gateway>, fleet: Arc<Fleet>) -> Self {
        Self {
            observer: Mutex::new(Observer::new(fleet.limits().silent_after)),
            run: rand::random(),
            started_at_ms: SystemClock.now_ms(),
            gateway,
            fleet,
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

    fn is_own(&self) -> bool {
        true
    }

    async fn observe(&self) -> Result<BalancerObservation, SourceError> {
        let now = Instant::now();
        let own = Own {
            stats: self.gateway.observe(),
            addresses: self.gateway.local_addrs().to_vec(),
            tls_addresses: self.gateway.tls_addrs().to_vec(),
            run: self.run,
            started_at_ms: self.started_at_ms,
            now_ms: SystemClock.now_ms(),
        };
        Ok(self.observer.lock().observe(own, self.fleet.look(now), now))
    }

    /// Taken when the gateway here takes it. Those elsewhere are told, and tell what became of it.
    async fn apply(&self, plan: &PoolPlan) -> Result<(), ApplyError> {
        if self.fleet.follows(plan) {
            return Ok(());
        }
        self.gateway.apply_pool(plan).map_err(|e| ApplyError::Refused(e.to_string()))?;
        self.fleet.order(plan);
        Ok(())
    }

    async fn reset_breakers(&self, pool: &PoolId, targets: &[BreakerTarget]) -> Result<(), ApplyError> {
        let here = self.gateway.reset_breakers(pool, targets);
        here.map_err(|e| ApplyError::Refused(e.to_string()))?;
        self.fleet.reset(pool, targets);
        Ok(())
    }

    async fn report_load(&self, pool: &PoolId, instance: &InstanceId, load: LoadReport) -> Result<(), ApplyError> {
        self.gateway
            .report_load(pool, instance, load)
            .map_err(|e| ApplyError::Refused(e.to_string()))
    }

    /// All are counted; those listed are the clients of the gateway here.
    async fn pins(&self, pool: &PoolId) -> Result<Pins, SourceError> {
        let mut pins = self.gateway.pins(pool).map_err(|e| SourceError(e.to_string()))?;
        pins.total = pins.total.saturating_add(self.fleet.pinned(pool, Instant::now()));
        Ok(pins)
    }

    /// Those of the gateway here.
    async fn receipts(&self, filter: &ReceiptFilter, limit: usize) -> Result<Receipts, SourceError> {
        Ok(self.gateway.receipts(filter, limit))
    }
}
