//! What the Kubernetes pages show.

use serde::{Deserialize, Serialize};

use super::{ClusterId, Finding, Manager, ObjectKind, ObjectQuery, ObjectRef};
use crate::{
    Severity, SourceStatus,
    scaling::{Behavior, DecisionSpan, MetricTarget, ScalingEvent, ScalingPolicy, TargetChip},
};

/// How what is read of one kind of object stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum KindState {
    /// The first list is under way.
    Waiting,
    Up,
    /// The cluster does not have it.
    Absent,
    /// It may not be read; with the rule that is missing, as YAML.
    Forbidden {
        rule: String,
    },
    Down {
        since_ms: i64,
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindStatus {
    /// "horizontalpodautoscalers.autoscaling".
    pub resource: String,
    #[serde(flatten)]
    pub state: KindState,
    pub objects: u32,
    /// Unix time of the last thing that was heard of it, ms.
    pub heard_at_ms: Option<i64>,
}

/// One cluster, how it is read and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterStatus {
    pub id: ClusterId,
    pub source: SourceStatus,
    /// "v1.36.3"; absent before the first answer.
    pub version: Option<String>,
    pub kinds: Vec<KindStatus>,
    pub hpas: u32,
    pub workloads: u32,
    pub pods: u32,
    /// Nothing is changed there; with the reason.
    pub read_only: Option<String>,
}

/// How an object stands, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectState {
    /// The cluster does not answer: this is the last that was known.
    Unknown,
    /// It cannot scale.
    Failing,
    /// It is as large as it may be and wants more.
    AtMax,
    /// Not as many are ready as there should be.
    Scaling,
    /// Something is worth a look.
    Attention,
    Steady,
    /// Scaled to zero by hand.
    Off,
}

impl ObjectState {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Failing => "cannot scale",
            Self::AtMax => "at max",
            Self::Scaling => "scaling",
            Self::Attention => "attention",
            Self::Steady => "steady",
            Self::Off => "off",
        }
    }
}

/// One line of the list: an HPA with its target, or a workload without HPA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectRow {
    pub object: ObjectRef,
    /// "Deployment/web".
    pub reference: String,
    pub targets: Vec<TargetChip>,
    /// Absent without an HPA.
    pub min_replicas: Option<u32>,
    pub max_replicas: Option<u32>,
    pub desired: u32,
    pub replicas: u32,
    pub ready: u32,
    /// Unix time, ms.
    pub created_at_ms: i64,
    pub state: ObjectState,
    /// The title of the worst finding.
    pub trouble: Option<String>,
    pub managed_by: Option<Manager>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClustersView {
    pub clusters: Vec<ClusterStatus>,
    /// All namespaces there are.
    pub namespaces: Vec<String>,
    /// One page of them.
    pub rows: Vec<ObjectRow>,
    /// All that pass the query.
    pub found: u32,
    pub query: ObjectQuery,
}

/// A metric of an HPA: what the controller read beside what our engine made of the pods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricRow {
    /// Its place in `spec.metrics`.
    pub index: u32,
    pub chip: TargetChip,
    /// As Kubernetes calls it: "Resource", "Pods".
    pub source: String,
    pub target: MetricTarget,
    /// What the controller's status says, in words; absent where it says nothing.
    pub controller: Option<String>,
    /// What our engine proposes for it alone.
    pub proposal: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionRow {
    /// `AbleToScale`.
    pub name: String,
    pub is_true: bool,
    pub reason: String,
    pub message: String,
    /// Unix time, ms.
    pub since_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PodRow {
    pub name: String,
    pub phase: String,
    pub is_ready: bool,
    pub node: Option<String>,
    /// Why it is not ready, as the cluster says it.
    pub why: Option<String>,
    pub restarts: u32,
    /// Unix time, ms.
    pub created_at_ms: i64,
    pub cpu_milli: Option<i64>,
    pub memory_bytes: Option<i64>,
    pub cpu_request_milli: Option<i64>,
    pub memory_request_bytes: Option<i64>,
}

/// Who a change of the replicas is put down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerKind {
    Hpa,
    Person,
    GitOps,
    Rollout,
    /// This console.
    Console,
    Unknown,
}

/// Who did something, and what told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    pub kind: OwnerKind,
    /// "kubectl-scale", "argocd-controller".
    pub who: String,
    pub certainty: super::Certainty,
    /// What it was seen by.
    pub seen_by: String,
}

/// An event as Kubernetes told it; ours are kept longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectEvent {
    /// Unix time of the last occurrence, ms.
    pub at_ms: i64,
    pub is_warning: bool,
    pub reason: String,
    pub message: String,
    pub count: u32,
    /// "horizontal-pod-autoscaler".
    pub source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpaRow {
    pub name: String,
    /// "Auto", "Off", "Initial", "Recreate", `InPlaceOrRecreate`.
    pub mode: String,
    /// Container, resource, lower bound, target, upper bound, in words.
    pub recommendations: Vec<(String, String, String, String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRow {
    pub name: String,
    /// Ready ones and all.
    pub ready: u32,
    pub endpoints: u32,
    /// As `[[pools]]` of the settings would take them: "name:port".
    pub port: Option<String>,
}

/// An Ingress of ingress-nginx that leads to the workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngressRow {
    pub name: String,
    pub class: String,
    pub hosts: Vec<String>,
    /// `nginx.ingress.kubernetes.io/…` and value, those about balancing.
    pub annotations: Vec<(String, String)>,
    pub resource_version: String,
    pub managed_by: Option<Manager>,
}

/// What would be changed from where: only what an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    Edit,
    Scale,
    Restart,
    Evict,
}

/// Everything of one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectView {
    pub row: ObjectRow,
    /// Worst first.
    pub findings: Vec<Finding>,
    pub metrics: Vec<MetricRow>,
    pub conditions: Vec<ConditionRow>,
    /// The HPA in our engine's terms; absent without one, or where it says what we cannot read.
    pub policy: Option<ScalingPolicy>,
    pub behavior: Option<Behavior>,
    pub resource_version: String,
    /// The last decision of our engine over it; absent without an HPA.
    pub last: Option<DecisionSpan>,
    /// How often the controller decides.
    pub evaluated_every_s: u32,
    /// Its replicas and figures are kept over time: there is room for so many HPAs only.
    pub is_measured: bool,
    /// Changes of the replicas, newest first.
    pub changes: Vec<ScalingEvent>,
    /// Who set the replicas as they are now.
    pub set_by: Option<Attribution>,
    /// Newest first, at most [`ObjectView::EVENTS_MAX`].
    pub events: Vec<ObjectEvent>,
    /// Worst first, at most [`ObjectView::PODS_MAX`].
    pub pods: Vec<PodRow>,
    pub pods_total: u32,
    /// The workload an HPA scales, the HPAs that scale a workload.
    pub related: Vec<ObjectRef>,
    /// Disruption budgets that cover its pods: name, and how many may go now.
    pub budgets: Vec<(String, u32)>,
    pub vpa: Vec<VpaRow>,
    pub services: Vec<ServiceRow>,
    pub ingresses: Vec<IngressRow>,
    /// What may not be done from here and why; what is not in it may.
    pub refused: Vec<(Trigger, String)>,
    pub source: SourceStatus,
}

impl ObjectView {
    pub const EVENTS_MAX: usize = 20;
    pub const PODS_MAX: usize = 200;

    /// Why something may not be done here; absent where it may.
    pub fn refusal(&self, trigger: Trigger) -> Option<&str> {
        self.refused.iter().find(|(t, _)| *t == trigger).map(|(_, why)| why.as_str())
    }
}

/// One document of what was given to the doctor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoctorDocument {
    /// "`HorizontalPodAutoscaler` shop/web"; "document 2" where it cannot be read.
    pub what: String,
    pub kind: Option<ObjectKind>,
    /// First line in what was given, from 1.
    pub line: u32,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoctorAnswer {
    pub documents: Vec<DoctorDocument>,
    /// The whole input with what can be mended mended; absent when there is nothing to mend.
    pub fixed: Option<String>,
    pub worst: Option<Severity>,
}

impl DoctorAnswer {
    /// Longest input.
    pub const INPUT_MAX_BYTES: usize = 1 << 20;
    pub const DOCUMENTS_MAX: usize = 500;
}
