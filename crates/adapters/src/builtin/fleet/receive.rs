//! A gateway's report as it came in, made fit to be believed: bounded in every number and text, or refused.
//!
//! Whoever holds the token may be a gateway that was taken over. It can lie about what it served, but not name what is not a gateway's
//! business, exhaust memory, or make sums overflow. Refused is only what no gateway would send: one that is refused gets no orders.

use std::{collections::HashMap, net::SocketAddr, ops::Deref};

use gateway::{GatewayStats, InstanceStats, PoolStats};
use model::{Actor, BalancerEvent, EventKind, InstanceId, LoadReport, NewEvent, PoolId};

use super::{PROTOCOL, Refusal, SyncRequest, counts::Counts, line};

const ADDRESSES_MAX: usize = 16;
const DONE_MAX: usize = 64;
const TROUBLES_MAX: usize = 4;
/// Of pools and of instances in all pools: a little above what a console's settings may name.
const POOLS_MAX: usize = 256;
const INSTANCES_MAX: usize = 4_096;
const VERSION_MAX_CHARS: usize = 40;
const DIGEST_MAX_CHARS: usize = 64;
const TEXT_MAX_CHARS: usize = 500;
/// More requests or bytes than one gateway comes to. Sums over all pools and gateways stay far from what 64 bits hold.
const COUNT_MAX: u64 = 1 << 56;
/// More than a kernel has ports and files for.
const NOW_MAX: u32 = 1 << 24;
/// A CPU share in a load report beyond this is nonsense.
const LOAD_MAX: f32 = 1_000.0;

/// A report that can be believed as far as any. Its times are by the gateway's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Report(SyncRequest);

impl Deref for Report {
    type Target = SyncRequest;

    fn deref(&self) -> &SyncRequest {
        &self.0
    }
}

/// Where the instances of each pool of a plan are.
pub(super) type Planned = HashMap<PoolId, HashMap<InstanceId, SocketAddr>>;

impl Report {
    pub(super) fn into_request(self) -> SyncRequest {
        self.0
    }

    /// Drops what is not in the plan: it is nobody's business here.
    pub(super) fn keep(&mut self, planned: &Planned) {
        let Some(stats) = &mut self.0.stats else { return };
        stats.pools.retain_mut(|pool| {
            let Some(members) = planned.get(&pool.pool) else { return false };
            pool.instances.retain(|i| members.get(&i.id) == Some(&i.address));
            true
        });
        stats
            .events
            .retain(|e| e.event.pool.as_ref().is_none_or(|pool| planned.contains_key(pool)));
    }
}

/// Why a report was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadReport(String);

/// # Errors
/// The member that is wrong, in words.
pub fn receive(body: &[u8]) -> Result<Report, BadReport> {
    let mut request: SyncRequest = serde_json::from_slice(body).map_err(|e| BadReport(format!("the report cannot be read: {e}")))?;
    if request.protocol != PROTOCOL {
        let theirs = request.protocol;
        return Err(BadReport(format!(
            "protocol: version {theirs} is not spoken here, but {PROTOCOL}; run the same version of Evenkeel on both sides"
        )));
    }
    request.software = line(&request.software, VERSION_MAX_CHARS);
    request.addresses.truncate(ADDRESSES_MAX);
    request.tls_addresses.truncate(ADDRESSES_MAX);
    request.done.truncate(DONE_MAX);
    request.troubles.truncate(TROUBLES_MAX);
    for trouble in &mut request.troubles {
        *trouble = line(trouble, TEXT_MAX_CHARS);
    }
    request.in_force = request.in_force.map(|digest| line(&digest, DIGEST_MAX_CHARS));
    request.refused = request.refused.map(|refusal| Refusal {
        digest: line(&refusal.digest, DIGEST_MAX_CHARS),
        why: line(&refusal.why, TEXT_MAX_CHARS),
    });
    request.stats.as_mut().map(check).transpose()?;
    Ok(Report(request))
}

fn within(what: &str, count: usize, max: usize) -> Result<(), BadReport> {
    if count <= max {
        Ok(())
    } else {
        Err(BadReport(format!("{what}: {count} is more than {max}")))
    }
}

fn check(stats: &mut GatewayStats) -> Result<(), BadReport> {
    within("pools", stats.pools.len(), POOLS_MAX)?;
    within("instances", stats.pools.iter().map(|p| p.instances.len()).sum(), INSTANCES_MAX)?;
    within("events", stats.events.len(), BalancerEvent::KEPT)?;
    // Nothing of it is shown here; what is not looked at is not kept.
    stats.certificates = Vec::new();
    stats.unrouted = stats.unrouted.min(COUNT_MAX);
    stats.connections = stats.connections.min(NOW_MAX);
    stats.pools.iter_mut().for_each(bound_pool);
    stats.events.retain(|event| is_of_a_gateway(&event.event));
    for BalancerEvent { event, .. } in &mut stats.events {
        event.summary = line(&event.summary, TEXT_MAX_CHARS);
        event.cause = line(&event.cause, TEXT_MAX_CHARS);
        // Nobody does anything through a gateway but its own parts.
        event.actor = Actor::System(line(event.actor.parts().1, VERSION_MAX_CHARS));
    }
    Ok(())
}

fn bound_pool(pool: &mut PoolStats) {
    Counts::of_pool(pool).at_most(COUNT_MAX).put_into_pool(pool);
    pool.in_flight = pool.in_flight.min(NOW_MAX);
    pool.degraded = pool.degraded.take().map(|why| line(&why, TEXT_MAX_CHARS));
    pool.breaker.cause = line(&pool.breaker.cause, TEXT_MAX_CHARS);
    pool.instances.iter_mut().for_each(bound_instance);
}

fn bound_instance(instance: &mut InstanceStats) {
    Counts::of_instance(instance).at_most(COUNT_MAX).put_into_instance(instance);
    instance.in_flight = instance.in_flight.min(NOW_MAX);
    instance.pinned = instance.pinned.map(|pinned| pinned.min(NOW_MAX));
    instance.breaker.cause = line(&instance.breaker.cause, TEXT_MAX_CHARS);
    // JSON has no NaN, but a number too large for 32 bits becomes infinite.
    instance.last_check = instance
        .last_check
        .take()
        .filter(|check| check.took_ms.is_finite() && check.took_ms >= 0.0);
    if let Some(check) = &mut instance.last_check {
        check.detail = line(&check.detail, TEXT_MAX_CHARS);
    }
    instance.load = instance.load.map(bound_load);
}

fn bound_load(load: LoadReport) -> LoadReport {
    let sane = |value: Option<f32>| value.filter(|v| (0.0..=LOAD_MAX).contains(v));
    LoadReport {
        cpu: sane(load.cpu),
        memory: sane(load.memory),
        gpu: sane(load.gpu),
        ..load
    }
}

/// What a gateway's own journal tells; everything else is not its to tell. Certificates belong to no pool, all else to one.
const fn is_of_a_gateway(event: &NewEvent) -> bool {
    match event.kind {
        EventKind::CertificateReloaded | EventKind::CertificateRefused | EventKind::CertificateExpires => event.pool.is_none(),
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
        | EventKind::PanicEnded => event.pool.is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

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
            "protocol": 1, "run": 1, "sequence": 1, "sent_at_ms": 1, "started_at_ms": 1, "software": "0.1.0", "addresses": ["127.0.0.1:8080"],
            "in_force": null, "refused": null, "away_ms": null, "leaving": false, "done": [],
            "stats": { "unrouted": 0, "connections": 0, "pools": [pool], "events": [] }
        })
    }

    fn with(pointer: &str, value: Value) -> Result<SyncRequest, BadReport> {
        let mut request = request();
        *request.pointer_mut(pointer).unwrap() = value;
        receive(&serde_json::to_vec(&request).unwrap()).map(Report::into_request)
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let pool = request()["stats"]["pools"][0].clone();
        let table = [
            ("/protocol", json!(2), "version 2 is not spoken here"),
            ("/stats/pools", json!(vec![pool; 300]), "pools: 300 is more than 256"),
            ("/stats/pools/0/counters/requests", json!(-1), "the report cannot be read"),
            ("/stats/pools/0/pool", json!("<b>"), "a name is made of"),
            (
                "/stats/pools/0/histogram",
                json!(vec![1; 2 * 5_000]),
                "more latencies than a histogram has",
            ),
            ("/stats/pools/0/histogram", json!([u64::MAX, 1]), "out of range"),
            (
                "/stats/pools/0/instances/0/last_check/took_ms",
                json!("NaN"),
                "the report cannot be read",
            ),
        ];
        for (pointer, value, expected) in table {
            let why = with(pointer, value).unwrap_err().to_string();
            assert!(why.contains(expected), "{pointer}: {why}");
        }
        let text = serde_json::to_string(&request())
            .unwrap()
            .replace("\"took_ms\":1.0", "\"took_ms\":NaN");
        assert!(receive(text.as_bytes()).is_err(), "JSON has no NaN");
        assert!(receive(b"").is_err() && receive("[".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn numbers_that_are_too_large_are_made_as_large_as_they_may_be() {
        let pool = |pointer: &str, value: Value| with(pointer, value).unwrap().stats.unwrap().pools.remove(0);
        let huge = || json!(u64::MAX);
        assert_eq!(pool("/stats/pools/0/counters/bytes_sent", huge()).counters.bytes_sent, COUNT_MAX);
        assert_eq!(pool("/stats/pools/0/refusals/shed", huge()).refusals.shed, COUNT_MAX);
        let busy = pool("/stats/pools/0/instances/0/in_flight", json!(u32::MAX));
        assert_eq!(busy.instances[0].in_flight, NOW_MAX);
        let opened = pool("/stats/pools/0/instances/0/breaker/opened", huge());
        assert_eq!(opened.instances[0].breaker.opened, COUNT_MAX);
        let often = pool("/stats/pools/0/histogram", json!([10, u64::MAX]));
        assert_eq!(often.histogram.pairs(), [(10, 1 << 40)]);
        let many = with("/addresses", json!(vec!["127.0.0.1:1"; 17])).unwrap();
        assert_eq!(many.addresses.len(), ADDRESSES_MAX);
    }

    #[test]
    fn what_is_only_odd_is_made_harmless() {
        let instance = |request: SyncRequest| request.stats.unwrap().pools.remove(0).instances.remove(0);
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
        let told = |kind: &str, pool: Option<&str>| {
            let event = json!({
                "at_ms": i64::MIN, "kind": kind, "severity": "critical", "pool": pool, "instance": null,
                "summary": "x".repeat(10_000), "cause": "\u{1b}[2J", "actor": { "by": "user", "name": "admin" }
            });
            with("/stats/events", json!([{ "seq": 1, "event": event }]))
                .unwrap()
                .stats
                .unwrap()
                .events
        };
        assert_eq!(told("user.created", None), [], "a gateway creates no user");
        assert_eq!(told("breaker.opened", None), [], "it is of some pool");
        assert_eq!(told("certificate.expires", None).len(), 1);
        let event = told("breaker.opened", Some("web")).remove(0).event;
        assert_eq!((event.actor, event.cause.as_str()), (Actor::System("admin".into()), "\u{fffd}[2J"));
        assert!(event.summary.chars().count() <= TEXT_MAX_CHARS + 1);
    }
}
