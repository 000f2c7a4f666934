//! What a policy keeps of its own past.

use model::scaling::{Recommendation, ReplicaChange, ScalingDecision, ScalingHistory, ScalingPolicy};

use super::milli::before;

/// Most entries of each kind: an hour of one decision a second. Beyond it the oldest go.
const ENTRIES_MAX: usize = 3_600;
/// So that a shorter window can become longer without forgetting.
const KEEP_AT_LEAST_S: u32 = 300;

/// The history after this decision was carried out. Forgets what no window or period reaches any more. An entry from the future (the clock
/// was set back) counts as of now, so that it ends.
pub fn remember(policy: &ScalingPolicy, history: &mut ScalingHistory, decision: &ScalingDecision) {
    let now_ms = decision.at_ms;
    let mut keep_s = KEEP_AT_LEAST_S.max(policy.downscale_stabilization_s);
    for rules in policy
        .behavior
        .iter()
        .flat_map(|behavior| [&behavior.scale_up, &behavior.scale_down])
    {
        let periods = rules.policies.iter().map(|limit| limit.period_s);
        keep_s = periods.fold(keep_s.max(rules.stabilization_window_s), u32::max);
    }
    let cutoff_ms = before(now_ms, keep_s);
    if history.recommendations.is_empty() {
        history.recommendations.push(first(decision.from, now_ms));
    }
    if let Some(replicas) = decision.recommendation {
        history.recommendations.push(Recommendation { at_ms: now_ms, replicas });
    }
    if decision.is_change() {
        history.changes.push(ReplicaChange {
            at_ms: now_ms,
            from: decision.from,
            to: decision.to,
        });
    }
    for entry in &mut history.recommendations {
        entry.at_ms = entry.at_ms.min(now_ms);
    }
    for entry in &mut history.changes {
        entry.at_ms = entry.at_ms.min(now_ms);
    }
    history.recommendations.retain(|entry| entry.at_ms >= cutoff_ms);
    history.changes.retain(|entry| entry.at_ms >= cutoff_ms);
    let excess = history.recommendations.len().saturating_sub(ENTRIES_MAX);
    history.recommendations.drain(..excess);
    let excess = history.changes.len().saturating_sub(ENTRIES_MAX);
    history.changes.drain(..excess);
}

/// A policy that is new takes what it finds for its own proposal, so that it does not begin with a change downwards.
pub(super) fn first(current: u32, now_ms: i64) -> Recommendation {
    Recommendation {
        at_ms: now_ms,
        replicas: current,
    }
}
