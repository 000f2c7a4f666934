//! What the Scaling pages show.

use model::{
    PoolId, ScaleAccess, SourceId, SourceState, SourceStatus, WorkloadId, WorkloadSnapshot,
    scaling::{ScalingIntent, ScalingView, WorkloadRow, WorkloadView},
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
            .filter_map(|workload| Some(row(workload, governed(workload)?, facts.snapshot.at_ms)))
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
        row: row(workload, governed, facts.snapshot.at_ms),
        intent: in_force(&governed.intent, facts.snapshot.at_ms),
        last: governed.last.clone(),
        events: governed.events.iter().cloned().collect(),
        flapping: governed.flapping(facts.snapshot.at_ms),
        forecast: governed.forecast.clone(),
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

fn row(workload: &WorkloadSnapshot, governed: &Governed, now_ms: i64) -> WorkloadRow {
    let observed = &workload.observed;
    let last = governed.last.as_ref().map(|span| &span.decision);
    let now = progress(observed);
    let Progress { ready, coming, leaving } = now;
    WorkloadRow {
        workload: observed.workload.clone(),
        namespace: None,
        reference: observed.reference.clone(),
        pool: PoolId::clone(&observed.pool),
        targets: chips(&governed.intent.plan.policy, last),
        bounds: governed.bounds.clone(),
        desired: observed.desired,
        replicas: ready + coming + leaving,
        ready,
        since_ms: governed.since_ms,
        state: standing(workload.is_fresh, last, observed.desired, now),
        hold: governed.intent.plan.hold_at(now_ms),
    }
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
