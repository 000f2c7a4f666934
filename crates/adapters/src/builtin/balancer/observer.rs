//! What all gateways say, as one observation. Remembers what each has said before, to know what it gained.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    net::SocketAddr,
    time::{Duration, Instant},
};

use gateway::{Distribution, GatewayStats, InstanceStats, PoolStats};
use model::{
    BalancerId, BalancerObservation, GatewayFacts, GatewayId, GatewayObservation, GatewayState, InstanceId, LateCounts, PlanState, PoolId,
    PoolObservation,
};

use super::{
    GATEWAY, WINDOW,
    heard::{Heard, Said},
    merge::{self, Voice},
    news::News,
    window::Sliding,
};
use crate::builtin::fleet::{Look, Remote, counts::Counts, own_id};

/// An instance that moves to another address is another one.
pub(super) type Member = (PoolId, InstanceId, SocketAddr);

/// What the gateway in this process says.
pub(super) struct Own {
    pub(super) stats: GatewayStats,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) tls_addresses: Vec<SocketAddr>,
    pub(super) run: u64,
    pub(super) started_at_ms: i64,
    /// Unix time, ms.
    pub(super) now_ms: i64,
}

pub(super) struct Observer {
    silent_after: Duration,
    heard: Heard,
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

/// One gateway's statistics by name.
struct Part<'a> {
    id: &'a GatewayId,
    run: u64,
    at: Instant,
    /// It has just begun: all it counted is news.
    is_young: bool,
    is_silent: bool,
    stats: &'a GatewayStats,
    pools: HashMap<&'a PoolId, &'a PoolStats>,
    instances: HashMap<(&'a PoolId, &'a InstanceId, SocketAddr), &'a InstanceStats>,
}

impl<'a> Part<'a> {
    fn new(id: &'a GatewayId, run: u64, at: Instant, stats: &'a GatewayStats) -> Self {
        Self {
            id,
            run,
            at,
            is_young: false,
            is_silent: false,
            stats,
            pools: stats.pools.iter().map(|p| (&p.pool, p)).collect(),
            instances: members(stats).collect(),
        }
    }

    fn elsewhere(remote: &'a Remote, now_ms: i64, silent_after: Duration) -> Option<Self> {
        let age_ms = now_ms.saturating_sub(remote.started_at_ms);
        Some(Self {
            is_young: u64::try_from(age_ms).map_or(true, |ms| Duration::from_millis(ms) <= silent_after),
            is_silent: remote.is_silent,
            ..Self::new(&remote.id, remote.run, remote.heard, remote.stats.as_deref()?)
        })
    }
}

fn members(stats: &GatewayStats) -> impl Iterator<Item = ((&PoolId, &InstanceId, SocketAddr), &InstanceStats)> {
    stats
        .pools
        .iter()
        .flat_map(|p| p.instances.iter().map(move |i| ((&p.pool, &i.id, i.address), i)))
}

impl Observer {
    pub(super) fn new(silent_after: Duration) -> Self {
        Self {
            silent_after,
            heard: Heard::default(),
            pools: HashMap::new(),
            instances: HashMap::new(),
            unrouted: 0,
            all: Sliding::default(),
            news: News::default(),
        }
    }

    pub(super) fn observe(&mut self, own: Own, look: Look, now: Instant) -> BalancerObservation {
        let own_id = own_id();
        let plan = &own.stats;
        let Look { mut present, mut departed } = look;
        self.forget(plan);
        self.news.own(&plan.events);
        for remote in departed.iter_mut().chain(&mut present) {
            // What is not in the plan is nobody's business here.
            let is_known = |pool: &PoolId| plan.pools.iter().any(|p| &p.pool == pool);
            let mut events = std::mem::take(&mut remote.events);
            events.retain(|e| e.event.pool.as_ref().is_none_or(is_known));
            self.news.elsewhere(&remote.id, events, own.now_ms);
        }

        let elsewhere = |remote| Part::elsewhere(remote, own.now_ms, self.silent_after);
        // Those that have gone have no say about now. What they told last comes before what is told under their names today.
        let last: Vec<Part<'_>> = departed.iter().filter_map(elsewhere).collect();
        let mut parts = vec![Part::new(&own_id, own.run, now, plan)];
        parts.extend(present.iter().filter_map(elsewhere));
        let late = last.iter().chain(&parts).filter_map(|part| self.absorb(plan, part)).collect();
        drop(last);
        for left in departed.iter().filter(|remote| remote.has_left) {
            self.heard.left(&left.id, left.run);
        }
        self.heard
            .keep(|id, run| (id, run) == (&own_id, own.run) || present.iter().any(|r| (&r.id, r.run) == (id, run)));
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
            gateways: self.gateways(&own, own_id.clone(), present),
            late,
        }
    }

    /// Sums of what is planned no more.
    fn forget(&mut self, plan: &GatewayStats) {
        let pools: HashSet<&PoolId> = plan.pools.iter().map(|p| &p.pool).collect();
        let planned: HashSet<_> = members(plan).map(|(member, _)| member).collect();
        self.pools.retain(|id, _| pools.contains(id));
        self.instances
            .retain(|(pool, id, address), _| planned.contains(&(pool, id, *address)));
    }

    /// Adds what a gateway gained since it was heard last. Returns what of it is no news.
    fn absorb(&mut self, plan: &GatewayStats, part: &Part<'_>) -> Option<LateCounts> {
        let is_late = self.heard.is_late(part.id, part.run, part.at, part.is_young, self.silent_after);
        let mut life = self.heard.take(part.id, part.run);
        let unrouted = part.stats.unrouted;
        let gained = unrouted.checked_sub(life.unrouted).unwrap_or(unrouted);
        self.unrouted = self.unrouted.saturating_add(gained);
        life.unrouted = unrouted;

        let mut late = LateCounts {
            gateway: part.id.clone(),
            counters: Counts::default().counters,
            pools: Vec::new(),
            instances: Vec::new(),
        };
        let mut all = Counts::default();
        for planned in &plan.pools {
            let Some(pool) = part.pools.get(&planned.pool) else { continue };
            let sum = self.pools.entry(planned.pool.clone()).or_default();
            let counts = Counts::of_pool(pool);
            let gained = gain(sum, &mut life.pools, &planned.pool, counts, &pool.histogram, is_late);
            all.add(gained);
            if is_late && !gained.is_zero() {
                late.pools.push((planned.pool.clone(), gained.counters));
            }
            for member in &planned.instances {
                let Some(instance) = part.instances.get(&(&planned.pool, &member.id, member.address)) else {
                    continue;
                };
                let key = (planned.pool.clone(), member.id.clone(), member.address);
                let sum = self.instances.entry(key.clone()).or_default();
                let counts = Counts::of_instance(instance);
                let gained = gain(sum, &mut life.instances, &key, counts, &instance.histogram, is_late);
                if is_late && !gained.is_zero() {
                    late.instances.push((key.0, key.1, gained.counters));
                }
            }
        }
        // What it does not have any more is not compared with again.
        life.pools.retain(|id, _| part.pools.contains_key(id));
        life.instances
            .retain(|(pool, id, address), _| part.instances.contains_key(&(pool, id, *address)));
        late.counters = all.counters;
        self.heard.put(part.id, part.run, part.at, life, all);
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
    fn gateways(&self, own: &Own, own_id: GatewayId, present: Vec<Remote>) -> Vec<GatewayObservation> {
        let in_flight = |stats: &GatewayStats| stats.pools.iter().map(|p| p.in_flight).fold(0, u32::saturating_add);
        let here = GatewayObservation {
            counters: self.heard.total(&own_id).counters,
            in_flight: in_flight(&own.stats),
            facts: GatewayFacts {
                id: own_id,
                run: own.run,
                is_local: true,
                addresses: own.addresses.clone(),
                tls_addresses: own.tls_addresses.clone(),
                software: env!("CARGO_PKG_VERSION").to_owned(),
                state: GatewayState::Up,
                started_at_ms: own.started_at_ms,
                heard_at_ms: own.now_ms,
                away_ms: None,
                plan: PlanState::InForce,
                troubles: Vec::new(),
                connections: own.stats.connections,
            },
        };
        let elsewhere = present.into_iter().map(|remote| {
            // What a silent one does now is not known.
            let now = remote.stats.as_ref().filter(|_| !remote.is_silent);
            GatewayObservation {
                counters: self.heard.total(&remote.id).counters,
                in_flight: now.map_or(0, |stats| in_flight(stats)),
                facts: GatewayFacts {
                    connections: now.map_or(0, |stats| stats.connections),
                    id: remote.id,
                    run: remote.run,
                    is_local: false,
                    addresses: remote.addresses,
                    tls_addresses: remote.tls_addresses,
                    software: remote.software,
                    state: if remote.is_silent { GatewayState::Stale } else { GatewayState::Up },
                    started_at_ms: remote.started_at_ms,
                    heard_at_ms: remote.heard_at_ms,
                    away_ms: remote.away_ms,
                    plan: remote.plan,
                    troubles: remote.troubles,
                },
            }
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
    let gained = counts.since(said.counts);
    sum.counts.add(gained);
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
mod tests;
