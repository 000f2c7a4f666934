//! A what-if as it is asked over the wire, and its answer.

use serde::{Deserialize, Serialize};

use super::{BuiltInTrace, WhatIf, WhatIfOutcome};
use crate::WorkloadId;

/// The demand to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "demand", rename_all = "snake_case")]
pub enum WhatIfDemand {
    /// What was measured of the workload. Unix time, ms.
    Recorded {
        from_ms: i64,
        to_ms: i64,
    },
    BuiltIn {
        trace: BuiltInTrace,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhatIfQuestion {
    pub workload: WorkloadId,
    pub demand: WhatIfDemand,
    pub what_if: WhatIf,
}

/// What each policy would have done, with courses short enough for a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhatIfAnswer {
    /// Of the trace.
    pub name: String,
    /// Unix time, ms.
    pub begin_ms: i64,
    /// Unix time, ms.
    pub end_ms: i64,
    pub step_s: u32,
    /// What was really done; absent where nothing was recorded.
    pub recorded: Option<WhatIfOutcome>,
    /// In the order of the question's policies.
    pub outcomes: Vec<WhatIfOutcome>,
    /// Moments and the demand in instances that are used up wholly, at most [`WhatIfAnswer::POINTS`].
    pub demand: Vec<(i64, Option<f64>)>,
    /// How long the replay took, ms.
    pub took_ms: u32,
}

impl WhatIfAnswer {
    /// Of each line of the chart.
    pub const POINTS: usize = 600;
}
