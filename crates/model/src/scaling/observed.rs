//! What a policy is evaluated against: instances, and one reading for each metric.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::ForecastFloor;

/// Everything that was seen of a workload at one moment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScalingObservation {
    /// `scale.spec.replicas`: what is asked for now.
    pub spec_replicas: u32,
    /// `scale.status.replicas`: what exists.
    pub status_replicas: u32,
    pub pods: Vec<PodObservation>,
    /// In the order of the policy's metrics.
    pub readings: Vec<Reading>,
    /// What a forecast of the demand asks for; absent where nothing is forecast.
    #[serde(default)]
    pub forecast: Option<ForecastFloor>,
}

/// One instance, in the terms that decide whether its figures count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PodObservation {
    pub name: String,
    pub phase: PodPhase,
    pub is_being_deleted: bool,
    /// Unix time, ms.
    pub started_at_ms: Option<i64>,
    pub ready: Option<ReadyCondition>,
    /// What it asks for, container by container: the whole of a utilisation. Init containers only if they keep running. A request of the
    /// whole instance takes the place of those of its containers.
    pub containers: Vec<ContainerRequest>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PodPhase {
    Pending,
    #[default]
    Running,
    Succeeded,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyCondition {
    pub is_ready: bool,
    /// When that changed last; Unix time, ms.
    pub since_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContainerRequest {
    pub name: String,
    /// Thousandths by resource.
    pub requests_milli: BTreeMap<String, i64>,
}

/// What a metric said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reading {
    /// Resource, `ContainerResource` and Pods.
    PerPod { samples: Vec<PodSample> },
    /// Object (one value) and External (one for each series).
    Whole {
        #[serde(deserialize_with = "all_or_nan")]
        values: Vec<f64>,
        /// Unix time, ms.
        at_ms: i64,
    },
    /// It could not be read.
    Failed { why: String },
}

/// A value as measured: what is not a number, negative or too old counts as not there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PodSample {
    pub pod: String,
    /// In the metric's own unit: cores, bytes, requests.
    #[serde(deserialize_with = "or_nan")]
    pub value: f64,
    /// Unix time, ms.
    pub at_ms: i64,
    /// The stretch of time it was taken over.
    pub window_s: u32,
}

/// JSON has no NaN: it is written as `null`.
fn or_nan<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
}

fn all_or_nan<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let values = Vec::<Option<f64>>::deserialize(from)?;
    Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

impl PodObservation {
    /// A running, ready instance.
    pub fn ready(name: impl Into<String>, since_ms: i64) -> Self {
        Self {
            name: name.into(),
            phase: PodPhase::Running,
            is_being_deleted: false,
            started_at_ms: Some(since_ms),
            ready: Some(ReadyCondition { is_ready: true, since_ms }),
            containers: Vec::new(),
        }
    }

    pub fn is_ready(&self) -> bool {
        self.phase == PodPhase::Running && self.ready.is_some_and(|ready| ready.is_ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_stays_so_through_json() {
        let reading = Reading::PerPod {
            samples: vec![PodSample {
                pod: "a".to_owned(),
                value: f64::NAN,
                at_ms: 1,
                window_s: 60,
            }],
        };
        let json = serde_json::to_string(&reading).unwrap();
        let Reading::PerPod { samples } = serde_json::from_str(&json).unwrap() else {
            panic!("{json}")
        };
        assert!(samples[0].value.is_nan());
        let whole: Reading = serde_json::from_str(r#"{"kind":"whole","values":[null,2.5],"at_ms":1}"#).unwrap();
        let Reading::Whole { values, .. } = whole else { panic!("{json}") };
        assert!(values[0].is_nan() && values[1].to_bits() == 2.5_f64.to_bits());
    }
}
