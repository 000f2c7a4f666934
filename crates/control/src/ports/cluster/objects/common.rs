//! What several kinds have.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use crate::ports::cluster::meta::moment;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CrossVersionRef {
    pub api_version: Box<str>,
    pub kind: Box<str>,
    pub name: Box<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// `True`, `False`, `Unknown`.
    pub status: Arc<str>,
    pub reason: Arc<str>,
    pub message: Box<str>,
    /// Unix time, ms.
    #[serde(rename = "lastTransitionTime", deserialize_with = "moment")]
    pub since_ms: Option<i64>,
}

/// Go writes an empty list as `null` where the field is not optional.
pub(super) fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
