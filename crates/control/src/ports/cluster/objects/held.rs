//! What holds a change up: disruption budgets and quotas.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::Selector;
use crate::ports::cluster::{Meta, Quantity};

/// A `PodDisruptionBudget`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pdb {
    pub metadata: Meta,
    pub spec: PdbSpec,
    pub status: PdbStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PdbSpec {
    pub selector: Selector,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PdbStatus {
    pub disruptions_allowed: u32,
    pub current_healthy: u32,
    pub desired_healthy: u32,
}

/// A `ResourceQuota`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Quota {
    pub metadata: Meta,
    pub status: QuotaStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QuotaStatus {
    pub hard: BTreeMap<Arc<str>, Quantity>,
    pub used: BTreeMap<Arc<str>, Quantity>,
}
