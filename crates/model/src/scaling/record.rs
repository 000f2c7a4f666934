//! What is kept of scaling: decisions, also those that did nothing, and changes with what became of them.

use serde::{Deserialize, Serialize};

use super::{ScalingDecision, SmallestChange};
use crate::{Actor, InvalidValue, WorkloadId};

/// Evaluations in a row that came to the same: one line of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionSpan {
    /// Rises with time; 0 before it is stored.
    pub id: i64,
    pub workload: WorkloadId,
    /// Unix time of the first and the last evaluation, ms.
    pub from_ms: i64,
    pub to_ms: i64,
    pub evaluations: u64,
    /// The last one, with its proof.
    pub decision: ScalingDecision,
    /// The smallest changes that would have altered the first one, one for each lever that can.
    pub would_change: Vec<SmallestChange>,
}

/// Which spans; newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerFilter {
    pub workload: WorkloadId,
    /// Unix time, ms: spans that touch the stretch between the two.
    pub from_ms: Option<i64>,
    pub to_ms: Option<i64>,
    /// Only those that changed the replicas.
    pub changes_only: bool,
    /// The cursor of the next page.
    pub before_id: Option<i64>,
}

/// A change of the replicas that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingEvent {
    /// Rises with time; 0 before it is stored.
    pub id: i64,
    pub workload: WorkloadId,
    /// Unix time, ms.
    pub at_ms: i64,
    pub from: u32,
    pub to: u32,
    /// In words: "cpu 82 % of 70 %".
    pub cause: String,
    /// The metric that asked for it; absent where none did.
    pub leading: Option<String>,
    /// What each metric read, in words: name and value.
    pub metrics: Vec<(String, String)>,
    pub actor: Actor,
    pub outcome: ScalingOutcome,
    /// Unix time of the outcome, ms.
    pub ended_at_ms: Option<i64>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "why", rename_all = "snake_case")]
pub enum ScalingOutcome {
    /// Under way.
    Pending,
    /// As many as asked for are ready, and no more.
    Reached,
    /// Another change came first.
    Superseded,
    /// The source refused it, or it was not reached in time.
    Failed(String),
}

impl ScalingOutcome {
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Reached => "reached",
            Self::Superseded => "superseded",
            Self::Failed(_) => "failed",
        }
    }

    /// From how it is stored.
    ///
    /// # Errors
    /// An unknown id.
    pub fn from_parts(id: &str, why: Option<String>) -> Result<Self, InvalidValue> {
        match id {
            "pending" => Ok(Self::Pending),
            "reached" => Ok(Self::Reached),
            "superseded" => Ok(Self::Superseded),
            "failed" => Ok(Self::Failed(why.unwrap_or_default())),
            _ => Err(InvalidValue::new("outcome", "allowed: pending, reached, superseded, failed")),
        }
    }

    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Failed(why) => Some(why),
            _ => None,
        }
    }
}

impl ScalingEvent {
    /// A change that is worth an alarm: more than five at once.
    pub const ALARM_OVER: u32 = 5;

    pub const fn size(&self) -> u32 {
        self.from.abs_diff(self.to)
    }

    /// Between asking and the outcome, ms.
    pub fn took_ms(&self) -> Option<i64> {
        self.ended_at_ms.map(|end| end.saturating_sub(self.at_ms))
    }
}

/// Which changes; newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScalingEventFilter {
    pub workload: Option<WorkloadId>,
    /// Unix time, ms, inclusive.
    pub from_ms: Option<i64>,
    /// Unix time, ms, inclusive.
    pub to_ms: Option<i64>,
    pub before_id: Option<i64>,
}
