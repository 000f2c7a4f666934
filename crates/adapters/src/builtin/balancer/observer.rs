//! What all gateways say, as one observation. Remembers what each has said before, to know what it gained.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    net::SocketAddr,
    time::{Duration, Instant},
};

use gateway::{Distribution, GatewayStats, InstanceStats, PoolStats};
use model::{
    BalancerId, BalancerObservation, GatewayId, GatewayObservation, GatewayState, InstanceId, LateCounts, PlanState, PoolId,
    PoolObservation,
};

use super::{GATEWAY, WINDOW, news::News, window::Sliding};
use crate::builtin::fleet::{
    Remote,
    counts::Counts,
    merge::{self, Voice},
    own_id,
};

/// Gateways that are remembered beyond those that are known right now, so that one that comes back is not counted twice.
const REMEMBERED_MAX: usize = 512;

/// An instance that moves to another address is another one.
type Member = (PoolId, InstanceId, SocketAddr);

/// What the gateway in this process says.
pub(super) struct Own {
    pub(super) stats: GatewayStats,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) started_at_ms: i64,
    /// Unix time, ms.
    pub(super) now_ms: i64,
}

pub(super) struct Observer {
    silent_after: Duration,
    heard: HashMap<GatewayId, Heard>,
    pools: HashMap<PoolId, Sum>,
    instances: HashMap<Member, Sum>,
    unrouted: u64,
    all: Sliding,
    news: News,
}

/// Over all gateways.
#[derive(Default)]
struct Sum {
    counts: Counts,
    /// Recorded since the last observation.
    slice: Distribution,
    window: Sliding,
}

/// What one gateway said last.
struct Heard {
    run: (i64, u64),
    at: Instant,
    unrouted: u64,
    pools: HashMap<PoolId, Said>,
    instances: HashMap<Member, Said>,
    /// Everything it has gained since it is known.
    total: Counts,
}

#[derive(Default)]
struct Said {
    counts: Counts,
    latencies: Distribution,
}

/// One gateway's statistics by name.
struct Part<'a> {
    id: &'a GatewayId,
    run: (i64, u64),
    at: Instant,
    is_silent: bool,
    stats: &'a GatewayStats,
    pools: HashMap<&'a PoolId, &'a PoolStats>,
    instances: HashMap<(&'a PoolId, &'a InstanceId, SocketAddr), &'a InstanceStats>,
}

impl<'a> Part<'a> {
    fn new(id: &'a GatewayId, run: (i64, u64), at: Instant, is_silent: bool, stats: &'a GatewayStats) -> Self {
        let instances = stats
            .pools
            .iter()
            .flat_map(|p| p.instances.iter().map(move |i| ((&p.pool, &i.id, i.address), i)));
        Self {
            id,
            run,
            at,
            is_silent,
            stats,
            pools: stats.pools.iter().map(|p| (&p.pool, p)).collect(),
            instances: instances.collect(),
        }
    }
}

impl Observer {
    pub(super) fn new(silent_after: Duration) -> Self {
        Self {
            silent_after,
            heard: HashMap::new(),
            pools: HashMap::new(),
            instances: HashMap::new(),
            unrouted: 0,
            all: Sliding::default(),
            news: News::default(),
        }
    }

    pub(super) fn observe(&mut self, own: Own, mut remotes: Vec<Remote>, now: Instant) -> BalancerObservation {
        let own_id = own_id();
        let plan = &own.stats;
        self.forget(plan, &remotes);
        self.news.own(&plan.events);
        for remote in &mut remotes {
            // What is not in the plan is nobody's business here.
            let is_known = |pool: &PoolId| plan.pools.iter().any(|p| &p.pool == pool);
            remote.events.retain(|e| e.event.pool.as_ref().is_some_and(is_known));
            self.news.elsewhere(&remote.id, std::mem::take(&mut remote.events));
        }

        let run = (own.started_at_ms, 0);
        let mut parts = vec![Part::new(&own_id, run, now, false, plan)];
        parts.extend(remotes.iter().filter_map(|r| {
            let stats = r.stats.as_deref()?;
            Some(Part::new(&r.id, r.run, r.heard, r.is_silent, stats))
        }));
        let late = parts.iter().filter_map(|part| self.absorb(plan, part)).collect();
        parts.retain(|part| !part.is_silent);

        let pools: Vec<PoolObservation> = plan.pools.iter().map(|pool| self.pool(pool, &parts, now)).collect();
        let mut slice = Distribution::default();
        for pool in &plan.pools {
            if let Some(sum) = self.pools.get_mut(&pool.pool) {
                slice.add(&std::mem::take(&mut sum.slice));
            }
        }
        BalancerObservation {
            balancer: BalancerId::new(GATEWAY).expect("a constant name is valid"),
            unrouted: self.unrouted,
            window: self.all.push(now, WINDOW, slice),
            pools,
            events: self.news.events(),
            gateways: self.gateways(&own, own_id, remotes),
            late,
        }
    }

    /// Sums of what is planned no more, and gateways nobody has heard of for long.
    fn forget(&mut self, plan: &GatewayStats, remotes: &[Remote]) {
        let pools: HashSet<&PoolId> = plan.pools.iter().map(|p| &p.pool).collect();
        let members: HashSet<(&PoolId, &InstanceId, SocketAddr)> = plan
            .pools
            .iter()
            .flat_map(|p| p.instances.iter().map(move |i| (&p.pool, &i.id, i.address)))
            .collect();
        self.pools.retain(|id, _| pools.contains(id));
        self.instances
            .retain(|(pool, id, address), _| members.contains(&(pool, id, *address)));
        if self.heard.len() > REMEMBERED_MAX {
            let own = own_id();
            self.heard.retain(|id, _| id == &own || remotes.iter().any(|r| &r.id == id));
        }
    }

    /// Adds what a gateway gained since it was heard last. Returns what of it is no news.
    fn absorb(&mut self, plan: &GatewayStats, part: &Part<'_>) -> Option<LateCounts> {
        let known = self.heard.remove(part.id);
        let is_late = known.as_ref().is_none_or(|k| part.at.duration_since(k.at) > self.silent_after);
        let total = known.as_ref().map(|k| k.total).unwrap_or_default();
        let mut heard = known.filter(|k| k.run == part.run).unwrap_or_else(|| Heard {
            run: part.run,
            at: part.at,
            unrouted: 0,
            pools: HashMap::new(),
            instances: HashMap::new(),
            total,
        });
        heard.at = part.at;
        self.unrouted = self
            .unrouted
            .saturating_add(part.stats.unrouted.checked_sub(heard.unrouted).unwrap_or(part.stats.unrouted));
        heard.unrouted = part.stats.unrouted;

        let mut late = LateCounts {
            gateway: part.id.clone(),
            counters: Counts::default().counters(),
            pools: Vec::new(),
            instances: Vec::new(),
        };
        let mut all = Counts::default();
        for planned in &plan.pools {
            let Some(pool) = part.pools.get(&planned.pool) else { continue };
            let sum = self.pools.entry(planned.pool.clone()).or_default();
            let gained = gain(
                sum,
                &mut heard.pools,
                &planned.pool,
                Counts::of_pool(pool),
                &pool.histogram,
                is_late,
            );
            all.add(&gained);
            if is_late && !gained.is_zero() {
                late.pools.push((planned.pool.clone(), gained.counters()));
            }
            for member in &planned.instances {
                let Some(instance) = part.instances.get(&(&planned.pool, &member.id, member.address)) else {
                    continue;
                };
                let key = (planned.pool.clone(), member.id.clone(), member.address);
                let sum = self.instances.entry(key.clone()).or_default();
                let gained = gain(
                    sum,
                    &mut heard.instances,
                    &key,
                    Counts::of_instance(instance),
                    &instance.histogram,
                    is_late,
                );
                if is_late && !gained.is_zero() {
                    late.instances.push((key.0, key.1, gained.counters()));
                }
            }
        }
        heard.total.add(&all);
        late.counters = all.counters();
        self.heard.insert(part.id.clone(), heard);
        (is_late && !all.is_zero()).then_some(late)
    }

    /// `plan` is what the gateway here says.
    fn pool(&mut self, plan: &PoolStats, parts: &[Part<'_>], now: Instant) -> PoolObservation {
        let sum = self.pools.entry(plan.pool.clone()).or_default();
        let voices = parts.iter().filter_map(|part| {
            let says = part.pools.get(&plan.pool).copied()?;
            Some(Voice { gateway: part.id, says })
        });
        let mut observation = merge::pool(plan, voices.collect(), &sum.counts);
        // The slice stays for the window over all pools.
        observation.window = sum.window.push(now, WINDOW, sum.slice.clone());
        for member in &plan.instances {
            let key = (&plan.pool, &member.id, member.address);
            let voices = parts.iter().filter_map(|part| {
                let says = part.instances.get(&key).copied()?;
                Some(Voice { gateway: part.id, says })
            });
            let sum = self
                .instances
                .entry((plan.pool.clone(), member.id.clone(), member.address))
                .or_default();
            let mut instance = merge::instance(member, voices.collect(), &sum.counts);
            instance.window = sum.window.push(now, WINDOW, std::mem::take(&mut sum.slice));
            observation.instances.push(instance);
        }
        observation
    }

    /// The one here first.
    fn gateways(&self, own: &Own, own_id: GatewayId, remotes: Vec<Remote>) -> Vec<GatewayObservation> {
        let total = |id: &GatewayId| self.heard.get(id).map(|h| h.total.counters()).unwrap_or_default();
        let in_flight = |stats: &GatewayStats| stats.pools.iter().map(|p| p.in_flight).fold(0, u32::saturating_add);
        let here = GatewayObservation {
            counters: total(&own_id),
            id: own_id,
            is_local: true,
            addresses: own.addresses.clone(),
            software: env!("CARGO_PKG_VERSION").to_owned(),
            state: GatewayState::Up,
            started_at_ms: own.started_at_ms,
            heard_at_ms: own.now_ms,
            away_ms: None,
            plan: PlanState::InForce,
            connections: own.stats.connections,
            in_flight: in_flight(&own.stats),
        };
        let elsewhere = remotes.into_iter().map(|remote| GatewayObservation {
            counters: total(&remote.id),
            id: remote.id,
            is_local: false,
            addresses: remote.addresses,
            software: remote.software,
            state: if remote.is_silent { GatewayState::Stale } else { GatewayState::Up },
            started_at_ms: remote.run.0,
            heard_at_ms: remote.heard_at_ms,
            away_ms: remote.away_ms,
            plan: remote.plan,
            connections: remote.stats.as_ref().map_or(0, |s| s.connections),
            in_flight: remote.stats.as_ref().map_or(0, |s| in_flight(s)),
        });
        std::iter::once(here).chain(elsewhere).collect()
    }
}

/// What was gained since it was said last: added to the sum, and to the latencies when it is news.
fn gain<K: Clone + Eq + Hash>(
    sum: &mut Sum,
    said: &mut HashMap<K, Said>,
    key: &K,
    counts: Counts,
    latencies: &Distribution,
    is_late: bool,
) -> Counts {
    let said = said.entry(key.clone()).or_default();
    let gained = counts.since(&said.counts);
    sum.counts.add(&gained);
    if !is_late {
        sum.slice.add(&latencies.since(&said.latencies));
    }
    said.counts = counts;
    if said.latencies != *latencies {
        said.latencies = latencies.clone();
    }
    gained
}

#[cfg(test)]
mod tests {
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
}
