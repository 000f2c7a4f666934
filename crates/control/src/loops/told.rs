//! What the journal is told of a change of replicas, as it stands now. Pure.

use model::{
    EventKind, NewEvent, PoolId, Severity,
    scaling::{ScalingEvent, ScalingOutcome},
};

/// `failed` is how bad it is that it came to nothing.
pub(super) fn told(event: &ScalingEvent, pool: Option<&PoolId>, failed: Severity) -> Vec<NewEvent> {
    let (id, from, to) = (&event.workload, event.from, event.to);
    let new = |kind, severity, at_ms, summary: String, cause: &str| NewEvent {
        at_ms,
        kind,
        severity,
        pool: pool.cloned(),
        instance: None,
        summary,
        cause: cause.to_owned(),
        actor: event.actor.clone(),
    };
    match &event.outcome {
        ScalingOutcome::Pending => {
            let far = event.size() > ScalingEvent::ALARM_OVER;
            let (kind, severity) = if far {
                (EventKind::ScaledFar, Severity::Warning)
            } else {
                (EventKind::Scaled, Severity::Info)
            };
            let summary = format!("{id} scales from {from} to {to} replicas");
            vec![new(kind, severity, event.at_ms, summary, &event.cause)]
        }
        ScalingOutcome::Failed(why) => {
            let summary = format!("{id} did not scale from {from} to {to} replicas");
            let at_ms = event.ended_at_ms.unwrap_or(event.at_ms);
            vec![new(EventKind::ScalingFailed, failed, at_ms, summary, why)]
        }
        ScalingOutcome::Reached | ScalingOutcome::Superseded => Vec::new(),
    }
}
