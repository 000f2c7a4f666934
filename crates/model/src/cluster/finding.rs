//! What can be said of an object, and what to do about it.

use serde::{Deserialize, Serialize};

use crate::Severity;

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The cluster says so itself.
    Observed,
    /// Our own reckoning over what the cluster shows.
    Estimated,
    /// It would need something that cannot be read from here.
    Unknown,
}

impl Certainty {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixKind {
    /// To be run in a shell.
    Command,
    /// YAML to be merged into the object.
    Patch,
    /// A sentence.
    Advice,
}

/// The way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    pub kind: FixKind,
    /// "Give the container a request".
    pub title: String,
    /// What to run, to merge or to read.
    pub text: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $id:literal;)*) => {
        /// What is found. Each has a fixture that shows it and one that must not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FindingCode { $($(#[$doc])* $variant,)* }

        impl FindingCode {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }
        }
    };
}

codes! {
    /// `metrics.k8s.io`, `custom.metrics.k8s.io` or `external.metrics.k8s.io` is not there or does not answer.
    MetricsApiMissing = "metrics_api_missing";
    /// A container has no request for the resource its utilisation is measured against.
    RequestMissing = "request_missing";
    /// The metrics ask for more than `maxReplicas`.
    AtMax = "at_max";
    /// The metrics ask for fewer than `minReplicas`: all is well.
    AtMin = "at_min";
    /// The ratio is too close to one.
    WithinTolerance = "within_tolerance";
    /// A window holds an earlier recommendation.
    Stabilizing = "stabilizing";
    /// A policy of `behavior` lets it go only so far.
    RateLimited = "rate_limited";
    /// `selectPolicy: Disabled` in the direction the metrics ask for.
    DirectionDisabled = "direction_disabled";
    /// The target has zero replicas, so that the HPA is off.
    ScalingDisabled = "scaling_disabled";
    /// A quota leaves no room.
    QuotaExceeded = "quota_exceeded";
    /// Pods wait for a node.
    PodsPending = "pods_pending";
    /// Pods run but do not become ready, or do not run.
    PodsFailing = "pods_failing";
    /// A custom or external metric has no value.
    MetricMissing = "metric_missing";
    /// A VPA changes the requests the HPA's utilisation is measured against.
    VpaConflict = "vpa_conflict";
    /// Two HPAs scale one target.
    TwoHpas = "two_hpas";
    /// The target of the HPA does not exist, or has no scale.
    TargetNotFound = "target_not_found";
    /// A metric that falls when there is more to do.
    InverseMetric = "inverse_metric";
    /// A latency as an average value: it is divided by the number of pods.
    LatencyAveraged = "latency_averaged";
    /// `minReplicas` is `maxReplicas`.
    MinIsMax = "min_is_max";
    /// The thresholds turn each other back with so few pods.
    Flaps = "flaps";
    /// Policies of `behavior` that can never let anything happen.
    PolicyCannotAct = "policy_cannot_act";
    /// The labels select pods of another workload too.
    AmbiguousSelector = "ambiguous_selector";
    /// Pods without figures make scaling in or out more careful.
    PodsWithoutMetrics = "pods_without_metrics";
    /// Our engine and the controller disagree.
    Disagreement = "disagreement";
    /// The rollout is not finished.
    RolloutStuck = "rollout_stuck";
    /// The object is not written as Kubernetes wants it.
    InvalidObject = "invalid_object";
    /// A field that Kubernetes does not know, so that it has no effect.
    UnknownField = "unknown_field";
    /// A version of the API that is old, or is not served any more.
    OutdatedApi = "outdated_api";
    /// Utilisation of memory, which seldom falls when pods are added.
    MemoryTarget = "memory_target";
    /// An external metric without a selector: all series of that name are added up.
    SelectorMissing = "selector_missing";
    /// A target above what the limits let the pods use.
    TargetOutOfReach = "target_out_of_reach";
    /// A manifest sets replicas that an HPA sets too.
    ReplicasSet = "replicas_set";
    /// A kind of object that is not examined.
    NotChecked = "not_checked";
    /// What is known is old, or what is needed may not be read.
    NotReadable = "not_readable";
    /// Nothing stands in the way.
    Healthy = "healthy";
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub code: FindingCode,
    pub severity: Severity,
    pub certainty: Certainty,
    /// "Not scaling out: container app has no cpu request".
    pub title: String,
    /// What it was seen by, with figures.
    pub why: String,
    pub fixes: Vec<Fix>,
    /// Where in a document: `spec.metrics[0]`.
    pub field: Option<String>,
}
