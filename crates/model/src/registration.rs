//! Instances that announce themselves.

use std::{collections::BTreeMap, net::SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{CheckTarget, InstanceId, PoolId, Weight};

/// What an instance says of itself when it registers. Nothing here has been looked at yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub pool: String,
    pub id: String,
    /// `host:port` or `http://host:port`.
    pub address: String,
    /// Where it is checked, when that is not the pool's path at its address.
    #[serde(default)]
    pub health_url: Option<String>,
    #[serde(default)]
    pub weight: Option<u16>,
    #[serde(default)]
    pub zone: Option<String>,
    /// What it can do: "gpu", "http2".
    #[serde(default)]
    pub capabilities: Vec<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// An instance that has registered: checked, with addresses instead of names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub pool: PoolId,
    pub id: InstanceId,
    /// What its name stood for when it registered; the name itself is not used again.
    pub address: SocketAddr,
    pub check: Option<CheckTarget>,
    /// What it asks for; an operator's weight counts more.
    pub weight: Weight,
    pub zone: Option<String>,
    pub capabilities: Vec<String>,
    pub tags: Vec<String>,
    pub metadata: BTreeMap<String, String>,
    /// Unix time, ms.
    pub registered_at_ms: i64,
}

/// What a row of the instance table shows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Unix time, ms.
    pub at_ms: i64,
    /// Unix time of its last sign of life, ms.
    pub heartbeat_at_ms: i64,
    pub capabilities: Vec<String>,
    pub tags: Vec<String>,
}
