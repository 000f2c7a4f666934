//! Deployments, stateful sets, and the replica sets between a Deployment and its pods.

use serde::Deserialize;

use super::{Condition, PodSpec, Selector};
use crate::ports::cluster::Meta;

/// A Deployment or a stateful set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Workload {
    pub metadata: Meta,
    pub spec: WorkloadSpec,
    pub status: WorkloadStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadSpec {
    /// Absent: 1.
    pub replicas: Option<u32>,
    pub selector: Selector,
    pub template: Template,
    pub paused: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Template {
    pub spec: PodSpec,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadStatus {
    pub observed_generation: Option<i64>,
    pub replicas: u32,
    pub ready_replicas: u32,
    pub updated_replicas: u32,
    pub available_replicas: u32,
    pub unavailable_replicas: u32,
    pub conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSet {
    pub metadata: Meta,
    pub spec: ReplicaSetSpec,
    pub status: WorkloadStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetSpec {
    pub replicas: Option<u32>,
}
