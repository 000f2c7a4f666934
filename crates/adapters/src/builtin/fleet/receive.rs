//! A gateway's report as it came in, made fit to be believed: bounded in every number and text, or refused.
//!
//! Whoever holds the token may be a gateway that was taken over. It can lie about what it served, but not name what is not a gateway's
//! business, exhaust memory, or make sums overflow.

use std::net::SocketAddr;

use gateway::{GatewayStats, InstanceStats, PoolStats};
use model::{Actor, BalancerEvent, BreakerStatus, Counters, EventKind, LoadReport, Refusals, Retries};

use super::{Done, PROTOCOL, Refusal, SyncRequest, line};

const ADDRESSES_MAX: usize = 16;
const DONE_MAX: usize = 64;
/// Of pools and of instances in all pools: a little above what a console's settings may name.
const POOLS_MAX: usize = 256;
const INSTANCES_MAX: usize = 4_096;
const VERSION_MAX_CHARS: usize = 40;
const DIGEST_MAX_CHARS: usize = 64;
const TEXT_MAX_CHARS: usize = 500;
/// More requests than anybody has counted. Sums over all pools and gateways stay far from what 64 bits hold.
const COUNT_MAX: u64 = 1 << 48;
/// More than a kernel has ports and files for.
const NOW_MAX: u32 = 1 << 24;
/// How far the clock of a gateway may be off, ms.
const CLOCK_OFF_MAX_MS: i64 = 24 * 3_600_000;
/// A CPU share in a load report beyond this is nonsense.
const LOAD_MAX: f32 = 1_000.0;

/// A report that can be believed as far as any.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub run: u64,
    pub started_at_ms: i64,
    pub software: String,
    pub addresses: Vec<SocketAddr>,
    pub in_force: Option<String>,
    pub refused: Option<Refusal>,
    pub away_ms: Option<u64>,
    pub leaving: bool,
    pub done: Vec<Done>,
    pub stats: Option<GatewayStats>,
}

/// Why a report was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadReport(String);

/// # Errors
/// The member that is wrong, in words.
pub fn receive(body: &[u8], now_ms: i64) -> Result<Report, BadReport> {
    let request: SyncRequest = serde_json::from_slice(body).map_err(|e| BadReport(format!("the report cannot be read: {e}")))?;
    if request.protocol != PROTOCOL {
        let theirs = request.protocol;
        return Err(BadReport(format!(
            "protocol: version {theirs} is not spoken here, but {PROTOCOL}; run the same version of Evenkeel on both sides"
        )));
    }
    within("addresses", request.addresses.len(), ADDRESSES_MAX)?;
    within("done", request.done.len(), DONE_MAX)?;
    let stats = request.stats.map(|stats| checked(stats, now_ms)).transpose()?;
    Ok(Report {
        run: request.run,
        started_at_ms: request.started_at_ms.clamp(0, now_ms.saturating_add(CLOCK_OFF_MAX_MS)),
        software: line(&request.software, VERSION_MAX_CHARS),
        addresses: request.addresses,
        in_force: request.in_force.map(|digest| line(&digest, DIGEST_MAX_CHARS)),
        refused: request.refused.map(|refusal| Refusal {
            digest: line(&refusal.digest, DIGEST_MAX_CHARS),
            why: line(&refusal.why, TEXT_MAX_CHARS),
        }),
        away_ms: request.away_ms,
        leaving: request.leaving,
        done: request.done,
        stats,
    })
}

fn within<T: PartialOrd + std::fmt::Display>(what: &str, value: T, max: T) -> Result<(), BadReport> {
    if value <= max {
        Ok(())
    } else {
        Err(BadReport(format!("{what}: {value} is more than {max}")))
    }
}

fn checked(mut stats: GatewayStats, now_ms: i64) -> Result<GatewayStats, BadReport> {
    within("unrouted", stats.unrouted, COUNT_MAX)?;
    // Nothing of it is shown here; what is not looked at is not kept.
    stats.certificates = Vec::new();
    within("connections", stats.connections, NOW_MAX)?;
    within("pools", stats.pools.len(), POOLS_MAX)?;
    within("instances", stats.pools.iter().map(|p| p.instances.len()).sum(), INSTANCES_MAX)?;
    within("events", stats.events.len(), BalancerEvent::KEPT)?;
    for pool in &mut stats.pools {
        check_pool(pool, now_ms)?;
    }
    stats.events.retain(|event| is_of_a_gateway(event.event.kind));
    for BalancerEvent { event, .. } in &mut stats.events {
        event.at_ms = event.at_ms.clamp(now_ms - CLOCK_OFF_MAX_MS, now_ms);
        event.summary = line(&event.summary, TEXT_MAX_CHARS);
        event.cause = line(&event.cause, TEXT_MAX_CHARS);
        // Nobody does anything through a gateway but its own parts.
        event.actor = Actor::System(line(event.actor.parts().1, VERSION_MAX_CHARS));
    }
    Ok(stats)
}

fn check_pool(pool: &mut PoolStats, now_ms: i64) -> Result<(), BadReport> {
    let Refusals {
        rate,
        body,
        in_flight,
        shed,
        breaker,
    } = pool.refusals;
    let Retries { sent, over_budget } = pool.retries;
    let model::Reused { deduplicated, stale } = pool.reused;
    check_counters(&pool.counters)?;
    for count in [
        pool.unserved,
        rate,
        body,
        in_flight,
        shed,
        breaker,
        sent,
        over_budget,
        deduplicated,
        stale,
        pool.breaker.opened,
    ] {
        within("a count", count, COUNT_MAX)?;
    }
    within("in_flight", pool.in_flight, NOW_MAX)?;
    pool.degraded = pool.degraded.take().map(|why| line(&why, TEXT_MAX_CHARS));
    check_breaker(&mut pool.breaker, now_ms);
    pool.instances.iter_mut().try_for_each(|instance| check_instance(instance, now_ms))
}

fn check_counters(counters: &Counters) -> Result<(), BadReport> {
    let Counters {
        requests,
        status_2xx,
        status_3xx,
        status_4xx,
        status_5xx,
        failed,
        bytes_sent,
    } = *counters;
    let counts = [requests, status_2xx, status_3xx, status_4xx, status_5xx, failed, bytes_sent];
    // Bytes run ahead of requests by many orders of magnitude.
    counts[..6].iter().try_for_each(|count| within("a counter", *count, COUNT_MAX))?;
    within("bytes_sent", bytes_sent, COUNT_MAX << 4)
}

fn check_instance(instance: &mut InstanceStats, now_ms: i64) -> Result<(), BadReport> {
    check_counters(&instance.counters)?;
    within("in_flight", instance.in_flight, NOW_MAX)?;
    within("pinned", instance.pinned.unwrap_or(0), NOW_MAX)?;
    within("a count", instance.breaker.opened, COUNT_MAX)?;
    instance.health_since_ms = instance.health_since_ms.clamp(0, now_ms);
    check_breaker(&mut instance.breaker, now_ms);
    // JSON has no NaN, but a number too large for 32 bits becomes infinite.
    instance.last_check = instance
        .last_check
        .take()
        .filter(|check| check.took_ms.is_finite() && check.took_ms >= 0.0);
    if let Some(check) = &mut instance.last_check {
        check.at_ms = check.at_ms.clamp(0, now_ms);
        check.detail = line(&check.detail, TEXT_MAX_CHARS);
    }
    instance.load = instance.load.map(|load| check_load(load, now_ms));
    Ok(())
}

fn check_breaker(breaker: &mut BreakerStatus, now_ms: i64) {
    breaker.since_ms = breaker.since_ms.clamp(0, now_ms);
    breaker.cause = line(&breaker.cause, TEXT_MAX_CHARS);
}

fn check_load(load: LoadReport, now_ms: i64) -> LoadReport {
    let sane = |value: Option<f32>| value.filter(|v| (0.0..=LOAD_MAX).contains(v));
    LoadReport {
        at_ms: load.at_ms.clamp(0, now_ms),
        cpu: sane(load.cpu),
        memory: sane(load.memory),
        gpu: sane(load.gpu),
        ..load
    }
}

/// What a gateway's own journal tells; everything else is not its to tell.
const fn is_of_a_gateway(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::BreakerOpened
            | EventKind::BreakerHalfOpen
            | EventKind::BreakerClosed
            | EventKind::BreakerReset
            | EventKind::BreakerForced
            | EventKind::InstanceEjected
            | EventKind::InstanceReturned
            | EventKind::ClientsMoved
            | EventKind::PoolDegraded
            | EventKind::PoolRecovered
            | EventKind::PanicBegan
            | EventKind::PanicEnded
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW_MS: i64 = 1_767_225_600_000;

    fn breaker() -> Value {
        json!({ "state": "closed", "since_ms": 0, "until_ms": null, "requests": 0, "failures": 0, "opened": 0, "cause": "" })
    }

    fn request() -> Value {
        let counters =
            json!({ "requests": 5, "status_2xx": 5, "status_3xx": 0, "status_4xx": 0, "status_5xx": 0, "failed": 0, "bytes_sent": 9 });
        let instance = json!({
            "id": "a", "address": "127.0.0.1:9", "weight": 1, "admin": "ready", "health": "up", "health_since_ms": 1, "ejected_until_ms": null,
            "breaker": breaker(), "pinned": null, "in_flight": 0, "counters": counters, "histogram": [10, 5],
            "last_check": { "at_ms": 1, "took_ms": 1.0, "passed": true, "detail": "200" },
            "load": { "at_ms": 1, "cpu": 0.5, "memory": null, "gpu": null, "gpu_simulated": false, "sessions": null }
        });
        let pool = json!({
            "pool": "web", "version": 1, "algorithm": "round_robin", "in_flight": 0, "counters": counters, "unserved": 0,
            "refusals": { "rate": 0, "body": 0, "in_flight": 0, "shed": 0, "breaker": 0 }, "retries": { "sent": 0, "over_budget": 0 }, "reused": { "deduplicated": 0, "stale": 0 },
            "breaker": breaker(), "is_panicking": false, "degraded": null, "histogram": [10, 5], "instances": [instance]
        });
        json!({
            "protocol": 1, "run": 1, "started_at_ms": 1, "software": "0.1.0", "addresses": ["127.0.0.1:8080"], "in_force": null, "refused": null,
            "away_ms": null, "leaving": false, "done": [],
            "stats": { "unrouted": 0, "connections": 0, "pools": [pool], "events": [] }
        })
    }

    fn with(pointer: &str, value: Value) -> Result<Report, BadReport> {
        let mut request = request();
        *request.pointer_mut(pointer).unwrap() = value;
        receive(&serde_json::to_vec(&request).unwrap(), NOW_MS)
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let pool = request()["stats"]["pools"][0].clone();
        let table = [
            ("/protocol", json!(2), "version 2 is not spoken here"),
            (
                "/stats/connections",
                json!(4_000_000_000_u32),
                "connections: 4000000000 is more than",
            ),
            ("/stats/pools", json!(vec![pool; 300]), "pools: 300 is more than 256"),
            (
                "/stats/pools/0/counters/requests",
                json!(u64::MAX),
                "a counter: 18446744073709551615 is more than",
            ),
            ("/stats/pools/0/pool", json!("<b>"), "a name is made of"),
            ("/stats/pools/0/instances/0/in_flight", json!(u32::MAX), "in_flight"),
            (
                "/stats/pools/0/histogram",
                json!(vec![1; 2 * 5_000]),
                "more latencies than a histogram has",
            ),
            ("/stats/pools/0/histogram", json!([1, u64::MAX]), "out of range"),
            (
                "/stats/pools/0/instances/0/last_check/took_ms",
                json!("NaN"),
                "the report cannot be read",
            ),
            ("/addresses", json!(vec!["127.0.0.1:1"; 17]), "addresses: 17"),
        ];
        for (pointer, value, expected) in table {
            let why = with(pointer, value).unwrap_err().to_string();
            assert!(why.contains(expected), "{pointer}: {why}");
        }
        let text = serde_json::to_string(&request())
            .unwrap()
            .replace("\"took_ms\":1.0", "\"took_ms\":NaN");
        assert!(receive(text.as_bytes(), NOW_MS).is_err(), "JSON has no NaN");
        assert!(receive(b"", NOW_MS).is_err() && receive("[".repeat(100_000).as_bytes(), NOW_MS).is_err());
    }

    #[test]
    fn what_is_only_odd_is_made_harmless() {
        let instance = |report: Report| report.stats.unwrap().pools.remove(0).instances.remove(0);
        assert_eq!(
            instance(with("/stats/pools/0/instances/0/last_check/took_ms", json!(1e39)).unwrap()).last_check,
            None
        );
        assert_eq!(
            instance(with("/stats/pools/0/instances/0/load/cpu", json!(1e39)).unwrap())
                .load
                .unwrap()
                .cpu,
            None
        );
        let later = with("/stats/pools/0/instances/0/health_since_ms", json!(i64::MAX)).unwrap();
        assert_eq!(instance(later).health_since_ms, NOW_MS);
        let told = |kind: &str| {
            let event = json!({
                "at_ms": i64::MIN, "kind": kind, "severity": "critical", "pool": "web", "instance": null,
                "summary": "x".repeat(10_000), "cause": "\u{1b}[2J", "actor": { "by": "user", "name": "admin" }
            });
            with("/stats/events", json!([{ "seq": 1, "event": event }]))
                .unwrap()
                .stats
                .unwrap()
                .events
        };
        assert_eq!(told("user.created"), [], "a gateway creates no user");
        let event = told("breaker.opened").remove(0).event;
        assert_eq!((event.actor, event.cause.as_str()), (Actor::System("admin".into()), "\u{fffd}[2J"));
        assert!(event.summary.chars().count() <= TEXT_MAX_CHARS + 1 && event.at_ms == NOW_MS - CLOCK_OFF_MAX_MS);
    }
}
