//! What is known of a cluster at one moment.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    SourceState,
    cluster::{KindStatus, ObjectKind},
};

use super::{
    ControllerSettings, CrossVersionRef, EndpointSlice, Event, Hpa, Ingress, MetricIdentifier, Pdb, Pod, Quota, ReplicaSet, Service, Vpa,
    Workload,
};

/// Everything that is known. Cheap to clone: what did not change is shared with the look before.
#[derive(Debug, Clone)]
pub struct ClusterLook {
    /// One more with every change.
    pub seq: u64,
    /// How the cluster answers as a whole. Down: everything here is the last that was known.
    pub state: SourceState,
    /// Unix time of the last good answer of any kind, ms.
    pub answered_at_ms: Option<i64>,
    /// How long the last answer took, µs.
    pub took_us: u32,
    /// "v1.36.3".
    pub version: Option<Arc<str>>,
    /// As the settings have it.
    pub controller: ControllerSettings,
    pub kinds: Arc<[KindStatus]>,
    pub namespaces: BTreeMap<Arc<str>, Arc<NamespaceObjects>>,
    /// The figures of `metrics.k8s.io`, all pods of one answer; why there are none.
    pub figures: Result<Arc<Figures>, Arc<str>>,
    /// What custom and external metrics said, for what was [wanted](super::Cluster::want).
    pub custom: Arc<BTreeMap<MetricQuestion, Result<CustomValue, Arc<str>>>>,
}

/// By namespace and pod.
pub type Figures = BTreeMap<(Arc<str>, Arc<str>), PodFigures>;

/// By name.
#[derive(Debug, Clone, Default)]
pub struct NamespaceObjects {
    pub hpas: BTreeMap<Arc<str>, Arc<Hpa>>,
    /// Deployments and stateful sets.
    pub workloads: BTreeMap<(ObjectKind, Arc<str>), Arc<Workload>>,
    pub replica_sets: BTreeMap<Arc<str>, Arc<ReplicaSet>>,
    pub pods: BTreeMap<Arc<str>, Arc<Pod>>,
    pub budgets: BTreeMap<Arc<str>, Arc<Pdb>>,
    pub quotas: BTreeMap<Arc<str>, Arc<Quota>>,
    pub services: BTreeMap<Arc<str>, Arc<Service>>,
    pub endpoint_slices: BTreeMap<Arc<str>, Arc<EndpointSlice>>,
    pub ingresses: BTreeMap<Arc<str>, Arc<Ingress>>,
    pub vpas: BTreeMap<Arc<str>, Arc<Vpa>>,
    /// About HPAs, workloads, replica sets and pods; the newest, at most [`NamespaceObjects::EVENTS_MAX`].
    pub events: BTreeMap<Arc<str>, Arc<Event>>,
}

impl NamespaceObjects {
    pub const EVENTS_MAX: usize = 2_000;
}

/// What `metrics.k8s.io` says of one pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodFigures {
    /// Unix time, ms.
    pub at_ms: i64,
    pub window_s: u32,
    /// Container, thousandths of a core, bytes.
    pub containers: Arc<[(Arc<str>, i64, i64)]>,
}

/// A custom or external metric to be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricQuestion {
    /// One value for each pod that the selector (`a=b,c in (d)`) picks.
    Pods {
        namespace: Arc<str>,
        selector: Box<str>,
        metric: Box<str>,
        metric_selector: Box<str>,
    },
    /// One value of one object.
    Object {
        namespace: Arc<str>,
        described: CrossVersionRef,
        metric: Box<str>,
        metric_selector: Box<str>,
    },
    /// Any number of series.
    External {
        namespace: Arc<str>,
        metric: Box<str>,
        metric_selector: Box<str>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomValue {
    /// Name of the pod or object (empty for a series), thousandths, Unix time (ms), window (s).
    pub values: Vec<(Box<str>, i64, i64, u32)>,
}

impl MetricQuestion {
    pub fn namespace(&self) -> &Arc<str> {
        match self {
            Self::Pods { namespace, .. } | Self::Object { namespace, .. } | Self::External { namespace, .. } => namespace,
        }
    }
}

impl MetricIdentifier {
    /// As `labelSelector` takes it: `a=b,c in (d,e),!f`; empty for everything.
    pub fn selector_text(&self) -> String {
        self.selector.as_ref().map(super::Selector::text).unwrap_or_default()
    }
}
