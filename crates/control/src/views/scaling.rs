//! What the Scaling pages show.

use model::{
    PoolId, ScaleAccess, SourceId, SourceState, SourceStatus, WorkloadId, WorkloadSnapshot,
    scaling::{Forecast, ScalingIntent, ScalingView, TargetChip, WorkloadRow, WorkloadView},
};

use super::Facts;
use crate::{
    decide::scaling::{Progress, chips, progress, standing},
    scaling::Governed,
};

pub(super) fn list(facts: Facts<'_>) -> ScalingView {
    let governed = |w: &WorkloadSnapshot| facts.book.0.get(&w.observed.workload);
    ScalingView {
        workloads: facts
            .snapshot
            .workloads
            .iter()
            .filter_map(|workload| Some(row(workload, governed(workload)?, facts)))
            .collect(),
        sources: facts.snapshot.sources.clone(),
    }
}

pub(super) fn workload(id: &WorkloadId, facts: Facts<'_>) -> Option<WorkloadView> {
    let workload = facts.snapshot.workloads.iter().find(|w| &w.observed.workload == id)?;
    let governed = facts.book.0.get(id)?;
    let capabilities = facts.capabilities.iter().find(|(source, _)| *source == workload.source);
    let read_only = match capabilities.map(|(_, can)| &can.scale) {
        Some(ScaleAccess::Live) => None,
        Some(ScaleAccess::ReadOnly { why }) => Some(why.clone()),
        None => Some("nobody who could scale it is connected".to_owned()),
    };
    Some(WorkloadView {
        row: row(workload, governed, facts),
        intent: in_force(&governed.intent, facts.snapshot.at_ms),
        last: governed.last.clone(),
        events: governed.events.iter().cloned().collect(),
        flapping: governed.flapping(facts.snapshot.at_ms),
        forecast: governed.forecast.as_ref().map(next_day),
        processes: workload.observed.processes.clone(),
        read_only,
        replicas_max: capabilities.map_or(0, |(_, can)| can.max_replicas),
        evaluated_every_s: facts.scaled_every_s,
        source: source(facts, &workload.source),
    })
}

/// A hold that is over is none.
fn in_force(intent: &ScalingIntent, now_ms: i64) -> ScalingIntent {
    let mut intent = intent.clone();
    intent.plan.hold = intent.plan.hold_at(now_ms);
    intent
}

/// A page shows no more than that, and it is sent with every frame.
fn next_day(forecast: &Forecast) -> Forecast {
    let shown = forecast.points.len().min(WorkloadView::FORECAST_MAX);
    Forecast {
        at_ms: forecast.at_ms,
        points: forecast.points[..shown].to_vec(),
        error: forecast.error,
        state: forecast.state.clone(),
    }
}

fn row(workload: &WorkloadSnapshot, governed: &Governed, facts: Facts<'_>) -> WorkloadRow {
    let now_ms = facts.snapshot.at_ms;
    let observed = &workload.observed;
    let last = governed.last.as_ref().map(|span| &span.decision);
    let now = progress(observed);
    let Progress { ready, coming, leaving } = now;
    WorkloadRow {
        workload: observed.workload.clone(),
        namespace: None,
        reference: observed.reference.clone(),
        pool: PoolId::clone(&observed.pool),
        targets: targets(governed, &observed.pool, facts),
        bounds: governed.bounds.clone(),
        desired: observed.desired,
        replicas: ready + coming + leaving,
        ready,
        since_ms: governed.since_ms,
        state: standing(workload.is_fresh, last, observed.desired, now),
        hold: governed.intent.plan.hold_at(now_ms),
    }
}

/// Each metric against its target; what no real GPU stands behind is marked.
fn targets(governed: &Governed, pool: &PoolId, facts: Facts<'_>) -> Vec<TargetChip> {
    let last = governed.last.as_ref().map(|span| &span.decision);
    let mut targets = chips(&governed.intent.plan.policy, last);
    let pool = facts.snapshot.pools.iter().find(|p| p.id == *pool);
    let is_simulated = pool.is_some_and(|pool| pool.instances.iter().any(|i| i.load.is_some_and(|load| load.gpu_simulated)));
    for chip in &mut targets {
        chip.is_simulated = is_simulated && chip.name == "gpu";
    }
    targets
}

fn source(facts: Facts<'_>, id: &SourceId) -> SourceStatus {
    let known = facts.snapshot.sources.iter().find(|s| &s.id == id);
    known.cloned().unwrap_or_else(|| SourceStatus {
        id: id.clone(),
        what: id.to_string(),
        state: SourceState::Waiting {
            since_ms: facts.snapshot.at_ms,
        },
        answered_at_ms: None,
        took_us: 0,
    })
}
