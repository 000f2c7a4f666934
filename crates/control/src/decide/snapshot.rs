//! From what the sources said to one snapshot.

use std::collections::HashMap;

use model::{
    AdminState, BalancerObservation, BreakerState, BreakerStatus, Counters, Health, InstanceId, InstanceObservation, InstanceSnapshot,
    InstanceState, PoolId, PoolObservation, PoolSnapshot, ProcessObservation, ProcessState, Snapshot, SourceId, SourceStatus, Totals,
    WorkloadSnapshot,
};

use super::{
    gateways,
    rates::{self, Moments},
    roster::{Entry, Roster},
};

/// A balancer's answers: the one just given, the one before, and the one at the beginning of the 10 s window.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    pub source: &'a SourceId,
    pub now: &'a BalancerObservation,
    /// About one collection ago, and the seconds since.
    pub last: Option<(&'a BalancerObservation, f64)>,
    pub window: Option<&'a BalancerObservation>,
    /// The balancer answers. Otherwise `now` is the last thing it said and its instances are unknown.
    pub fresh: bool,
}

/// Everything one snapshot is made of.
pub struct Inputs<'a> {
    pub seq: u64,
    pub at_ms: i64,
    pub balancers: &'a [Answers<'a>],
    pub workloads: Vec<WorkloadSnapshot>,
    pub sources: Vec<SourceStatus>,
    /// Of the settings' instances.
    pub zones: &'a HashMap<(PoolId, InstanceId), String>,
    pub roster: &'a Roster,
    pub previous: Option<&'a Snapshot>,
}

/// One word for health and intention.
pub const fn state(admin: AdminState, health: Health, fresh: bool) -> InstanceState {
    match (fresh, admin, health) {
        (false, ..) => InstanceState::Unknown,
        (true, AdminState::Maintenance, _) => InstanceState::Maintenance,
        (true, _, Health::Down) => InstanceState::Down,
        (true, AdminState::Drain, _) => InstanceState::Drain,
        (true, AdminState::Ready, Health::GoingDown) => InstanceState::GoingDown,
        (true, AdminState::Ready, Health::Unchecked) => InstanceState::Unchecked,
        (true, AdminState::Ready, Health::Up) => InstanceState::Up,
    }
}

/// What the check says, and what else is known.
const fn settled(checked: InstanceState, ended: bool, barred: Option<InstanceState>, before: Option<InstanceState>) -> InstanceState {
    match (checked, before) {
        (InstanceState::Unknown | InstanceState::Maintenance, _) => checked,
        // Nobody answers there, whether or not a check has found out yet.
        _ if ended => InstanceState::Down,
        // Started again: down until a check has passed, whatever the checks before it came to.
        (InstanceState::Unchecked | InstanceState::GoingDown, Some(InstanceState::Down)) => InstanceState::Down,
        (InstanceState::Up | InstanceState::GoingDown | InstanceState::Unchecked, _) if let Some(barred) = barred => barred,
        _ => checked,
    }
}

/// Why the balancer sends nothing to an instance that looks well.
fn barred(instance: &InstanceObservation) -> Option<InstanceState> {
    let is_open = |breaker: &BreakerStatus| matches!(breaker.state, BreakerState::Open | BreakerState::ForcedOpen);
    if instance.ejected_until_ms.is_some() {
        Some(InstanceState::Ejected)
    } else if instance.breaker.as_ref().is_some_and(is_open) {
        Some(InstanceState::BreakerOpen)
    } else {
        None
    }
}

/// It ended without being asked to, and does not serve again yet.
pub fn ended(process: &ProcessObservation) -> bool {
    match process.state {
        ProcessState::Backoff { .. } => true,
        ProcessState::Starting => process.restarts > 0,
        ProcessState::Running | ProcessState::Draining { .. } | ProcessState::Stopping => false,
    }
}

pub fn assemble(inputs: Inputs<'_>) -> Snapshot {
    let processes: HashMap<(&PoolId, &InstanceId), &ProcessObservation> = inputs
        .workloads
        .iter()
        .flat_map(|w| w.observed.processes.iter().map(move |p| ((&w.observed.pool, &p.instance), p)))
        .collect();
    let mut pools: Vec<PoolSnapshot> = Vec::new();
    for answers in inputs.balancers {
        for pool in &answers.now.pools {
            pools.push(pool_snapshot(&inputs, answers, pool, &processes));
        }
    }
    pools.sort_by(|a, b| a.id.cmp(&b.id));
    let mut workloads = inputs.workloads.clone();
    workloads.sort_by(|a, b| a.observed.workload.cmp(&b.observed.workload));
    Snapshot {
        seq: inputs.seq,
        at_ms: inputs.at_ms,
        totals: overall(inputs.balancers, inputs.previous),
        gateways: inputs.balancers.iter().flat_map(gateways::snapshots).collect(),
        sources: inputs.sources,
        pools,
        workloads,
    }
}

fn pool_of<'a>(observation: &'a BalancerObservation, id: &PoolId) -> Option<&'a PoolObservation> {
    observation.pools.iter().find(|p| &p.pool == id)
}

fn pool_snapshot(
    inputs: &Inputs<'_>,
    answers: &Answers<'_>,
    pool: &PoolObservation,
    processes: &HashMap<(&PoolId, &InstanceId), &ProcessObservation>,
) -> PoolSnapshot {
    let last = answers.last.and_then(|(o, s)| pool_of(o, &pool.pool).map(|p| (p, s)));
    let window = answers.window.and_then(|o| pool_of(o, &pool.pool));
    let before = inputs.previous.and_then(|s| s.pools.iter().find(|p| p.id == pool.pool));

    let last_by_id = by_id(last.map(|(p, _)| p));
    let window_by_id = by_id(window);
    let before_by_id: HashMap<&InstanceId, &InstanceSnapshot> =
        before.map(|p| p.instances.iter().map(|i| (&i.id, i)).collect()).unwrap_or_default();

    let asked = |i: &InstanceObservation| window_by_id.get(&i.id).map(|w| rates::delta(&w.counters, &i.counters).requests);
    let asked_all: u64 = pool.instances.iter().filter_map(asked).fold(0, u64::saturating_add);

    let instances: Vec<InstanceSnapshot> = pool
        .instances
        .iter()
        .map(|i| {
            let entry = inputs
                .roster
                .get(&pool.pool, &i.id)
                .filter(|entry| entry.registration.address == i.address);
            let zone = inputs.zones.get(&(pool.pool.clone(), i.id.clone()));
            let process = processes.get(&(&pool.pool, &i.id)).copied();
            let before = before_by_id.get(&i.id);
            let state = settled(
                state(i.admin, i.health, answers.fresh),
                process.is_some_and(ended),
                barred(i),
                before.map(|b| b.state),
            );
            let moments = Moments {
                now: &i.counters,
                last: last_by_id.get(&i.id).and_then(|l| last.map(|(_, s)| (&l.counters, s))),
                window: window_by_id.get(&i.id).map(|w| &w.counters),
            };
            let since_ms = match before {
                Some(b) if b.state == state => b.since_ms,
                Some(_) => inputs.at_ms,
                None => i.health_since_ms.min(inputs.at_ms),
            };
            InstanceSnapshot {
                id: i.id.clone(),
                address: i.address,
                zone: zone.or_else(|| entry?.registration.zone.as_ref()).cloned(),
                state,
                since_ms,
                weight: i.weight,
                admin: i.admin,
                totals: rates::totals(moments, i.in_flight, i.window),
                share_percent: asked(i).filter(|_| asked_all > 0).map(|n| 100.0 * n as f64 / asked_all as f64),
                last_check: i.last_check.clone(),
                load: i.load,
                breaker: i.breaker.clone(),
                pinned: i.pinned,
                process: process.cloned(),
                registered: entry.map(Entry::shown),
            }
        })
        .collect();

    let moments = Moments {
        now: &pool.counters,
        last: last.map(|(p, s)| (&p.counters, s)),
        window: window.map(|p| &p.counters),
    };
    PoolSnapshot {
        id: pool.pool.clone(),
        balancer: answers.now.balancer.clone(),
        algorithm: pool.algorithm,
        version: pool.version,
        state: instances.iter().map(|i| i.state).min().unwrap_or(InstanceState::Unknown),
        totals: rates::totals(moments, pool.in_flight, pool.window),
        unserved: pool.unserved,
        refusals: pool.refusals,
        retries: pool.retries,
        reused: pool.reused,
        breaker: pool.breaker.clone(),
        is_panicking: pool.is_panicking && answers.fresh,
        degraded: pool.degraded.clone().filter(|_| answers.fresh),
        instances,
    }
}

fn by_id(pool: Option<&PoolObservation>) -> HashMap<&InstanceId, &InstanceObservation> {
    pool.map(|p| p.instances.iter().map(|i| (&i.id, i)).collect()).unwrap_or_default()
}

/// Over all balancers that answer; when none does, what was last known, because silence is not zero. Quantiles cannot be added up, so
/// with several balancers those of the busiest one stand for all.
fn overall(balancers: &[Answers<'_>], previous: Option<&Snapshot>) -> Totals {
    if let Some(previous) = previous
        && !balancers.iter().any(|a| a.fresh)
    {
        return previous.totals;
    }
    let sum = |o: &BalancerObservation| o.pools.iter().fold(Counters::default(), |sum, p| rates::add(&sum, &p.counters));
    let mut out = Totals::default();
    let (mut asked, mut failed) = (0_u64, 0_u64);
    for answers in balancers.iter().filter(|a| a.fresh) {
        let now = sum(answers.now);
        let last = answers.last.map(|(o, s)| (sum(o), s));
        let in_flight = answers.now.pools.iter().map(|p| p.in_flight).fold(0, u32::saturating_add);
        let moments = Moments {
            now: &now,
            last: last.as_ref().map(|(c, s)| (c, *s)),
            window: None,
        };
        let totals = rates::totals(moments, in_flight, answers.now.window);
        if let Some(window) = answers.window {
            let d = rates::delta(&sum(window), &now);
            asked = asked.saturating_add(d.requests);
            failed = failed.saturating_add(d.errors());
        }
        if totals.latency.map_or(0, |l| l.count) > out.latency.map_or(0, |l| l.count) {
            out.latency = totals.latency;
        }
        out.requests_per_s += totals.requests_per_s;
        out.errors_per_s += totals.errors_per_s;
        out.in_flight = out.in_flight.saturating_add(totals.in_flight);
        out.requests = out.requests.saturating_add(totals.requests);
    }
    out.errors_percent = (asked > 0).then(|| 100.0 * failed as f64 / asked as f64);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_says_health_and_intention() {
        use AdminState::{Drain, Maintenance, Ready};
        let table = [
            (Ready, Health::Up, true, InstanceState::Up),
            (Ready, Health::GoingDown, true, InstanceState::GoingDown),
            (Ready, Health::Unchecked, true, InstanceState::Unchecked),
            (Ready, Health::Down, true, InstanceState::Down),
            (Drain, Health::Up, true, InstanceState::Drain),
            (Drain, Health::Down, true, InstanceState::Down),
            (Maintenance, Health::Down, true, InstanceState::Maintenance),
            (Ready, Health::Up, false, InstanceState::Unknown),
        ];
        for (admin, health, fresh, expected) in table {
            assert_eq!(state(admin, health, fresh), expected, "{admin:?} {health:?} fresh={fresh}");
        }
    }
    #[test]
    fn what_is_known_of_the_process_comes_before_the_check() {
        use InstanceState::{BreakerOpen, Down, Drain, Ejected, GoingDown, Maintenance, Unchecked, Unknown, Up};
        let (fine, ended, ejected, open) = ((false, None), (true, None), (false, Some(Ejected)), (false, Some(BreakerOpen)));
        let table = [
            (Up, fine, Some(Up), Up),
            (GoingDown, fine, Some(Up), GoingDown),
            (GoingDown, fine, Some(Down), Down),
            (Up, ended, Some(Up), Down),
            (Drain, ended, Some(Drain), Down),
            (Maintenance, ended, Some(Maintenance), Maintenance),
            (Unknown, ended, Some(Up), Unknown),
            (Unchecked, fine, None, Unchecked),
            (Unchecked, fine, Some(Down), Down),
            (Unchecked, fine, Some(Up), Unchecked),
            (Up, fine, Some(Down), Up),
            (Up, ejected, Some(Up), Ejected),
            (Up, open, Some(Up), BreakerOpen),
            (Down, open, Some(Up), Down),
            (Drain, open, Some(Up), Drain),
            (GoingDown, ejected, Some(Ejected), Ejected),
            (Down, ejected, Some(Ejected), Down),
            (Drain, ejected, Some(Ejected), Drain),
            (Up, (true, Some(Ejected)), Some(Ejected), Down),
        ];
        for (checked, (ended, ejected), before, expected) in table {
            let is = settled(checked, ended, ejected, before);
            assert_eq!(is, expected, "{checked:?} ended={ended} barred={ejected:?} {before:?}");
        }
    }
}
