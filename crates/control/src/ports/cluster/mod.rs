//! A Kubernetes cluster behind a port: what is known of it now, and what can be asked of it.

mod controller;
mod error;
mod look;
mod meta;
mod objects;
mod quantity;
/// What every cluster sends for a command, and how it tells of a change.
pub mod rules {
    pub use crate::decide::cluster::{
        annotate, apply_hpa, changes, is_about_balancing, is_kept_by, last_changed_by, managed, restart, scale, to_copy, without_noise,
        yaml,
    };
}

use async_trait::async_trait;
use model::cluster::{ClusterId, DryRun, ObjectCommand, ObjectDone, ObjectRef};
use tokio::sync::watch;

pub use controller::ControllerSettings;
pub use error::ClusterError;
pub use look::{ClusterLook, CustomValue, Figures, MetricQuestion, NamespaceObjects, PodFigures};
pub use meta::{FieldOwner, Meta, OwnerRef};
pub use objects::{
    Condition, Container, ContainerState, ContainerStatus, CrossVersionRef, CurrentOf, Endpoint, EndpointConditions, EndpointSlice, Event,
    EventSource, Expression, Hpa, HpaBehavior, HpaCurrentMetric, HpaMetric, HpaPolicy, HpaRules, HpaSpec, HpaStatus, Ingress,
    IngressBackend, IngressPath, IngressPaths, IngressRule, IngressService, IngressSpec, MetricIdentifier, MetricTargetSpec,
    MetricValueStatus, NamedMetric, Pdb, PdbSpec, PdbStatus, Pod, PodSpec, PodStatus, Port, Quota, QuotaStatus, ReplicaSet, ReplicaSetSpec,
    ResourceMetric, Resources, Selector, Service, ServiceSpec, Template, Vpa, VpaContainer, VpaContainerPolicy, VpaRecommendation,
    VpaResourcePolicy, VpaSpec, VpaStatus, VpaUpdatePolicy, Waiting, Workload, WorkloadSpec, WorkloadStatus,
};
pub use quantity::{InvalidQuantity, Quantity};

/// One cluster.
///
/// Nothing waits in [`look`](Cluster::look): the adapter watches in the background, and what it does not know (any more) is in the look as
/// the state of its source, never as a guess.
#[async_trait]
pub trait Cluster: Send + Sync + 'static {
    fn id(&self) -> &ClusterId;

    /// In words, for the source strip: "Kubernetes at 10.0.0.1:6443".
    fn describe(&self) -> String;

    /// Why nothing may be changed there; absent where it may.
    fn read_only(&self) -> Option<String>;

    /// Everything that is known now. Cheap: shares its parts with the adapter's store.
    fn look(&self) -> ClusterLook;

    /// A number that changes with what [`look`](Cluster::look) shows, at most every 50 ms.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Which custom and external metrics are to be read from now on, besides the figures of pods: what the HPAs ask for.
    fn want(&self, questions: Vec<MetricQuestion>);

    /// What the command would do, by the API server's own dry run.
    async fn try_out(&self, object: &ObjectRef, command: &ObjectCommand) -> Result<DryRun, ClusterError>;

    /// Carries it out. Never repeated by itself once it may have arrived.
    async fn carry_out(&self, object: &ObjectRef, command: &ObjectCommand) -> Result<ObjectDone, ClusterError>;

    /// Ends watching.
    async fn stop(&self);
}
