//! Checks one instance for as long as a plan names it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use model::{AdminState, CheckResult, Health, HealthCheck};
use tokio::{
    sync::{Notify, watch},
    time,
};
use tracing::{info, warn};

use super::{
    orca,
    probe::{Probe, probe},
    verdict::Verdict,
};
use crate::state::{CheckOrders, InstanceState, unix_ms};

/// First checks are spread over at most this long, so that a fleet is not checked in one breath, yet known soon after the start.
const MAX_START_DELAY_MS: u32 = 1_000;

/// Runs until the orders are withdrawn. New orders cause a check at once. `changed` is told of each new
/// health and of the first load report.
pub(crate) async fn run(instance: Arc<InstanceState>, mut orders: watch::Receiver<Option<CheckOrders>>, changed: Arc<Notify>) {
    let mut verdict = Verdict::default();
    let mut next = Instant::now() + start_delay(&orders);
    loop {
        tokio::select! {
            () = time::sleep_until(next.into()) => {}
            ordered = orders.changed() => if ordered.is_err() { return },
        }
        let Some(CheckOrders {
            address,
            check,
            admin,
            tls,
        }) = orders.borrow_and_update().clone()
        else {
            return;
        };
        if admin != AdminState::Maintenance && publish(&instance, verdict.health, "found during maintenance") {
            changed.notify_one();
        }
        let started = Instant::now();
        let is_first_report = instance.load().is_none();
        let result = probe(address, &check, tls.as_deref()).await;
        verdict = verdict.after(result.passed, &check);
        record(&instance, &result, started.elapsed());
        let mut news = is_first_report && instance.load().is_some();
        if admin != AdminState::Maintenance {
            news |= publish(&instance, verdict.health, &result.detail);
        }
        if news {
            changed.notify_one();
        }
        next = started + interval(&check);
    }
}

/// Never twice the same, so that gateways that were started together do not stay in step.
fn interval(check: &HealthCheck) -> Duration {
    let jitter = f64::from(check.jitter_percent) / 100.0;
    let factor = 1.0 + rand::random_range(-jitter..=jitter);
    Duration::from_millis(check.interval_ms.into()).mul_f64(factor)
}

fn start_delay(orders: &watch::Receiver<Option<CheckOrders>>) -> Duration {
    let interval_ms = orders.borrow().as_ref().map_or(0, |orders| orders.check.interval_ms);
    Duration::from_millis(rand::random_range(0..=interval_ms.min(MAX_START_DELAY_MS)).into())
}

fn record(instance: &InstanceState, result: &Probe, took: Duration) {
    let at_ms = unix_ms();
    if let Some(load) = result.report.as_deref().and_then(|report| orca::parse(report, at_ms)) {
        instance.set_load(load);
    }
    instance.set_last_check(CheckResult {
        at_ms,
        took_ms: took.as_secs_f32() * 1_000.0,
        passed: result.passed,
        detail: result.detail.clone(),
    });
}

/// Whether that is new.
fn publish(instance: &InstanceState, health: Health, detail: &str) -> bool {
    let Some(before) = instance.publish(health, unix_ms()) else {
        return false;
    };
    let (pool, id) = (&instance.pool, &instance.id);
    match (before, health) {
        (_, Health::Down) => warn!(%pool, instance = %id, detail, "instance is down and gets no requests"),
        (Health::Down, _) => info!(%pool, instance = %id, detail, "instance is up again"),
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_differ_within_the_jitter() {
        let check = HealthCheck {
            interval_ms: 1_000,
            jitter_percent: 10,
            ..HealthCheck::default()
        };
        let intervals: Vec<_> = (0..1_000).map(|_| interval(&check).as_millis()).collect();
        assert!(intervals.iter().all(|ms| (900..=1_100).contains(ms)), "{intervals:?}");
        assert!(intervals.iter().any(|ms| *ms < 950) && intervals.iter().any(|ms| *ms > 1_050));
        let steady = HealthCheck {
            jitter_percent: 0,
            ..check
        };
        assert_eq!(interval(&steady), Duration::from_secs(1));
    }
}
