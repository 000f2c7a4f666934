use model::{AdminState, Algorithm, BreakerState, BreakerStatus, Counters, Health, Refusals, Retries, Weight};

use super::*;
use crate::builtin::fleet::{Fleet, Limits, Report};

const SILENT: Duration = Duration::from_secs(5);

fn breaker() -> BreakerStatus {
    BreakerStatus {
        state: BreakerState::Closed,
        since_ms: 0,
        until_ms: None,
        requests: 0,
        failures: 0,
        opened: 0,
        cause: String::new(),
    }
}

/// A gateway that has served `requests` of pool `name`, each in 1 ms.
fn stats(name: &str, requests: u64) -> GatewayStats {
    let counters = Counters {
        requests,
        status_2xx: requests,
        ..Counters::default()
    };
    let latencies = if requests == 0 {
        "[]".to_owned()
    } else {
        format!("[1000,{requests}]")
    };
    let histogram: Distribution = serde_json::from_str(&latencies).unwrap();
    let instance = InstanceStats {
        id: "a".parse().unwrap(),
        address: "127.0.0.1:9".parse().unwrap(),
        weight: Weight::ONE,
        admin: AdminState::Ready,
        health: Health::Up,
        health_since_ms: 0,
        ejected_until_ms: None,
        breaker: breaker(),
        pinned: None,
        in_flight: 1,
        counters,
        histogram: histogram.clone(),
        last_check: None,
        load: None,
    };
    let pool = PoolStats {
        pool: name.parse().unwrap(),
        version: 1,
        algorithm: Algorithm::RoundRobin,
        in_flight: 1,
        counters,
        unserved: 0,
        refusals: Refusals::default(),
        retries: Retries::default(),
        reused: model::Reused::default(),
        breaker: breaker(),
        is_panicking: false,
        degraded: None,
        histogram,
        instances: vec![instance],
    };
    GatewayStats {
        unrouted: 0,
        connections: 1,
        pools: vec![pool],
        events: vec![],
        handshakes_failed: 0,
        certificates: vec![],
        access_log_dropped: 0,
    }
}

/// An observer, a console's gateway that serves nothing, and time.
struct Bench {
    fleet: Fleet,
    observer: Observer,
    start: Instant,
}

impl Bench {
    fn new() -> Self {
        let limits = Limits {
            silent_after: SILENT,
            max: 8,
        };
        let mut bench = Self {
            fleet: Fleet::new(limits, model::GatewayPlan::default(), [0; 32]),
            observer: Observer::new(SILENT),
            start: Instant::now(),
        };
        bench.at(0);
        bench
    }

    fn report(&self, name: &str, started_at_ms: i64, second: u64, stats: GatewayStats) {
        let report = Report {
            run: 1,
            started_at_ms,
            software: String::new(),
            addresses: vec![],
            in_force: None,
            refused: None,
            away_ms: None,
            leaving: false,
            done: vec![],
            stats: Some(stats),
        };
        self.fleet
            .take(&name.parse().unwrap(), report, self.start + Duration::from_secs(second), 0)
            .unwrap();
    }

    fn at(&mut self, second: u64) -> BalancerObservation {
        let now = self.start + Duration::from_secs(second);
        let own = Own {
            stats: stats("web", 0),
            addresses: vec![],
            started_at_ms: 0,
            now_ms: 0,
        };
        self.observer.observe(own, self.fleet.look(now), now)
    }
}

fn counted(observation: &BalancerObservation) -> (u64, u64, Vec<u64>) {
    let pool = &observation.pools[0];
    let gateways = observation.gateways.iter().map(|g| g.counters.requests);
    (pool.counters.requests, pool.instances[0].counters.requests, gateways.collect())
}

#[test]
fn what_was_served_before_is_counted_and_no_news() {
    let mut bench = Bench::new();
    bench.report("eu-1", 1, 1, stats("web", 1_000));
    let first = bench.at(1);
    assert_eq!(counted(&first), (1_000, 1_000, vec![0, 1_000]));
    assert_eq!(
        (first.late.len(), first.late[0].counters.requests, first.window.latency),
        (1, 1_000, None)
    );

    bench.report("eu-1", 1, 2, stats("web", 1_030));
    let second = bench.at(2);
    assert_eq!((counted(&second).0, second.late.len()), (1_030, 0));
    assert_eq!(second.window.latency.map(|l| l.count), Some(30));
    assert_eq!(second.pools[0].instances[0].window.latency.map(|l| l.count), Some(30));

    // Silent for a while: what it served meanwhile belongs to the time before.
    assert_eq!(bench.at(20).gateways[1].state, GatewayState::Stale);
    bench.report("eu-1", 1, 21, stats("web", 5_000));
    let back = bench.at(21);
    assert_eq!(
        (counted(&back).0, back.late[0].counters.requests, back.gateways[1].state),
        (5_000, 3_970, GatewayState::Up)
    );
}

#[test]
fn a_gateway_that_starts_again_takes_nothing_away() {
    let mut bench = Bench::new();
    bench.report("eu-1", 1, 1, stats("web", 500));
    bench.report("eu-2", 1, 1, stats("web", 200));
    assert_eq!(counted(&bench.at(1)), (700, 700, vec![0, 500, 200]));
    bench.report("eu-1", 2, 2, stats("web", 7));
    assert_eq!(counted(&bench.at(2)), (707, 707, vec![0, 507, 200]));
    // It has served more than its former self when it is seen next, and is another one all the same.
    bench.report("eu-1", 3, 3, stats("web", 600));
    assert_eq!(counted(&bench.at(3)), (1_307, 1_307, vec![0, 1_107, 200]));
}

#[test]
fn who_is_silent_has_no_say_about_now() {
    let mut bench = Bench::new();
    let mut broken = stats("web", 10);
    broken.pools[0].instances[0].health = Health::Down;
    (broken.pools[0].version, broken.pools[0].is_panicking) = (0, true);
    bench.report("eu-1", 1, 1, broken);
    let seen = bench.at(1);
    let pool = &seen.pools[0];
    assert_eq!(
        (pool.in_flight, pool.version, pool.is_panicking, pool.instances[0].health),
        (2, 0, true, Health::Down)
    );
    let later = bench.at(10);
    let pool = &later.pools[0];
    assert_eq!(
        (pool.in_flight, pool.version, pool.is_panicking, pool.instances[0].health),
        (1, 1, false, Health::Up)
    );
    assert_eq!(counted(&later).0, 10, "what it counted stays");
}

#[test]
fn what_is_not_planned_is_nobodys_business() {
    let mut bench = Bench::new();
    bench.report("eu-1", 1, 1, stats("other", 10));
    let mut elsewhere = stats("web", 10);
    elsewhere.pools[0].instances[0].address = "127.0.0.1:10".parse().unwrap();
    bench.report("eu-2", 1, 1, elsewhere);
    let seen = bench.at(1);
    assert_eq!((seen.pools.len(), seen.pools[0].instances.len()), (1, 1));
    assert_eq!(counted(&seen), (10, 0, vec![0, 0, 10]));
}

#[test]
fn events_are_told_once_with_the_gateway_that_tells_them() {
    let mut bench = Bench::new();
    let mut telling = stats("web", 0);
    let event = model::NewEvent {
        at_ms: 0,
        kind: model::EventKind::BreakerOpened,
        severity: model::Severity::Warning,
        pool: Some("web".parse().unwrap()),
        instance: None,
        summary: "opened".into(),
        cause: "5 of 5 failed".into(),
        actor: model::Actor::system("breaker"),
    };
    let foreign = model::NewEvent {
        pool: Some("other".parse().unwrap()),
        ..event.clone()
    };
    telling.events = vec![
        model::BalancerEvent { seq: 1, event },
        model::BalancerEvent { seq: 2, event: foreign },
    ];
    for second in 1..4 {
        // Told again as long as the gateway does not know that it was heard.
        bench.report("eu-1", 1, second, telling.clone());
        bench.report("eu-1", 1, second, telling.clone());
        let told = bench.at(second).events;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].seq, told[0].event.cause.as_str()), (1, "gateway eu-1: 5 of 5 failed"));
    }
}
