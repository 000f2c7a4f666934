//! What each page needs of a snapshot. Pure.

mod clusters;
mod columns;
mod scaling;

use std::collections::BTreeMap;

pub use columns::{series_of, values};
use model::{
    BreakerRow, BreakerStatus, BreakersView, CheckResult, Event, EventsView, InstanceId, InstanceSnapshot, InstanceState, OverviewView,
    PoolId, PoolIntent, PoolRow, PoolSnapshot, PoolView, PoolsView, Snapshot, SourceId, SourceState, SourceStatus, ViewData, ViewKey,
    WorkloadCapabilities, view::Trouble,
};

use crate::{
    cluster::Board,
    decide::{intended, snapshot::ended},
    scaling::Book,
};

/// Everything a view is built from, besides the clock.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub snapshot: &'a Snapshot,
    /// Newest first.
    pub events: &'a [Event],
    pub intents: &'a BTreeMap<PoolId, PoolIntent>,
    /// Why a balancer refused the intended policy, by pool.
    pub refused: &'a BTreeMap<PoolId, String>,
    pub(crate) book: &'a Book,
    pub(crate) board: &'a Board,
    /// What can be changed on each source of workloads.
    pub(crate) capabilities: &'a [(SourceId, WorkloadCapabilities)],
    /// Between two evaluations of scaling policies, s.
    pub(crate) scaled_every_s: u32,
    /// Gateways on other hosts are let in.
    pub accepts_gateways: bool,
    /// Where instances announce themselves; absent while they may not.
    pub register_at: Option<&'a str>,
}

pub fn build(key: &ViewKey, facts: Facts<'_>) -> ViewData {
    match key {
        ViewKey::Overview => ViewData::Overview(overview(facts)),
        ViewKey::Pools => ViewData::Pools(PoolsView {
            pools: facts.snapshot.pools.iter().map(row).collect(),
            sources: facts.snapshot.sources.clone(),
            gateways: facts.snapshot.gateways.clone(),
            accepts_gateways: facts.accepts_gateways,
        }),
        ViewKey::Pool(id) => pool(id, facts).map_or(ViewData::Gone, |view| ViewData::Pool(Box::new(view))),
        ViewKey::Scaling => ViewData::Scaling(scaling::list(facts)),
        ViewKey::Workload(id) => scaling::workload(id, facts).map_or(ViewData::Gone, |view| ViewData::Workload(Box::new(view))),
        ViewKey::Clusters(query) => ViewData::Clusters(Box::new(clusters::list(query, facts))),
        ViewKey::Object(object) => clusters::object(object, facts).map_or(ViewData::Gone, |view| ViewData::Object(Box::new(view))),
        ViewKey::Breakers => ViewData::Breakers(breakers(facts)),
        ViewKey::Events => ViewData::Events(EventsView {
            events: facts.events.iter().take(EventsView::MAX).cloned().collect(),
        }),
    }
}

/// Worst first; equally bad ones by name, a pool's own before those of its instances.
fn breakers(facts: Facts<'_>) -> BreakersView {
    let mut rows = Vec::new();
    for pool in &facts.snapshot.pools {
        let Some(intent) = facts.intents.get(&pool.id) else { continue };
        let row = |instance: Option<&InstanceId>, status: &BreakerStatus, hold| BreakerRow {
            pool: pool.id.clone(),
            instance: instance.cloned(),
            status: status.clone(),
            hold,
            version: intent.version,
        };
        rows.extend(pool.breaker.iter().map(|status| row(None, status, intent.policy.breaker_hold)));
        rows.extend(pool.instances.iter().filter_map(|i| {
            let hold = intent.policy.instance(&i.id).breaker;
            i.breaker.as_ref().map(|status| row(Some(&i.id), status, hold))
        }));
    }
    rows.sort_by(|a, b| (a.status.state, &a.pool, &a.instance).cmp(&(b.status.state, &b.pool, &b.instance)));
    BreakersView {
        breakers: rows,
        events: facts
            .events
            .iter()
            .filter(|e| e.event.kind.is_of_breakers())
            .take(BreakersView::EVENTS_MAX)
            .cloned()
            .collect(),
        sources: facts.snapshot.sources.clone(),
    }
}

fn overview(facts: Facts<'_>) -> OverviewView {
    let pools = &facts.snapshot.pools;
    OverviewView {
        totals: facts.snapshot.totals,
        instances_up: pools.iter().map(PoolSnapshot::instances_up).sum(),
        instances_total: pools.iter().map(|p| count(&p.instances)).sum(),
        trouble: trouble(pools),
        pools: pools.iter().map(row).collect(),
        sources: facts.snapshot.sources.clone(),
        events: facts.events.iter().take(OverviewView::EVENTS_MAX).cloned().collect(),
    }
}

fn count(instances: &[InstanceSnapshot]) -> u32 {
    u32::try_from(instances.len()).unwrap_or(u32::MAX)
}

fn row(pool: &PoolSnapshot) -> PoolRow {
    PoolRow {
        id: pool.id.clone(),
        balancer: pool.balancer.clone(),
        algorithm: pool.algorithm,
        state: pool.state,
        instances_up: pool.instances_up(),
        instances_total: count(&pool.instances),
        totals: pool.totals,
    }
}

fn trouble(pools: &[PoolSnapshot]) -> Vec<Trouble> {
    let mut all: Vec<(&PoolSnapshot, &InstanceSnapshot)> = pools
        .iter()
        .flat_map(|p| p.instances.iter().map(move |i| (p, i)))
        .filter(|(_, i)| i.state != InstanceState::Up)
        .collect();
    all.sort_by(|(p, a), (q, b)| (a.state, &p.id, &a.id).cmp(&(b.state, &q.id, &b.id)));
    all.truncate(OverviewView::TROUBLE_MAX);
    all.into_iter()
        .map(|(pool, i)| Trouble {
            pool: pool.id.clone(),
            instance: i.id.clone(),
            state: i.state,
            since_ms: i.since_ms,
            why: why(i),
        })
        .collect()
}

fn why(instance: &InstanceSnapshot) -> String {
    let check = |c: &CheckResult| format!("health check: {}", c.detail);
    if let Some(exit) = instance.process.as_ref().filter(|p| ended(p)).and_then(|p| p.last_exit.as_ref()) {
        return format!("its process has ended: {exit}");
    }
    match instance.state {
        InstanceState::Down | InstanceState::GoingDown => instance.last_check.as_ref().map_or_else(|| "no check yet".to_owned(), check),
        InstanceState::Drain => match instance.totals.in_flight {
            0 => "drained, nothing in flight".to_owned(),
            n => format!("draining, {n} in flight"),
        },
        state => state.meaning().to_owned(),
    }
}

fn pool(id: &PoolId, facts: Facts<'_>) -> Option<PoolView> {
    let pool = facts.snapshot.pools.iter().find(|p| &p.id == id)?;
    let intent = facts.intents.get(id)?;
    let waiting = || SourceStatus {
        id: model::SourceId::new(pool.balancer.as_str()).expect("a balancer's name obeys the same rule as a source's"),
        what: pool.balancer.to_string(),
        state: SourceState::Waiting {
            since_ms: facts.snapshot.at_ms,
        },
        answered_at_ms: None,
        took_us: 0,
    };
    let source = facts
        .snapshot
        .sources
        .iter()
        .find(|s| s.id.as_str() == pool.balancer.as_str())
        .cloned()
        .unwrap_or_else(waiting);
    Some(PoolView {
        pool: row(pool),
        intended_version: intent.version,
        applied_version: pool.version,
        intended_algorithm: intent.policy.algorithm,
        health_check: intent.policy.health_check.clone(),
        changed_at_ms: intent.changed_at_ms,
        changed_by: intent.changed_by.clone(),
        unserved: pool.unserved,
        refusals: pool.refusals,
        retries: pool.retries,
        reused: pool.reused,
        breaker: pool.breaker.clone(),
        is_panicking: pool.is_panicking,
        degraded: pool.degraded.clone(),
        affinity: intent.policy.affinity.kind,
        intended_shares: intended::shares(pool),
        instances: pool.instances.clone(),
        source,
        refused: facts.refused.get(id).cloned(),
        register_at: facts.register_at.filter(|_| pool.instances.is_empty()).map(str::to_owned),
    })
}
