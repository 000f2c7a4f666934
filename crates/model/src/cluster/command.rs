//! What can be asked of a cluster. Each is tried first: the answer is the API server's own.

use serde::{Deserialize, Serialize};

use super::{Fix, ObjectRef};
use crate::{FieldDiff, scaling::Behavior};

/// Who looks after an object, as far as it can be seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Manager {
    /// "Argo CD", "Flux", "Helm".
    pub tool: String,
    /// The application, Kustomization or release; empty where it is not told.
    pub name: String,
    /// What told of it: "label app.kubernetes.io/managed-by".
    pub seen_by: String,
}

/// A new target for one metric of an HPA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricEdit {
    /// Its place in `spec.metrics`.
    pub index: u32,
    /// In the metric's own unit: per cent of a utilisation, otherwise thousandths.
    pub target: i64,
}

/// A change of an HPA; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HpaEdit {
    pub min_replicas: Option<u32>,
    pub max_replicas: Option<u32>,
    #[serde(default)]
    pub metrics: Vec<MetricEdit>,
    pub behavior: Option<Behavior>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum ObjectCommand {
    /// By server-side apply.
    EditHpa {
        /// As it was when the form was filled in.
        resource_version: String,
        edit: HpaEdit,
    },
    /// Through the scale subresource; refused where an HPA owns the workload.
    Scale { resource_version: String, replicas: u32 },
    /// A rollout restart.
    Restart { resource_version: String },
    /// Through the Eviction API, which respects disruption budgets.
    Evict { pod: String },
    /// ingress-nginx' annotations of an Ingress that routes to the workload; an empty value takes the annotation away.
    Annotate {
        ingress: String,
        resource_version: String,
        annotation: String,
        value: String,
    },
}

impl ObjectCommand {
    /// As in the audit log: `scale` of `cluster.scale`.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::EditHpa { .. } => "edit_hpa",
            Self::Scale { .. } => "scale",
            Self::Restart { .. } => "restart",
            Self::Evict { .. } => "evict",
            Self::Annotate { .. } => "annotate",
        }
    }

    /// The version it was made from. An eviction has none: a pod either is there or is not.
    pub fn resource_version(&self) -> Option<&str> {
        match self {
            Self::EditHpa { resource_version, .. }
            | Self::Scale { resource_version, .. }
            | Self::Restart { resource_version }
            | Self::Annotate { resource_version, .. } => Some(resource_version),
            Self::Evict { .. } => None,
        }
    }

    /// The same, made from another version: that of its dry run.
    #[must_use]
    pub fn from_version(mut self, version: &str) -> Self {
        match &mut self {
            Self::EditHpa { resource_version, .. }
            | Self::Scale { resource_version, .. }
            | Self::Restart { resource_version }
            | Self::Annotate { resource_version, .. } => version.clone_into(resource_version),
            Self::Evict { .. } => {}
        }
        self
    }
}

/// What a command would do, as the API server itself answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    pub object: ObjectRef,
    /// By field path, `spec.maxReplicas`; empty when nothing would change.
    pub diff: Vec<FieldDiff>,
    /// The object after it, as YAML, without status and managed fields.
    pub after: String,
    /// What the API server warned of.
    pub warnings: Vec<String>,
    /// Version the answer was made from; to be sent with the command itself.
    pub resource_version: String,
}

/// A command that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectDone {
    pub diff: Vec<FieldDiff>,
    pub warnings: Vec<String>,
    pub resource_version: String,
}

/// Why a cluster was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// Somebody changed it since the form was filled in.
    Conflict,
    /// The console's account has no such right.
    Forbidden,
    /// `GitOps` would undo it.
    Managed,
    /// An HPA sets the replicas.
    OwnedByHpa,
    /// The API server or an admission controller does not take it.
    Invalid,
    /// A disruption budget has no room.
    Budget,
    /// By the console's settings.
    ReadOnly,
    /// What is known is too old to act on.
    Stale,
    /// The API server asks to wait.
    Busy,
    /// No answer; it may have been done.
    Unreachable,
}

impl RefusalKind {
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Conflict | Self::Managed | Self::OwnedByHpa | Self::Budget => 409,
            Self::Forbidden | Self::ReadOnly => 403,
            Self::Invalid => 422,
            Self::Busy => 429,
            Self::Stale | Self::Unreachable => 503,
        }
    }
}

/// A refusal with the way out: the rule that is missing, the patch for the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterRefusal {
    pub kind: RefusalKind,
    pub why: String,
    pub fix: Option<Fix>,
}
