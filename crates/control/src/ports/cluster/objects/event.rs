//! What the controllers say.

use std::sync::Arc;

use serde::Deserialize;

use super::CrossVersionRef;
use crate::ports::cluster::{Meta, meta::moment};

/// A core `Event`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    pub metadata: Meta,
    pub involved_object: CrossVersionRef,
    pub reason: Arc<str>,
    pub message: Box<str>,
    /// `Normal`, `Warning`.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    pub count: Option<u32>,
    pub reporting_component: Arc<str>,
    pub source: EventSource,
    /// Unix time, ms.
    #[serde(rename = "firstTimestamp", deserialize_with = "moment")]
    pub first_at_ms: Option<i64>,
    #[serde(rename = "lastTimestamp", deserialize_with = "moment")]
    pub last_at_ms: Option<i64>,
    #[serde(rename = "eventTime", deserialize_with = "moment")]
    pub event_at_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSource {
    pub component: Arc<str>,
}

impl Event {
    /// When it happened last; Unix time, ms.
    pub fn at_ms(&self) -> Option<i64> {
        self.last_at_ms
            .or(self.event_at_ms)
            .or(self.first_at_ms)
            .or(self.metadata.created_at_ms)
    }
}
