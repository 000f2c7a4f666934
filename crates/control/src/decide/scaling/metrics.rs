//! From readings to one proof for each metric, and from those to one proposal.

use model::scaling::{MetricFailure, MetricProof, MetricSource, MetricSpec, MetricTarget, Reading, ScalingObservation, ScalingPolicy};

use super::{
    group::{Groups, group},
    milli::{is_fresh, measured},
    replicas::{Wanted, of_instances, of_whole, of_whole_per_instance},
    usage::{Measure, Usage, requests},
};

/// What one metric proposes, with its proof.
pub(super) fn metric(policy: &ScalingPolicy, spec: &MetricSpec, observed: &ScalingObservation, index: usize, now_ms: i64) -> MetricProof {
    let mut proof = MetricProof {
        target_type: Some(spec.target.kind()),
        ..MetricProof::begin(spec.source.to_string(), spec.target.value())
    };
    match wanted(policy, spec, observed, index, now_ms, &mut proof) {
        Ok((measure, wanted)) => {
            proof.current = Some(measure.current);
            proof.ratio = Some(measure.ratio).filter(|ratio| ratio.is_finite());
            proof.total_milli = measure.total_milli;
            proof.state = wanted.state;
            proof.proposal = Some(wanted.replicas);
        }
        Err(failure) => proof.failure = Some(failure),
    }
    proof
}

fn wanted(
    policy: &ScalingPolicy,
    spec: &MetricSpec,
    observed: &ScalingObservation,
    index: usize,
    now_ms: i64,
    proof: &mut MetricProof,
) -> Result<(Measure, Wanted), MetricFailure> {
    let tolerance = policy.tolerance;
    match (&spec.source, observed.readings.get(index).ok_or(MetricFailure::NoReading)?) {
        (_, Reading::Failed { why }) => Err(MetricFailure::Unreadable { why: why.clone() }),
        (MetricSource::Object { .. } | MetricSource::External { .. }, Reading::Whole { values, at_ms }) => {
            let total_milli = whole(values, *at_ms, policy, now_ms)?;
            match spec.target {
                MetricTarget::Value { value_milli } => {
                    of_whole(observed.spec_replicas, tolerance, &observed.pods, total_milli, value_milli)
                }
                MetricTarget::AverageValue { average_value_milli } => Ok(of_whole_per_instance(
                    observed.status_replicas,
                    tolerance,
                    total_milli,
                    average_value_milli,
                )),
                MetricTarget::Utilization { .. } => Err(MetricFailure::WrongKind),
            }
        }
        (source, Reading::PerPod { samples }) if !source.works_at_zero() => {
            if samples.is_empty() {
                return Err(MetricFailure::NoReading);
            }
            if observed.pods.is_empty() {
                return Err(MetricFailure::NoPods);
            }
            let mut groups = group(policy, &observed.pods, samples, source.is_cpu(), now_ms);
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            (proof.ready, proof.unready, proof.missing) = (groups.ready, count(groups.unready.len()), count(groups.missing.len()));
            let usage = usage(spec, observed)?;
            of_instances(observed.spec_replicas, tolerance, &mut groups, &usage)
        }
        _ => Err(MetricFailure::WrongKind),
    }
}

fn usage<'a>(spec: &MetricSpec, observed: &'a ScalingObservation) -> Result<Usage<'a>, MetricFailure> {
    match (spec.target, &spec.source) {
        (MetricTarget::Utilization { average_utilization }, MetricSource::Resource { name }) => Ok(Usage::Utilization {
            requests: requests(&observed.pods, name, None)?,
            percent: average_utilization.into(),
        }),
        (MetricTarget::Utilization { average_utilization }, MetricSource::ContainerResource { name, container }) => {
            Ok(Usage::Utilization {
                requests: requests(&observed.pods, name, Some(container))?,
                percent: average_utilization.into(),
            })
        }
        (MetricTarget::AverageValue { average_value_milli }, _) => Ok(Usage::Average {
            target_milli: average_value_milli,
        }),
        _ => Err(MetricFailure::WrongKind),
    }
}

/// The sum of one reading: one value that is not usable spoils it.
pub(super) fn whole(values: &[f64], at_ms: i64, policy: &ScalingPolicy, now_ms: i64) -> Result<i64, MetricFailure> {
    if !is_fresh(at_ms, now_ms, policy.metric_max_age_s) {
        return Err(MetricFailure::Stale {
            max_age_s: policy.metric_max_age_s,
        });
    }
    if values.is_empty() {
        return Err(MetricFailure::NoReading);
    }
    values.iter().try_fold(0_i64, |sum, value| {
        Ok(sum.saturating_add(measured(*value).ok_or(MetricFailure::BadValue)?))
    })
}

/// Where the values of a metric stand in its reading, and what they are: those that [`MetricProof::total_milli`] is the sum of.
pub(super) fn counted(policy: &ScalingPolicy, observed: &ScalingObservation, index: usize, now_ms: i64) -> Vec<(usize, i64)> {
    let spec = match &policy.algorithm {
        model::scaling::ScalingAlgorithm::Hpa { metrics } => metrics.get(index),
        _ => None,
    };
    match observed.readings.get(index) {
        Some(Reading::Whole { values, .. }) => values
            .iter()
            .enumerate()
            .filter_map(|(place, value)| Some((place, measured(*value)?)))
            .collect(),
        Some(Reading::PerPod { samples }) => {
            let is_cpu = spec.is_some_and(|spec| spec.source.is_cpu());
            let usage = spec.and_then(|spec| usage(spec, observed).ok());
            let Groups { values, .. } = group(policy, &observed.pods, samples, is_cpu, now_ms);
            values
                .into_iter()
                .filter(|(pod, _)| usage.as_ref().is_none_or(|usage| usage.counts(pod)))
                .filter_map(|(pod, milli)| {
                    let usable = |place: &usize| {
                        measured(samples[*place].value).is_some() && is_fresh(samples[*place].at_ms, now_ms, policy.metric_max_age_s)
                    };
                    let place = (0..samples.len()).rev().filter(usable).find(|place| samples[*place].pod == pod)?;
                    Some((place, milli))
                })
                .collect()
        }
        Some(Reading::Failed { .. }) | None => Vec::new(),
    }
}

/// The metric that asks for the most, and how much: nothing when none could be read, or when one could not and the others would scale down
/// (`computeReplicasForMetrics` of Kubernetes' `horizontal.go`).
pub(super) fn most(metrics: &[MetricProof], spec_replicas: u32) -> Option<(usize, u32)> {
    let mut most: Option<(usize, u32)> = None;
    for (index, metric) in metrics.iter().enumerate() {
        if let Some(proposal) = metric.proposal
            && most.is_none_or(|(_, replicas)| proposal > replicas)
        {
            most = Some((index, proposal));
        }
    }
    let failed = metrics.iter().any(|metric| metric.proposal.is_none());
    most.filter(|(_, replicas)| !failed || *replicas >= spec_replicas)
}
