//! The live path's envelope: what one server-sent event carries.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    BreakersView, EventsView, InvalidValue, OverviewView, PoolId, PoolView, PoolsView, SeriesKey, WorkloadId,
    cluster::{ClustersView, ObjectQuery, ObjectRef, ObjectView},
    scaling::{ScalingView, WorkloadView},
};

/// Which view a page listens to. As text: `overview`, `pools`, `pool:web`, `scaling`, `workload:web`, `clusters:namespace=shop`,
/// `object:prod:shop:hpa:web`, `breakers`, `events`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ViewKey {
    Overview,
    Pools,
    Pool(PoolId),
    Scaling,
    Workload(WorkloadId),
    Clusters(ObjectQuery),
    Object(ObjectRef),
    Breakers,
    Events,
}

impl fmt::Display for ViewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overview => f.write_str("overview"),
            Self::Pools => f.write_str("pools"),
            Self::Pool(id) => write!(f, "pool:{id}"),
            Self::Scaling => f.write_str("scaling"),
            Self::Workload(id) => write!(f, "workload:{id}"),
            Self::Clusters(query) => write!(f, "clusters:{query}"),
            Self::Object(object) => write!(f, "object:{object}"),
            Self::Breakers => f.write_str("breakers"),
            Self::Events => f.write_str("events"),
        }
    }
}

impl FromStr for ViewKey {
    type Err = InvalidValue;

    fn from_str(key: &str) -> Result<Self, InvalidValue> {
        match key {
            "overview" => Ok(Self::Overview),
            "pools" => Ok(Self::Pools),
            "scaling" => Ok(Self::Scaling),
            "breakers" => Ok(Self::Breakers),
            "events" => Ok(Self::Events),
            _ => {
                let pool = || Some(Self::Pool(key.strip_prefix("pool:")?.parse().ok()?));
                let workload = || Some(Self::Workload(key.strip_prefix("workload:")?.parse().ok()?));
                let clusters = || Some(Self::Clusters(key.strip_prefix("clusters:")?.parse().ok()?));
                let object = || Some(Self::Object(key.strip_prefix("object:")?.parse().ok()?));
                pool().or_else(workload).or_else(clusters).or_else(object).ok_or_else(|| {
                    let allowed = "allowed: overview, pools, pool:<name>, scaling, workload:<name>, clusters:<query>, object:<name>, breakers, \
                                   events";
                    InvalidValue::new("view", allowed)
                })
            }
        }
    }
}

impl TryFrom<String> for ViewKey {
    type Error = InvalidValue;
    fn try_from(key: String) -> Result<Self, InvalidValue> {
        key.parse()
    }
}

impl From<ViewKey> for String {
    fn from(key: ViewKey) -> String {
        key.to_string()
    }
}

/// Names a frame across restarts of the console: the boot it came from and the snapshot's number. As text: `17a3-42`; the value of
/// the SSE `id:` field and of `Last-Event-ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FrameId {
    pub boot: u64,
    pub seq: u64,
}

impl fmt::Display for FrameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.boot, self.seq)
    }
}

impl FromStr for FrameId {
    type Err = InvalidValue;

    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        let parse = || {
            let (boot, seq) = id.split_once('-')?;
            Some(Self {
                boot: u64::from_str_radix(boot, 16).ok()?,
                seq: seq.parse().ok()?,
            })
        };
        parse().ok_or_else(|| InvalidValue::new("Last-Event-ID", "is not a frame id"))
    }
}

impl TryFrom<String> for FrameId {
    type Error = InvalidValue;
    fn try_from(id: String) -> Result<Self, InvalidValue> {
        id.parse()
    }
}

impl From<FrameId> for String {
    fn from(id: FrameId) -> String {
        id.to_string()
    }
}

/// What one page needs, so that a thousand instances do not travel to every browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "view", content = "data", rename_all = "snake_case")]
pub enum ViewData {
    Overview(OverviewView),
    Pools(PoolsView),
    Pool(Box<PoolView>),
    Scaling(ScalingView),
    Workload(Box<WorkloadView>),
    Clusters(Box<ClustersView>),
    Object(Box<ObjectView>),
    Breakers(BreakersView),
    Events(EventsView),
    /// The pool, workload or object the page showed is gone.
    Gone,
}

/// The values of one series that the receiver has not had yet, one per second of the tail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TailColumn {
    pub key: SeriesKey,
    pub values: Vec<Option<f32>>,
}

/// Measured seconds since the receiver's last frame: one for a steady listener, more after a reconnect.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tail {
    /// Unix time of each row, ms.
    pub times_ms: Vec<i64>,
    pub columns: Vec<TailColumn>,
    /// More was missed than is sent: fetch the series again.
    pub reset: bool,
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub id: FrameId,
    /// Unix time of the snapshot, ms.
    pub at_ms: i64,
    #[serde(flatten)]
    pub view: ViewData,
    pub tail: Tail,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_ids_round_trip_through_text() {
        for key in [
            "overview",
            "pools",
            "pool:web",
            "scaling",
            "workload:web",
            "workload:prod:shop:hpa:web",
            "clusters:",
            "clusters:namespace=shop&page=2",
            "object:prod:shop:hpa:web",
            "breakers",
            "events",
        ] {
            assert_eq!(key.parse::<ViewKey>().unwrap().to_string(), key);
        }
        assert!("pool:<b>".parse::<ViewKey>().is_err());
        let id = FrameId { boot: 0x17a3, seq: 42 };
        assert_eq!(id.to_string(), "17a3-42");
        assert_eq!("17a3-42".parse(), Ok(id));
        assert!("42".parse::<FrameId>().is_err());
    }
}
