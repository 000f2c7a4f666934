use model::{
    AdminState, Algorithm, BreakerHold, BreakerState, BreakerStatus, Counters, GatewayPlan, Health, InstancePlan, PoolPlan, Refusals,
    Retries, Weight,
};

use super::*;
use crate::builtin::fleet::{Fleet, Limits, PROTOCOL, SyncRequest, receive};

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

/// Pool `web` with the instance of [`stats`].
fn plan() -> GatewayPlan {
    let instance = InstancePlan {
        id: "a".parse().unwrap(),
        address: "127.0.0.1:9".parse().unwrap(),
        weight: Weight::ONE,
        admin: AdminState::Ready,
        breaker: BreakerHold::Auto,
        check: None,
    };
    GatewayPlan {
        routes: vec![],
        pools: vec![PoolPlan::new("web".parse().unwrap(), 1, Algorithm::RoundRobin, vec![instance])],
    }
}

/// An observer, a console's gateway that serves nothing, and time.
struct Bench {
    fleet: Fleet,
    observer: Observer,
    start: Instant,
    sequence: u64,
}

impl Bench {
    fn new() -> Self {
        let limits = Limits {
            silent_after: SILENT,
            max: 8,
        };
        let mut bench = Self {
            fleet: Fleet::new(limits, plan(), [0; 32]),
            observer: Observer::new(SILENT),
            start: Instant::now(),
            sequence: 0,
        };
        bench.at(0);
        bench
    }

    const fn ms(second: u64) -> i64 {
        1_767_225_600_000 + 1_000 * second.cast_signed()
    }

    /// The next report of the process `run`, which began in the second `run`.
    fn request(&mut self, run: u64, second: u64, stats: GatewayStats) -> SyncRequest {
        self.sequence += 1;
        SyncRequest {
            protocol: PROTOCOL,
            run,
            sequence: self.sequence,
            sent_at_ms: Self::ms(second),
            started_at_ms: Self::ms(run),
            software: String::new(),
            addresses: vec![],
            tls_addresses: vec![],
            in_force: None,
            refused: None,
            troubles: vec![],
            away_ms: None,
            leaving: false,
            done: vec![],
            stats: Some(stats),
        }
    }

    fn send(&self, name: &str, second: u64, request: &SyncRequest) {
        let report = receive(&serde_json::to_vec(request).unwrap()).unwrap();
        let at = self.start + Duration::from_secs(second);
        self.fleet.take(&name.parse().unwrap(), report, at, Self::ms(second)).unwrap();
    }

    fn report(&mut self, name: &str, run: u64, second: u64, stats: GatewayStats) {
        let request = self.request(run, second, stats);
        self.send(name, second, &request);
    }

    fn leave(&mut self, name: &str, run: u64, second: u64, stats: GatewayStats) {
        let request = SyncRequest {
            leaving: true,
            ..self.request(run, second, stats)
        };
        self.send(name, second, &request);
    }

    fn at(&mut self, second: u64) -> BalancerObservation {
        let now = self.start + Duration::from_secs(second);
        let own = Own {
            stats: stats("web", 0),
            addresses: vec![],
            tls_addresses: vec![],
            run: 0,
            started_at_ms: Self::ms(0),
            now_ms: Self::ms(second),
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
    assert_eq!(bench.at(20).gateways[1].facts.state, GatewayState::Stale);
    bench.report("eu-1", 1, 21, stats("web", 5_000));
    let back = bench.at(21);
    assert_eq!(
        (counted(&back).0, back.late[0].counters.requests, back.gateways[1].facts.state),
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

/// Each report moved what was taken for its start, and so for another process, which counted its whole life again.
#[test]
fn a_clock_that_is_decades_ahead_makes_no_new_process_of_each_report() {
    let mut bench = Bench::new();
    let ahead = 73 * 365 * 24 * 3_600_000;
    for second in 1..5 {
        let mut request = bench.request(1, second, stats("web", 1_000 + second));
        request.started_at_ms += ahead;
        request.sent_at_ms += ahead;
        bench.send("eu-1", second, &request);
        let seen = bench.at(second);
        assert_eq!(counted(&seen), (1_000 + second, 1_000 + second, vec![0, 1_000 + second]));
        let facts = &seen.gateways[1].facts;
        assert_eq!((facts.run, facts.started_at_ms), (1, Bench::ms(1)));
    }
}

#[test]
fn two_processes_of_one_name_are_each_counted_once() {
    let mut bench = Bench::new();
    for (second, run, requests, total) in [
        (1, 1, 1_000, 1_000),
        (2, 2, 50, 1_050),
        (20, 1, 1_010, 1_060),
        (21, 2, 60, 1_070),
        (40, 1, 1_020, 1_080),
    ] {
        bench.report("eu-1", run, second, stats("web", requests));
        assert_eq!(counted(&bench.at(second)), (total, total, vec![0, total]), "second {second}");
    }
}

#[test]
fn the_last_report_of_a_gateway_is_counted_when_it_has_gone() {
    let mut bench = Bench::new();
    bench.report("eu-1", 1, 1, stats("web", 100));
    bench.at(1);
    // Neither of these is looked at before it has gone; another process has its name at once.
    bench.report("eu-1", 1, 2, stats("web", 130));
    bench.leave("eu-1", 1, 2, stats("web", 150));
    bench.report("eu-1", 2, 2, stats("web", 3));
    let seen = bench.at(2);
    assert_eq!((counted(&seen), seen.pools[0].in_flight), ((153, 153, vec![0, 153]), 2));
    assert_eq!(bench.at(3).pools[0].counters.requests, 153);

    bench.report("eu-2", 4, 4, stats("web", 10));
    bench.leave("eu-2", 4, 4, stats("web", 11));
    // A report that was under way when it said goodbye.
    bench.report("eu-2", 4, 5, stats("web", 12));
    let seen = bench.at(5);
    assert_eq!((counted(&seen), seen.pools[0].in_flight), ((164, 164, vec![0, 153]), 2));
}

#[test]
fn a_report_that_was_overtaken_is_no_news() {
    let mut bench = Bench::new();
    let earlier = bench.request(1, 1, stats("web", 1_000));
    bench.report("eu-1", 1, 1, stats("web", 1_010));
    bench.at(1);
    bench.send("eu-1", 2, &earlier);
    assert_eq!(counted(&bench.at(2)), (1_010, 1_010, vec![0, 1_010]));
    bench.report("eu-1", 1, 3, stats("web", 1_020));
    assert_eq!(counted(&bench.at(3)), (1_020, 1_020, vec![0, 1_020]));
}

#[test]
fn one_that_floods_the_journal_does_not_silence_the_others() {
    let mut bench = Bench::new();
    bench.report("eu-1", 1, 1, telling(200));
    bench.report("eu-2", 1, 1, telling(2));
    let told = bench.at(1).events;
    let by = |name: &str| told.iter().filter(|e| e.event.cause.contains(name)).count();
    assert_eq!((by("eu-1"), by("eu-2"), told.len()), (32, 2, 35));
    assert_eq!(told[0].event.summary, "168 events of the gateway eu-1 are left out");
}

/// A gateway with `count` events, numbered from 1.
fn telling(count: u64) -> GatewayStats {
    let event = |seq| model::BalancerEvent {
        seq,
        event: event("web", "5 of 5 failed"),
    };
    GatewayStats {
        events: (1..=count).map(event).collect(),
        ..stats("web", 0)
    }
}

fn event(pool: &str, cause: &str) -> model::NewEvent {
    model::NewEvent {
        at_ms: 0,
        kind: model::EventKind::BreakerOpened,
        severity: model::Severity::Warning,
        pool: Some(pool.parse().unwrap()),
        instance: None,
        summary: "opened".into(),
        cause: cause.into(),
        actor: model::Actor::system("breaker"),
    }
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
    let silent = &later.gateways[1];
    assert_eq!(
        (silent.in_flight, silent.facts.connections),
        (0, 0),
        "what it does now is not known"
    );
    assert_eq!((seen.gateways[1].in_flight, seen.gateways[1].facts.connections), (1, 1));
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
    let mut telling = telling(1);
    let certificate = model::NewEvent {
        kind: model::EventKind::CertificateExpires,
        pool: None,
        ..event("web", "")
    };
    telling.events.extend([
        model::BalancerEvent {
            seq: 2,
            event: event("other", ""),
        },
        model::BalancerEvent {
            seq: 3,
            event: certificate,
        },
    ]);
    for second in 1..4 {
        // Told again as long as the gateway does not know that it was heard.
        bench.report("eu-1", 1, second, telling.clone());
        bench.report("eu-1", 1, second, telling.clone());
        let told = bench.at(second).events;
        let told: Vec<_> = told.iter().map(|e| (e.seq, e.event.cause.as_str())).collect();
        assert_eq!(told, [(1, "gateway eu-1: 5 of 5 failed"), (2, "gateway eu-1")]);
    }
}
