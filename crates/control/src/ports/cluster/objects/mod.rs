//! Kubernetes' objects, each with the fields that the console looks at, under the names of the API. Everything else is dropped while it is
//! read, from a watch as from a document somebody pastes.

mod common;
mod event;
mod held;
mod hpa;
mod network;
mod pod;
mod selector;
mod vpa;
mod workload;

pub use common::{Condition, CrossVersionRef};
pub use event::{Event, EventSource};
pub use held::{Pdb, PdbSpec, PdbStatus, Quota, QuotaStatus};
pub use hpa::{
    CurrentOf, Hpa, HpaBehavior, HpaCurrentMetric, HpaMetric, HpaPolicy, HpaRules, HpaSpec, HpaStatus, MetricIdentifier, MetricTargetSpec,
    MetricValueStatus, NamedMetric, ResourceMetric,
};
pub use network::{
    Endpoint, EndpointConditions, EndpointSlice, Ingress, IngressBackend, IngressPath, IngressPaths, IngressRule, IngressService,
    IngressSpec, Port, Service, ServiceSpec,
};
pub use pod::{Container, ContainerState, ContainerStatus, Pod, PodSpec, PodStatus, Resources, Waiting};
pub use selector::{Expression, Selector};
pub use vpa::{Vpa, VpaContainer, VpaContainerPolicy, VpaRecommendation, VpaResourcePolicy, VpaSpec, VpaStatus, VpaUpdatePolicy};
pub use workload::{ReplicaSet, ReplicaSetSpec, Template, Workload, WorkloadSpec, WorkloadStatus};
