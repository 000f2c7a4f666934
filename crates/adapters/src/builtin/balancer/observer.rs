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
mod tests;
