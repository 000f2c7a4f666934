//! How much of the target a set of figures uses.

use std::collections::BTreeMap;

use model::scaling::{MetricFailure, PodObservation};

/// What figures of instances are held against.
pub(super) enum Usage<'a> {
    /// Per cent of what each requests.
    Utilization { requests: BTreeMap<&'a str, i64>, percent: i64 },
    /// Thousandths per instance.
    Average { target_milli: i64 },
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// Current divided by target.
    pub(super) ratio: f64,
    /// Whole per cent or thousandths, cut off: as Kubernetes' integers.
    pub(super) current: i64,
    pub(super) total_milli: i64,
}

impl Usage<'_> {
    /// `GetResourceUtilizationRatio` and `GetMetricUtilizationRatio` of Kubernetes' `metrics/utilization.go`.
    pub(super) fn measure(&self, values: &BTreeMap<&str, i64>) -> Result<Measure, MetricFailure> {
        match self {
            Self::Utilization { requests, percent } => {
                let known = values.iter().filter_map(|(pod, milli)| Some((*milli, *requests.get(pod)?)));
                let (total_milli, requested) = known.fold((0_i64, 0_i64), |(used, requested), (milli, request)| {
                    (used.saturating_add(milli), requested.saturating_add(request))
                });
                if requested <= 0 {
                    return Err(MetricFailure::NoMatch);
                }
                let current = i64::try_from(i128::from(total_milli) * 100 / i128::from(requested)).unwrap_or(i64::MAX);
                Ok(Measure {
                    ratio: current as f64 / *percent as f64,
                    current,
                    total_milli,
                })
            }
            Self::Average { target_milli } => {
                let total_milli = values.values().fold(0_i64, |sum, milli| sum.saturating_add(*milli));
                let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
                if count == 0 {
                    return Err(MetricFailure::NoReadyPods);
                }
                let current = total_milli / count;
                Ok(Measure {
                    ratio: current as f64 / *target_milli as f64,
                    current,
                    total_milli,
                })
            }
        }
    }

    /// What an instance without a figure is taken to use when the others would scale down: all of its request (or of a target above
    /// that), or exactly the target.
    pub(super) fn in_doubt(&self, pod: &str) -> i64 {
        match self {
            Self::Utilization { requests, percent } => {
                let request = requests.get(pod).copied().unwrap_or(0);
                i64::try_from(i128::from(request) * i128::from((*percent).max(100)) / 100).unwrap_or(i64::MAX)
            }
            Self::Average { target_milli } => *target_milli,
        }
    }

    /// Whether the figure of this instance is counted.
    pub(super) fn counts(&self, pod: &str) -> bool {
        match self {
            Self::Utilization { requests, .. } => requests.contains_key(pod),
            Self::Average { .. } => true,
        }
    }
}

/// `calculatePodRequests`: what each instance requests of a resource, in all its containers or in one.
pub(super) fn requests<'a>(
    pods: &'a [PodObservation],
    resource: &str,
    container: Option<&str>,
) -> Result<BTreeMap<&'a str, i64>, MetricFailure> {
    pods.iter()
        .map(|pod| {
            let missing = || MetricFailure::MissingRequest {
                pod: pod.name.clone(),
                resource: resource.to_owned(),
            };
            if let Some(name) = container
                && !pod.containers.iter().any(|one| one.name == name)
            {
                return Err(MetricFailure::MissingContainer {
                    pod: pod.name.clone(),
                    container: name.to_owned(),
                });
            }
            let mut sum = 0_i64;
            for one in pod.containers.iter().filter(|one| container.is_none_or(|name| name == one.name)) {
                let request = one
                    .requests_milli
                    .get(resource)
                    .filter(|request| **request >= 0)
                    .ok_or_else(missing)?;
                sum = sum.saturating_add(*request);
            }
            Ok((pod.name.as_str(), sum))
        })
        .collect()
}
