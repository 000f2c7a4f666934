//! What the Scaling pages show.

use serde::{Deserialize, Serialize};

use super::{DecisionSpan, Flapping, Forecast, Hold, ScalingEvent, ScalingIntent, ScheduledBounds};
use crate::{PoolId, ProcessObservation, SourceStatus, WorkloadId};

/// How well a workload follows its policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalingState {
    /// Its source does not answer.
    Unknown,
    /// The last decision could not read its metrics.
    MetricsFailed,
    /// It has as many as it may, and its metrics ask for more.
    AtMax,
    /// Fewer are ready than asked for.
    ScalingOut,
    /// More are there than asked for.
    ScalingIn,
    /// An operator has laid a hold on it.
    Held,
    Steady,
}

impl ScalingState {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::MetricsFailed => "metrics failed",
            Self::AtMax => "at max",
            Self::ScalingOut => "scaling out",
            Self::ScalingIn => "scaling in",
            Self::Held => "held",
            Self::Steady => "steady",
        }
    }
}

/// A metric against its target, in words: "cpu", "82 %", "70 %".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetChip {
    pub name: String,
    /// Absent: it could not be read.
    pub current: Option<String>,
    pub target: String,
    pub state: super::MetricState,
    /// What the metric reads and should read as plain numbers, for charts: per cent or units.
    pub current_value: Option<f64>,
    pub target_value: f64,
    /// No real GPU stands behind the figure.
    #[serde(default)]
    pub is_simulated: bool,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadRow {
    pub workload: WorkloadId,
    /// Where the source has such a thing.
    pub namespace: Option<String>,
    /// What runs it: "supervisor/samples".
    pub reference: String,
    pub pool: PoolId,
    pub targets: Vec<TargetChip>,
    /// In force now, with the schedule.
    pub bounds: ScheduledBounds,
    /// Asked for.
    pub desired: u32,
    /// There, in whatever state.
    pub replicas: u32,
    pub ready: u32,
    /// Unix time since when it is known, ms.
    pub since_ms: i64,
    pub state: ScalingState,
    pub hold: Option<Hold>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingView {
    pub workloads: Vec<WorkloadRow>,
    pub sources: Vec<SourceStatus>,
}

/// Everything of one workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadView {
    pub row: WorkloadRow,
    pub intent: ScalingIntent,
    /// The last decision; absent before the first.
    pub last: Option<DecisionSpan>,
    /// Newest first, at most [`WorkloadView::EVENTS_MAX`].
    pub events: Vec<ScalingEvent>,
    /// The latest stretch in which changes turned each other back, if it is of the last hour.
    pub flapping: Option<Flapping>,
    /// Absent while nothing is forecast. At most [`WorkloadView::FORECAST_MAX`] points: the next day.
    pub forecast: Option<Forecast>,
    pub processes: Vec<ProcessObservation>,
    /// Why it cannot be scaled from here; absent where it can.
    pub read_only: Option<String>,
    /// Most replicas its source can run.
    pub replicas_max: u32,
    /// Between two evaluations, s.
    pub evaluated_every_s: u32,
    pub source: SourceStatus,
}

impl WorkloadView {
    pub const EVENTS_MAX: usize = 20;
    pub const FORECAST_MAX: usize = 288;
}
