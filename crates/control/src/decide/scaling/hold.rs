//! An operator's hold on top of what was decided.

use model::scaling::{Hold, HoldKind, ScalingDecision, ScalingPolicy};

/// The decision under this hold; one that is over changes nothing. Bounds stay in force: a pause does not keep more than the maximum.
pub fn hold(policy: &ScalingPolicy, hold: Option<Hold>, mut decision: ScalingDecision) -> ScalingDecision {
    let Some(hold) = hold.filter(|hold| !hold.is_over(decision.at_ms)) else {
        return decision;
    };
    let (from, before) = (decision.from, decision.to);
    let held = match hold.kind {
        HoldKind::Pause => from,
        HoldKind::PauseScaleOut => before.min(from),
        HoldKind::PauseScaleIn => before.max(from),
        HoldKind::Pin { replicas } => replicas,
    };
    decision.to = held.clamp(policy.min_replicas, policy.max_replicas.max(policy.min_replicas));
    decision.proof.hold = Some((hold, before));
    decision
}
