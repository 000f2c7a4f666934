//! Checks one instance for as long as a plan names it.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use model::{AdminState, CheckResult, Health, HealthCheck, LoadReport, PathPrefix};
use tokio::{
    sync::{Notify, watch},
    time,
};
use tracing::{info, warn};

use super::{
    orca, page,
    probe::{Probe, probe, read},
    verdict::Verdict,
};
use crate::{
    state::{CheckOrders, InstanceState, unix_ms},
    tls::Upstream,
};

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
        let mut result = probe(address, &check, tls.as_deref()).await;
        let took = started.elapsed();
        verdict = verdict.after(result.passed, &check);
        if admin != AdminState::Maintenance && publish(&instance, verdict.health, &result.detail) {
            changed.notify_one();
        }
        // Last: whoever waits for a slow page shall not wait for the verdict.
        let load = match (&result.report, check.load_path.get()) {
            (Some(report), _) => orca::parse(report, unix_ms()),
            (None, Some(path)) if result.passed => load_from(address, path, &check, tls.as_deref(), &mut result.detail).await,
            _ => None,
        };
        record(&instance, result, took);
        if let Some(load) = load {
            let is_first = instance.load().is_none();
            instance.set_load(load);
            if is_first {
                changed.notify_one();
            }
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

/// The report on an instance's page; without one `detail` says why.
async fn load_from(
    address: SocketAddr,
    path: &PathPrefix,
    check: &HealthCheck,
    tls: Option<&Upstream>,
    detail: &mut String,
) -> Option<LoadReport> {
    let limit = Duration::from_millis(check.timeout_ms.min(check.interval_ms).into());
    let page = read(address, path, limit, tls).await;
    let load = page.and_then(|page| page::parse(&page, unix_ms()).ok_or_else(|| "has none of the metrics".to_owned()));
    load.inspect_err(|why| {
        let _infallible = write!(detail, "; load page {path}: {why}");
    })
    .ok()
}

fn record(instance: &InstanceState, result: Probe, took: Duration) {
    instance.set_last_check(CheckResult {
        at_ms: unix_ms(),
        took_ms: took.as_secs_f32() * 1_000.0,
        passed: result.passed,
        detail: result.detail,
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
