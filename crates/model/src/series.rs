//! Measured values over time.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InstanceId, InvalidValue, PoolId, WorkloadId};

/// What is measured. The unit is part of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    RequestsPerS,
    ErrorsPercent,
    P50Ms,
    P95Ms,
    P99Ms,
    InFlight,
    InstancesUp,
    InstancesTotal,
    CpuPercent,
    MemoryPercent,
    GpuPercent,
    Sessions,
    /// Asked for.
    ReplicasDesired,
    /// There, in whatever state.
    Replicas,
    ReplicasReady,
    ReplicasMin,
    ReplicasMax,
}

impl Metric {
    pub const ALL: [Self; 17] = [
        Self::RequestsPerS,
        Self::ErrorsPercent,
        Self::P50Ms,
        Self::P95Ms,
        Self::P99Ms,
        Self::InFlight,
        Self::InstancesUp,
        Self::InstancesTotal,
        Self::CpuPercent,
        Self::MemoryPercent,
        Self::GpuPercent,
        Self::Sessions,
        Self::ReplicasDesired,
        Self::Replicas,
        Self::ReplicasReady,
        Self::ReplicasMin,
        Self::ReplicasMax,
    ];

    pub const fn id(self) -> &'static str {
        match self {
            Self::RequestsPerS => "requests_per_s",
            Self::ErrorsPercent => "errors_percent",
            Self::P50Ms => "p50_ms",
            Self::P95Ms => "p95_ms",
            Self::P99Ms => "p99_ms",
            Self::InFlight => "in_flight",
            Self::InstancesUp => "instances_up",
            Self::InstancesTotal => "instances_total",
            Self::CpuPercent => "cpu_percent",
            Self::MemoryPercent => "memory_percent",
            Self::GpuPercent => "gpu_percent",
            Self::Sessions => "sessions",
            Self::ReplicasDesired => "replicas_desired",
            Self::Replicas => "replicas",
            Self::ReplicasReady => "replicas_ready",
            Self::ReplicasMin => "replicas_min",
            Self::ReplicasMax => "replicas_max",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::RequestsPerS => "Requests",
            Self::ErrorsPercent => "Errors",
            Self::P50Ms => "p50",
            Self::P95Ms => "p95",
            Self::P99Ms => "p99",
            Self::InFlight => "In flight",
            Self::InstancesUp => "Instances up",
            Self::InstancesTotal => "Instances",
            Self::CpuPercent => "CPU",
            Self::MemoryPercent => "Memory",
            Self::GpuPercent => "GPU",
            Self::Sessions => "Sessions",
            Self::ReplicasDesired => "Desired",
            Self::Replicas => "Replicas",
            Self::ReplicasReady => "Ready",
            Self::ReplicasMin => "Min",
            Self::ReplicasMax => "Max",
        }
    }

    pub const fn unit(self) -> &'static str {
        match self {
            Self::RequestsPerS => "/s",
            Self::ErrorsPercent | Self::CpuPercent | Self::MemoryPercent | Self::GpuPercent => "%",
            Self::P50Ms | Self::P95Ms | Self::P99Ms => "ms",
            Self::InFlight
            | Self::InstancesUp
            | Self::InstancesTotal
            | Self::Sessions
            | Self::ReplicasDesired
            | Self::Replicas
            | Self::ReplicasReady
            | Self::ReplicasMin
            | Self::ReplicasMax => "",
        }
    }
}

/// Whose value it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Total,
    Pool(PoolId),
    Instance(PoolId, InstanceId),
    Workload(WorkloadId),
}

/// Names one series. As text: `requests_per_s`, `p95_ms@web`, `cpu_percent@web/sample-1`, `replicas@workload:web`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SeriesKey {
    pub metric: Metric,
    pub scope: Scope,
}

impl SeriesKey {
    pub const fn total(metric: Metric) -> Self {
        Self {
            metric,
            scope: Scope::Total,
        }
    }

    pub fn pool(metric: Metric, pool: &PoolId) -> Self {
        Self {
            metric,
            scope: Scope::Pool(pool.clone()),
        }
    }

    pub fn workload(metric: Metric, workload: &WorkloadId) -> Self {
        Self {
            metric,
            scope: Scope::Workload(workload.clone()),
        }
    }

    pub fn instance(metric: Metric, pool: &PoolId, instance: &InstanceId) -> Self {
        Self {
            metric,
            scope: Scope::Instance(pool.clone(), instance.clone()),
        }
    }
}

/// No pool has a colon in its name.
const WORKLOAD: &str = "workload:";

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metric = self.metric.id();
        match &self.scope {
            Scope::Total => f.write_str(metric),
            Scope::Pool(pool) => write!(f, "{metric}@{pool}"),
            Scope::Instance(pool, instance) => write!(f, "{metric}@{pool}/{instance}"),
            Scope::Workload(workload) => write!(f, "{metric}@{WORKLOAD}{workload}"),
        }
    }
}

impl FromStr for SeriesKey {
    type Err = InvalidValue;

    fn from_str(key: &str) -> Result<Self, InvalidValue> {
        let bad = || InvalidValue::new("series", "must look like requests_per_s, p95_ms@pool or cpu_percent@pool/instance");
        let (metric, scope) = key.split_once('@').map_or((key, None), |(m, s)| (m, Some(s)));
        let metric = Metric::ALL.into_iter().find(|m| m.id() == metric).ok_or_else(bad)?;
        if let Some(workload) = scope.and_then(|s| s.strip_prefix(WORKLOAD)) {
            return Ok(Self::workload(metric, &workload.parse().map_err(|_| bad())?));
        }
        let scope = match scope.map(|s| s.split_once('/').map_or((s, None), |(p, i)| (p, Some(i)))) {
            None => Scope::Total,
            Some((pool, None)) => Scope::Pool(pool.parse().map_err(|_| bad())?),
            Some((pool, Some(instance))) => Scope::Instance(pool.parse().map_err(|_| bad())?, instance.parse().map_err(|_| bad())?),
        };
        Ok(Self { metric, scope })
    }
}

impl TryFrom<String> for SeriesKey {
    type Error = InvalidValue;
    fn try_from(key: String) -> Result<Self, InvalidValue> {
        key.parse()
    }
}

impl From<SeriesKey> for String {
    fn from(key: SeriesKey) -> String {
        key.to_string()
    }
}

/// Asks for series over `[from_ms, to_ms]`, at most `points` values each (min-max downsampled above that).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesQuery {
    pub keys: Vec<SeriesKey>,
    /// Unix time, ms.
    pub from_ms: i64,
    /// Unix time, ms.
    pub to_ms: i64,
    pub points: u16,
}

impl SeriesQuery {
    pub const MAX_KEYS: usize = 64;
    pub const MAX_POINTS: u16 = 2_000;
}

/// Values in time order; `None` marks a gap (nothing was measured), never zero and never interpolated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub key: SeriesKey,
    /// Unix time, ms; as many as `values`.
    pub times_ms: Vec<i64>,
    pub values: Vec<Option<f32>>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SeriesSet {
    pub series: Vec<Series>,
    /// The oldest moment the source still has, Unix ms: what lies before was not kept or not yet measured.
    pub kept_since_ms: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip_through_text() {
        let (pool, instance) = (PoolId::new("web").unwrap(), InstanceId::new("sample-1").unwrap());
        for metric in Metric::ALL {
            for key in [
                SeriesKey::total(metric),
                SeriesKey::pool(metric, &pool),
                SeriesKey::instance(metric, &pool, &instance),
                SeriesKey::workload(metric, &WorkloadId::new("web").unwrap()),
            ] {
                assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
        assert!("nope".parse::<SeriesKey>().is_err());
        assert!("p95_ms@<b>".parse::<SeriesKey>().is_err());
    }
}
