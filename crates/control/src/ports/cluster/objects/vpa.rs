//! `autoscaling.k8s.io/v1`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::CrossVersionRef;
use crate::ports::cluster::{Meta, Quantity};

/// `autoscaling.k8s.io/v1` `VerticalPodAutoscaler`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Vpa {
    pub metadata: Meta,
    pub spec: VpaSpec,
    pub status: VpaStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaSpec {
    pub target_ref: CrossVersionRef,
    pub update_policy: VpaUpdatePolicy,
    pub resource_policy: VpaResourcePolicy,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaUpdatePolicy {
    /// Absent: `Auto`.
    pub update_mode: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaResourcePolicy {
    pub container_policies: Vec<VpaContainerPolicy>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaContainerPolicy {
    pub container_name: Box<str>,
    /// `Auto`, `Off`.
    pub mode: Option<Box<str>>,
    /// Absent: cpu and memory.
    pub controlled_resources: Option<Vec<Box<str>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaStatus {
    pub recommendation: VpaRecommendation,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaRecommendation {
    pub container_recommendations: Vec<VpaContainer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaContainer {
    pub container_name: Box<str>,
    pub lower_bound: BTreeMap<Box<str>, Quantity>,
    pub target: BTreeMap<Box<str>, Quantity>,
    pub upper_bound: BTreeMap<Box<str>, Quantity>,
}
