//! What a policy concluded, also when it did nothing.

use serde::{Deserialize, Serialize};

use super::ScalingProof;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingDecision {
    /// Unix time, ms.
    pub at_ms: i64,
    /// Replicas asked for before.
    pub from: u32,
    /// Replicas to ask for now.
    pub to: u32,
    pub reason: ScalingReason,
    /// What the metrics proposed, for the policy's memory; absent when they proposed nothing.
    pub recommendation: Option<u32>,
    pub proof: ScalingProof,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalingReason {
    /// It was scaled to zero by hand, and the policy's minimum is higher: Kubernetes then stays off.
    ScalingDisabled,
    /// More than `max_replicas`: back at once, without a look at the metrics.
    TooManyReplicas,
    /// Fewer than `min_replicas`: up at once, without a look at the metrics.
    TooFewReplicas,
    /// No metric could be read, or one could not and the others would scale down.
    FailedMetrics,
    /// It followed its metrics, as far as windows and limits let it.
    Metrics,
}

impl ScalingDecision {
    pub const fn is_change(&self) -> bool {
        self.from != self.to
    }
}
