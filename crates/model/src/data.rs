//! What the data takes, how long it is kept, and what the last clean-up removed.

use serde::{Deserialize, Serialize};

use crate::{Resolution, SampleRetention};

/// How long everything that grows is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    pub events_d: u32,
    pub audit_d: u32,
    pub decisions_d: u32,
    pub scaling_events_d: u32,
    pub samples: SampleRetention,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events_d: 90,
            audit_d: 730,
            decisions_d: 30,
            scaling_events_d: 396,
            samples: SampleRetention::default(),
        }
    }
}

/// One resolution of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleUsage {
    pub resolution: Resolution,
    pub blocks: u64,
    /// Values, or buckets of values.
    pub samples: u64,
    pub bytes: u64,
}

/// What the data takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DataUsage {
    /// The whole database.
    pub bytes: u64,
    pub series: u64,
    /// Rows of the newest minutes that are not in blocks yet.
    pub tail_rows: u64,
    pub samples: Vec<SampleUsage>,
    pub events: u64,
    pub audit: u64,
    pub decisions: u64,
    pub scaling_events: u64,
}

/// What a clean-up removed from one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// In words: "events", "samples by 10 s".
    pub what: String,
    pub rows: u64,
    /// Why it could not be cleaned.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanUp {
    /// Unix ms of its end.
    pub at_ms: i64,
    pub took_ms: u64,
    pub tables: Vec<Removed>,
    /// Who asked for it; absent for the daily one.
    pub by: Option<String>,
}

/// What the page "Data" shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataView {
    pub now_ms: i64,
    pub retention: Retention,
    pub usage: DataUsage,
    pub last: Option<CleanUp>,
    /// Unix ms of the next daily clean-up.
    pub next_ms: i64,
}
