//! What one has decided, and why, so that two can be held side by side.

use control::decide::cluster::{Evaluation, Target, Unevaluated};
use model::scaling::{Direction, RateProof, ReplicaBound, ScalingReason};
use serde_json::Value;

/// What a decision came to, in the words of the controller's conditions. Empty: no word of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Absent where nothing was decided.
    pub(crate) desired: Option<u32>,
    pub(crate) able: &'static str,
    pub(crate) active: &'static str,
    pub(crate) limited: &'static str,
}

impl Seen {
    pub(crate) fn agrees(&self, theirs: &Self) -> Result<(), String> {
        let is_same = |ours: &str, theirs: &str| ours.is_empty() || ours == theirs;
        let is_desired = self.desired.is_none() || self.desired == theirs.desired;
        if is_desired && is_same(self.able, theirs.able) && is_same(self.active, theirs.active) && is_same(self.limited, theirs.limited) {
            Ok(())
        } else {
            Err(format!("ours {self:?}, the controller's {theirs:?}"))
        }
    }
}

/// What the controller would say of our decision.
pub(crate) fn ours(evaluation: &Result<Evaluation, Unevaluated<'_>>) -> Seen {
    let nothing = Seen {
        desired: None,
        able: "",
        active: "",
        limited: "",
    };
    let decision = match evaluation {
        Ok(evaluation) => &evaluation.decision,
        Err(Unevaluated::Target(Target::Missing)) => {
            return Seen {
                able: "FailedGetScale",
                ..nothing
            };
        }
        Err(why) => panic!("our engine cannot read it: {why:?}"),
    };
    let proof = &decision.proof;
    let (active, desired) = match decision.reason {
        ScalingReason::ScalingDisabled => ("ScalingDisabled", Some(0)),
        ScalingReason::FailedMetrics => ("Failed", None),
        ScalingReason::Metrics => ("ValidMetricFound", Some(decision.to)),
        ScalingReason::TooManyReplicas | ScalingReason::TooFewReplicas => ("", Some(decision.to)),
    };
    let able = if decision.is_change() {
        "SucceededRescale"
    } else if decision.reason != ScalingReason::Metrics {
        ""
    } else {
        match proof.stabilization.map(|held| held.direction) {
            Some(Direction::Up) => "ScaleUpStabilized",
            Some(Direction::Down) => "ScaleDownStabilized",
            None => "ReadyForNewScale",
        }
    };
    let limited = match (decision.reason, &proof.rate, proof.clamp.map(|clamp| clamp.bound)) {
        (
            ScalingReason::Metrics,
            Some(RateProof {
                direction: Direction::Up, ..
            }),
            _,
        ) => "ScaleUpLimit",
        (ScalingReason::Metrics, Some(_), _) => "ScaleDownLimit",
        (ScalingReason::Metrics, None, Some(ReplicaBound::Max)) => "TooManyReplicas",
        (ScalingReason::Metrics, None, Some(ReplicaBound::Min)) => "TooFewReplicas",
        (ScalingReason::Metrics, None, None) => "DesiredWithinRange",
        _ => "",
    };
    Seen {
        desired,
        able,
        active,
        limited,
    }
}

/// What the controller says; nothing before its first look.
pub(crate) fn theirs(hpa: &Value) -> Option<Seen> {
    let conditions = hpa["status"]["conditions"].as_array().filter(|all| !all.is_empty())?;
    let reason = |kind: &str| {
        let of = conditions.iter().find(|condition| condition["type"] == kind);
        of.map_or("", |condition| known(condition["reason"].as_str().unwrap()))
    };
    Some(Seen {
        desired: hpa["status"]["desiredReplicas"].as_u64().and_then(|n| u32::try_from(n).ok()),
        able: reason("AbleToScale"),
        active: reason("ScalingActive"),
        limited: reason("ScalingLimited"),
    })
}

/// Reasons that are one of a kind count as one.
fn known(reason: &str) -> &'static str {
    const KNOWN: [&str; 12] = [
        "SucceededRescale",
        "ReadyForNewScale",
        "ScaleUpStabilized",
        "ScaleDownStabilized",
        "FailedGetScale",
        "SucceededGetScale",
        "ValidMetricFound",
        "ScalingDisabled",
        "ScaleUpLimit",
        "ScaleDownLimit",
        "TooManyReplicas",
        "TooFewReplicas",
    ];
    let is_failure = reason.starts_with("FailedGet") && reason.ends_with("Metric");
    if is_failure || matches!(reason, "AmbiguousSelector" | "InvalidSelector" | "InvalidMetricSourceType") {
        return "Failed";
    }
    let known = KNOWN.into_iter().find(|one| *one == reason);
    known.unwrap_or_else(|| {
        if reason == "DesiredWithinRange" {
            "DesiredWithinRange"
        } else {
            panic!("a new reason: {reason}")
        }
    })
}
