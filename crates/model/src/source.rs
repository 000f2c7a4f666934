//! The health of what is read: a dead source is data on screen, never a stopped loop.

use serde::{Deserialize, Serialize};

use crate::SourceId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SourceState {
    /// Not asked yet.
    Waiting {
        since_ms: i64,
    },
    Up,
    /// The last known values stay on screen, greyed, with this reason.
    Down {
        since_ms: i64,
        why: String,
    },
}

/// One outside system, as of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceStatus {
    pub id: SourceId,
    /// What it is, in words: "built-in gateway".
    pub what: String,
    #[serde(flatten)]
    pub state: SourceState,
    /// Unix time of the last good answer, ms.
    pub answered_at_ms: Option<i64>,
    /// How long the last answer took, µs.
    pub took_us: u32,
}
