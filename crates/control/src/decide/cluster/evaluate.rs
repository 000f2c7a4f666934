//! Our engine over one HPA, as the controller would run it now.

use model::{
    InvalidValue,
    scaling::{ScalingDecision, ScalingObservation, ScalingPolicy, ScalingReason},
};

use super::{Memory, Space, Target, observation::observe, policy::policy};
use crate::{decide::scaling, ports::cluster::Hpa};

/// What our engine made of an HPA.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    pub policy: ScalingPolicy,
    pub observation: ScalingObservation,
    pub decision: ScalingDecision,
    /// The memory reached back as far as the decision did: where it did not, windows and limits may hold back more than is seen here.
    pub is_whole: bool,
}

/// Why an HPA could not be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub enum Unevaluated<'a> {
    Policy(InvalidValue),
    Target(Target<'a>),
}

/// One evaluation, as the controller makes one each sync period. The memory is that of this HPA: it is kept from look to look, and dropped with it.
///
/// # Errors
/// What of the HPA cannot be read.
pub fn evaluate<'a>(space: &Space<'a>, hpa: &Hpa, memory: &mut Memory, now_ms: i64) -> Result<Evaluation, Unevaluated<'a>> {
    let policy = policy(&hpa.spec, &space.look.controller).map_err(Unevaluated::Policy)?;
    let observation = observe(space, hpa).map_err(Unevaluated::Target)?;
    memory.catch_up(hpa, observation.spec_replicas, now_ms);
    let decision = match at_zero(space, hpa, &policy, &observation) {
        AtZero::Elsewhere => scaling::decide(&policy, &observation, memory.history(), now_ms),
        AtZero::By(min_replicas) => {
            let policy = ScalingPolicy {
                min_replicas,
                ..policy.clone()
            };
            scaling::decide(&policy, &observation, memory.history(), now_ms)
        }
        AtZero::Leaving => leave_zero(&policy, &observation, memory, now_ms),
    };
    let is_whole = memory.is_whole(&policy, hpa, space.look.controller.sync_period_s, now_ms);
    let evaluation = Evaluation {
        policy,
        observation,
        decision,
        is_whole,
    };
    memory.keep(hpa, &evaluation);
    Ok(evaluation)
}

/// Since when an HPA only leaves zero where it went there itself: KEP-2021, the condition `ScaledToZero`.
const OWN_ZERO_SINCE: (u32, u32) = (1, 36);

enum AtZero {
    /// There are replicas, or the cluster's version does not know of it.
    Elsewhere,
    /// At zero, with the minimum that stands for what the controller does there: 0 follows the metrics, more is off.
    By(u32),
    /// It went to zero, and then got a minimum.
    Leaving,
}

fn at_zero(space: &Space<'_>, hpa: &Hpa, policy: &ScalingPolicy, observation: &ScalingObservation) -> AtZero {
    let is_older = space
        .look
        .version
        .as_deref()
        .and_then(version)
        .is_some_and(|version| version < OWN_ZERO_SINCE);
    if observation.spec_replicas != 0 || is_older {
        return AtZero::Elsewhere;
    }
    let is_own = hpa
        .status
        .conditions
        .iter()
        .any(|c| &*c.kind == "ScaledToZero" && &*c.status == "True");
    match (is_own, policy.min_replicas) {
        (true, 0) => AtZero::By(0),
        (true, _) => AtZero::Leaving,
        (false, min_replicas) => AtZero::By(min_replicas.max(1)),
    }
}

/// As the metrics want it, and no fewer than the minimum.
fn leave_zero(policy: &ScalingPolicy, observation: &ScalingObservation, memory: &Memory, now_ms: i64) -> ScalingDecision {
    let from_zero = ScalingPolicy {
        min_replicas: 0,
        ..policy.clone()
    };
    let mut decision = scaling::decide(&from_zero, observation, memory.history(), now_ms);
    if decision.reason == ScalingReason::Metrics {
        decision.to = decision.to.max(policy.min_replicas);
    }
    decision
}

/// Major and minor of "v1.36.3".
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim_start_matches('v').split('.');
    let minor = |text: &str| text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok();
    Some((parts.next()?.parse().ok()?, minor(parts.next()?)?))
}
