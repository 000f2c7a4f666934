//! What is remembered about an instance, from plan to plan, by pool, id and address.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
};

use model::{AdminState, CheckResult, Health, HealthCheck, InstanceId, LoadReport, OutlierEjection, PoolId};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Breaker, Latencies, Outlier, ResponseTimes, Standing, Tally, monotonic_ms, unix_ms};
use crate::{algorithm::Load, tls::Upstream};

/// What an instance's checker shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckOrders {
    /// Where it is asked: its own address, or one only for checks.
    pub(crate) address: SocketAddr,
    pub(crate) check: HealthCheck,
    pub(crate) admin: AdminState,
    /// Absent: in the clear.
    pub(crate) tls: Option<Arc<Upstream>>,
}

#[derive(Debug)]
pub(crate) struct InstanceState {
    pub(crate) pool: PoolId,
    pub(crate) id: InstanceId,
    pub(crate) address: SocketAddr,
    pub(crate) tally: Arc<Tally>,
    pub(crate) latencies: Latencies,
    pub(crate) responses: ResponseTimes,
    pub(crate) breaker: Arc<Breaker>,
    /// Clients that come back to it by affinity.
    pub(crate) pinned: Arc<AtomicU32>,
    outlier: Outlier,
    health: AtomicU8,
    health_since_ms: AtomicI64,
    /// When it came back, ms of the monotonic clock; 0 when that is over or never was.
    returned_ms: AtomicU64,
    last_check: Mutex<Option<CheckResult>>,
    load: Mutex<Option<LoadReport>>,
    /// `None` when the instance is in no plan any more.
    orders: watch::Sender<Option<CheckOrders>>,
    has_checker: AtomicBool,
}

impl InstanceState {
    pub(crate) fn new(pool: PoolId, id: InstanceId, address: SocketAddr) -> Self {
        Self {
            pool,
            id,
            address,
            tally: Arc::default(),
            latencies: Latencies::default(),
            responses: ResponseTimes::default(),
            breaker: Arc::default(),
            pinned: Arc::default(),
            outlier: Outlier::default(),
            health: AtomicU8::new(encode(Health::Unchecked)),
            health_since_ms: AtomicI64::new(unix_ms()),
            returned_ms: AtomicU64::new(0),
            last_check: Mutex::new(None),
            load: Mutex::new(None),
            orders: watch::Sender::new(None),
            has_checker: AtomicBool::new(false),
        }
    }

    pub(crate) fn health(&self) -> Health {
        decode(self.health.load(Ordering::Relaxed))
    }

    pub(crate) fn health_since_ms(&self) -> i64 {
        self.health_since_ms.load(Ordering::Relaxed)
    }

    /// Returns the health before, when this changed it. Called by the instance's one checker.
    pub(crate) fn publish(&self, health: Health, at_ms: i64) -> Option<Health> {
        let before = decode(self.health.swap(encode(health), Ordering::Relaxed));
        if before == health {
            return None;
        }
        self.health_since_ms.store(at_ms, Ordering::Relaxed);
        // It was found ill and then well: what it failed before that says nothing about it any more. (Envoy does the same.)
        let is_pardoned = health == Health::Up && before != Health::Unchecked && self.outlier.pardon();
        if before == Health::Down || is_pardoned {
            self.starts_slowly();
        }
        Some(before)
    }

    /// Whether it gets no requests because it failed too many. When that is over, it starts slowly.
    pub(crate) fn is_ejected(&self) -> bool {
        match self.outlier.standing(monotonic_ms) {
            Standing::Serves => false,
            Standing::Ejected => true,
            Standing::Returns => {
                self.starts_slowly();
                false
            }
        }
    }

    pub(crate) fn ejected_until_ms(&self) -> Option<i64> {
        self.is_ejected().then(|| self.outlier.until_unix_ms())
    }

    /// How a request to it went. Returns for how long it is ejected from now on, ms, when this was one failure too many.
    pub(crate) fn judge(&self, failed: bool, rule: &OutlierEjection, may_go: impl FnOnce() -> bool) -> Option<u64> {
        failed
            .then(|| self.outlier.failed(rule, monotonic_ms(), unix_ms(), may_go))
            .flatten()
    }

    /// It has answered a request in whole, and not with an error: its failures are in a row no more.
    pub(crate) fn completed(&self) {
        self.outlier.succeeded();
    }

    /// From now on it gets its share little by little.
    pub(crate) fn starts_slowly(&self) {
        self.returned_ms.store(monotonic_ms(), Ordering::Relaxed);
    }

    /// How much of its share it gets: from near 0, when it has just come back, straight to 1 after `slow_start_ms`.
    pub(crate) fn ramp(&self, slow_start_ms: u32) -> f32 {
        let returned_ms = self.returned_ms.load(Ordering::Relaxed);
        if returned_ms == 0 {
            return 1.0;
        }
        let since_ms = monotonic_ms().saturating_sub(returned_ms);
        if since_ms >= u64::from(slow_start_ms) {
            self.returned_ms.store(0, Ordering::Relaxed);
            return 1.0;
        }
        (since_ms as f32 / slow_start_ms as f32).max(LEAST_RAMP)
    }

    pub(crate) fn last_check(&self) -> Option<CheckResult> {
        self.last_check.lock().clone()
    }

    pub(crate) fn set_last_check(&self, result: CheckResult) {
        *self.last_check.lock() = Some(result);
    }

    pub(crate) fn load(&self) -> Option<LoadReport> {
        *self.load.lock()
    }

    /// Its load report, unless that is older than `stale_ms`.
    pub(crate) fn fresh_load(&self, stale_ms: i64) -> Option<Load> {
        let report = self.load()?;
        (unix_ms() - report.at_ms <= stale_ms).then_some(Load {
            cpu: report.cpu,
            memory: report.memory,
            gpu: report.gpu,
            sessions: report.sessions,
        })
    }

    pub(crate) fn set_load(&self, load: LoadReport) {
        *self.load.lock() = Some(load);
    }

    /// Tells the checker what to do; `None` ends it.
    pub(crate) fn order(&self, orders: Option<CheckOrders>) {
        self.orders.send_if_modified(|current| {
            let differs = *current != orders;
            *current = orders;
            differs
        });
    }

    /// The orders for a checker to follow; `None` when the instance has its checker already.
    pub(crate) fn claim_checker(&self) -> Option<watch::Receiver<Option<CheckOrders>>> {
        (!self.has_checker.swap(true, Ordering::Relaxed)).then(|| self.orders.subscribe())
    }
}

/// Nobody would find out that an instance is back if it got nothing at all.
const LEAST_RAMP: f32 = 0.05;

const fn encode(health: Health) -> u8 {
    match health {
        Health::Unchecked => 0,
        Health::Up => 1,
        Health::GoingDown => 2,
        Health::Down => 3,
    }
}

const fn decode(code: u8) -> Health {
    match code {
        1 => Health::Up,
        2 => Health::GoingDown,
        3 => Health::Down,
        _ => Health::Unchecked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_survives_its_encoding() {
        for health in [Health::Unchecked, Health::Up, Health::GoingDown, Health::Down] {
            assert_eq!(decode(encode(health)), health);
        }
    }

    #[test]
    fn only_a_change_of_health_moves_its_time() {
        let address = "127.0.0.1:1".parse().unwrap();
        let state = InstanceState::new(PoolId::new("p").unwrap(), InstanceId::new("i").unwrap(), address);
        assert_eq!(state.publish(Health::Up, 10), Some(Health::Unchecked));
        assert_eq!(state.publish(Health::Up, 20), None);
        assert_eq!(state.health_since_ms(), 10);
    }

    #[test]
    fn only_who_was_down_starts_slowly() {
        let address = "127.0.0.1:1".parse().unwrap();
        let state = InstanceState::new(PoolId::new("p").unwrap(), InstanceId::new("i").unwrap(), address);
        state.publish(Health::Up, 10);
        assert!((state.ramp(60_000) - 1.0).abs() < f32::EPSILON);
        state.publish(Health::Down, 20);
        state.publish(Health::Up, 30);
        assert!((LEAST_RAMP..0.5).contains(&state.ramp(60_000)));
        assert!((state.ramp(0) - 1.0).abs() < f32::EPSILON, "switched off");
    }
    #[test]
    fn a_check_that_passes_again_ends_an_ejection_and_one_that_passes_still_does_not() {
        let address = "127.0.0.1:1".parse().unwrap();
        let state = InstanceState::new(PoolId::new("p").unwrap(), InstanceId::new("i").unwrap(), address);
        state.publish(Health::Up, 10);
        let rule = OutlierEjection {
            failures: 1,
            ..OutlierEjection::default()
        };
        assert!(state.judge(true, &rule, || true).is_some());
        state.publish(Health::Up, 20);
        assert!(state.is_ejected());
        state.publish(Health::GoingDown, 30);
        assert!(state.is_ejected());
        state.publish(Health::Up, 40);
        assert!(!state.is_ejected());
        assert!(state.ramp(60_000) < 0.5, "it starts slowly");
    }
}
