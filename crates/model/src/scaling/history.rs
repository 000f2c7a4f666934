//! What a policy remembers of itself.

use serde::{Deserialize, Serialize};

/// The part of the past that a decision depends on; oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScalingHistory {
    /// What the metrics proposed, before windows and limits.
    pub recommendations: Vec<Recommendation>,
    /// Its own changes; those of operators do not use up its limits.
    pub changes: Vec<ReplicaChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// Unix time, ms.
    pub at_ms: i64,
    pub replicas: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaChange {
    /// Unix time, ms.
    pub at_ms: i64,
    pub from: u32,
    pub to: u32,
}
