//! Pods, and what their containers ask for.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::Condition;
use crate::ports::cluster::{Meta, Quantity, meta::moment};

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    pub metadata: Meta,
    pub spec: PodSpec,
    pub status: PodStatus,
}

/// Of a pod or of a template; pods of one template share theirs in the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    pub node_name: Option<Arc<str>>,
    pub containers: Arc<[Container]>,
    pub init_containers: Arc<[Container]>,
    /// Requests of the pod as a whole (KEP-2837).
    pub resources: Option<Resources>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    pub name: Arc<str>,
    pub resources: Resources,
    /// `Always` on an init container: it keeps running beside the others.
    pub restart_policy: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    pub requests: BTreeMap<Arc<str>, Quantity>,
    pub limits: BTreeMap<Arc<str>, Quantity>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: Arc<str>,
    pub reason: Option<Arc<str>>,
    /// Unix time, ms.
    #[serde(rename = "startTime", deserialize_with = "moment")]
    pub started_at_ms: Option<i64>,
    pub conditions: Vec<Condition>,
    pub container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    pub name: Arc<str>,
    pub ready: bool,
    pub restart_count: u32,
    pub state: ContainerState,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    pub waiting: Option<Waiting>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Waiting {
    pub reason: Arc<str>,
    pub message: Box<str>,
}
