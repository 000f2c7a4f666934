//! How a decision came about, step by step.

use serde::{Deserialize, Serialize};

use super::{ChangeLimit, Hold, PredictionProof, Recommendation, ReplicaChange, SelectPolicy, TargetType, Tolerance};

/// Metrics propose, a forecast raises, the window holds back, the limits slow down, the bounds cut. A step that changed nothing is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingProof {
    pub metrics: Vec<MetricProof>,
    pub tolerance: Tolerance,
    /// The metric that proposed the most, by its place in `metrics`.
    pub leading: Option<usize>,
    /// Also where it changed nothing; absent where nothing is forecast.
    #[serde(default)]
    pub prediction: Option<PredictionProof>,
    pub stabilization: Option<StabilizationProof>,
    pub rate: Option<RateProof>,
    pub clamp: Option<Clamp>,
    /// What an operator has put on top, with what would have been decided without it.
    pub hold: Option<(Hold, u32)>,
}

impl ScalingProof {
    pub fn new(tolerance: Tolerance) -> Self {
        Self {
            metrics: Vec::new(),
            tolerance,
            leading: None,
            prediction: None,
            stabilization: None,
            rate: None,
            clamp: None,
            hold: None,
        }
    }
}

/// One metric: what it said, what it should say, and how many replicas follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricProof {
    pub name: String,
    /// Absent for a signal of `threshold` and `weighted`.
    pub target_type: Option<TargetType>,
    /// Per cent for a utilisation, thousandths otherwise: per instance unless the target is a `Value`.
    pub current: Option<i64>,
    pub target: i64,
    /// The lower of two thresholds.
    pub lower_target: Option<i64>,
    /// Current divided by target, before missing instances are filled in; absent when it has no finite value.
    pub ratio: Option<f64>,
    /// The sum of all values that count, thousandths.
    pub total_milli: i64,
    pub state: MetricState,
    pub proposal: Option<u32>,
    /// Instances whose figures count, whose figures say nothing yet, and without figures. Those that are going are in none of them.
    pub ready: u32,
    pub unready: u32,
    pub missing: u32,
    pub failure: Option<MetricFailure>,
}

impl MetricProof {
    /// Before anything is known of it.
    pub const fn begin(name: String, target: i64) -> Self {
        Self {
            name,
            target_type: None,
            current: None,
            target,
            lower_target: None,
            ratio: None,
            total_milli: 0,
            state: MetricState::Failed,
            proposal: None,
            ready: 0,
            unready: 0,
            missing: 0,
            failure: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricState {
    /// It asks for less.
    Below,
    /// Close enough to its target, or too uncertain to act on.
    Within,
    /// It asks for more.
    Above,
    Failed,
}

/// Why a metric proposed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "failure", rename_all = "snake_case")]
pub enum MetricFailure {
    #[error("it could not be read: {why}")]
    Unreadable { why: String },
    #[error("there is no reading")]
    NoReading,
    #[error("the reading is of another kind than the metric")]
    WrongKind,
    #[error("the reading is older than {max_age_s} s")]
    Stale { max_age_s: u32 },
    #[error("the reading is not a number, negative or too large")]
    BadValue,
    #[error("there are no instances")]
    NoPods,
    #[error("no ready instance has a figure")]
    NoReadyPods,
    #[error("the figures belong to none of the instances")]
    NoMatch,
    #[error("{pod} has no container {container}")]
    MissingContainer { pod: String, container: String },
    #[error("{pod} has a container without a request for {resource}")]
    MissingRequest { pod: String, resource: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Up,
    Down,
}

/// An earlier proposal that still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StabilizationProof {
    pub direction: Direction,
    pub window_s: u32,
    pub before: u32,
    pub after: u32,
    pub held_by: Recommendation,
}

/// The limits were slower than the proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateProof {
    pub direction: Direction,
    pub before: u32,
    pub after: u32,
    pub rule: RateRule,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum RateRule {
    /// Without `behavior`: at most twice as many, or 4.
    Double,
    /// `select_policy` chose one of these.
    Limits {
        select: SelectPolicy,
        chosen: Option<usize>,
        limits: Vec<LimitProof>,
    },
}

/// One limit at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitProof {
    pub limit: ChangeLimit,
    /// Replicas when its period began, by the policy's own changes.
    pub period_start: i64,
    /// How far it lets the replicas go.
    pub allows: i64,
    /// The oldest change that still counts: when it leaves the period, there is room again.
    pub held_by: Option<ReplicaChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clamp {
    pub bound: ReplicaBound,
    pub before: u32,
    pub after: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaBound {
    Min,
    Max,
}
