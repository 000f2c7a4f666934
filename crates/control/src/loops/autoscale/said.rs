//! Changes, refusals and what else happens to a workload, as events. Pure.

use model::{
    Actor, EventKind, NewEvent, Severity, WorkloadId, WorkloadSnapshot,
    scaling::{Flapping, Hold, ScalingDecision, ScalingEvent, ScalingOutcome, ScalingPlan},
};

use crate::{
    decide::scaling::{cause, readings},
    loops::told::told,
    scaling::Governed,
};

/// The same refusal within this is no news.
const REFUSAL_FOR_MS: i64 = 600_000;

fn autoscaler() -> Actor {
    Actor::system("autoscaler")
}

/// A change that is wanted now.
pub(super) fn asked_for(
    id: &WorkloadId,
    plan: &ScalingPlan,
    governed: &Governed,
    decision: &ScalingDecision,
    in_force: Option<Hold>,
) -> ScalingEvent {
    let is_operators = in_force.is_some() && is_held(decision);
    let operator = governed.intent.changed_by.as_ref().filter(|_| is_operators);
    ScalingEvent {
        id: 0,
        workload: id.clone(),
        at_ms: decision.at_ms,
        from: decision.from,
        to: decision.to,
        cause: cause(plan, &governed.bounds, decision),
        leading: decision
            .proof
            .leading
            .and_then(|n| decision.proof.metrics.get(n))
            .map(|m| m.name.clone()),
        metrics: readings(decision),
        actor: operator.map_or_else(autoscaler, |who| Actor::User(who.clone())),
        outcome: ScalingOutcome::Pending,
        ended_at_ms: None,
    }
}

/// A refusal in the same direction and the same words, two seconds later, is no news.
pub(super) fn is_told(governed: &Governed, event: &ScalingEvent) -> bool {
    let same = |last: &ScalingEvent| {
        last.outcome == event.outcome && (last.to > last.from) == (event.to > event.from) && event.at_ms - last.at_ms <= REFUSAL_FOR_MS
    };
    matches!(event.outcome, ScalingOutcome::Failed(_)) && governed.events.iter().any(same)
}

/// What a hold makes of a decision is its operator's doing.
pub(super) fn is_held(decision: &ScalingDecision) -> bool {
    decision.proof.hold.is_some_and(|(_, without)| without != decision.to)
}

/// What the journal is told of a change as it stands now. What runs it refused it, or could not start it.
pub(super) fn change(event: &ScalingEvent, workload: &WorkloadSnapshot) -> Vec<NewEvent> {
    told(event, Some(&workload.observed.pool), Severity::Critical)
}

pub(super) fn flaps(workload: &WorkloadSnapshot, flapping: &Flapping, now_ms: i64) -> NewEvent {
    let (low, high) = flapping.between;
    let id = &workload.observed.workload;
    NewEvent {
        at_ms: now_ms,
        kind: EventKind::ScalingFlaps,
        severity: Severity::Warning,
        pool: Some(workload.observed.pool.clone()),
        instance: None,
        summary: format!("{id} flaps between {low} and {high} replicas: {} reversals", flapping.reversals),
        cause: flapping.cause.to_string(),
        actor: autoscaler(),
    }
}

pub(super) fn hold_ended(id: &WorkloadId, over: Hold, now_ms: i64) -> NewEvent {
    NewEvent {
        at_ms: now_ms,
        kind: EventKind::ScalingChanged,
        severity: Severity::Info,
        pool: None,
        instance: None,
        summary: format!("Scaling of {id} follows its policy again"),
        cause: format!("{} has ended", over.kind),
        actor: autoscaler(),
    }
}
