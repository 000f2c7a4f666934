//! Whose figures count: ready instances, those left out, and those without a figure.

use std::collections::BTreeMap;

use model::scaling::{PodObservation, PodPhase, PodSample, ScalingPolicy};

use super::milli::{after, is_fresh, measured};

#[derive(Debug, Default)]
pub(super) struct Groups<'a> {
    /// Thousandths by instance, without those of unready and ignored ones; also of instances that are not known.
    pub(super) values: BTreeMap<&'a str, i64>,
    pub(super) ready: u32,
    /// Those whose figures say nothing yet.
    pub(super) unready: Vec<&'a str>,
    /// Those that are going.
    pub(super) ignored: Vec<&'a str>,
    pub(super) missing: Vec<&'a str>,
}

/// `groupPods` of Kubernetes' `replica_calculator.go`. A figure that is not usable is a figure that is missing.
pub(super) fn group<'a>(
    policy: &ScalingPolicy,
    pods: &'a [PodObservation],
    samples: &'a [PodSample],
    is_cpu: bool,
    now_ms: i64,
) -> Groups<'a> {
    let mut usable: BTreeMap<&str, (&PodSample, i64)> = BTreeMap::new();
    for sample in samples {
        if let Some(milli) = measured(sample.value).filter(|_| is_fresh(sample.at_ms, now_ms, policy.metric_max_age_s)) {
            usable.insert(&sample.pod, (sample, milli));
        }
    }
    let mut groups = Groups::default();
    for pod in pods {
        if pod.is_being_deleted || pod.phase == PodPhase::Failed {
            groups.ignored.push(&pod.name);
            continue;
        }
        if pod.phase == PodPhase::Pending {
            groups.unready.push(&pod.name);
            continue;
        }
        match usable.get(pod.name.as_str()) {
            None => groups.missing.push(&pod.name),
            Some((sample, _)) if is_cpu && is_starting(policy, pod, sample, now_ms) => groups.unready.push(&pod.name),
            Some(_) => groups.ready += 1,
        }
    }
    for name in groups.unready.iter().chain(&groups.ignored) {
        usable.remove(name);
    }
    groups.values = usable.into_iter().map(|(pod, (_, milli))| (pod, milli)).collect();
    groups
}

/// Whether the processor figure of this instance says more about its start than about its load.
fn is_starting(policy: &ScalingPolicy, pod: &PodObservation, sample: &PodSample, now_ms: i64) -> bool {
    let (Some(ready), Some(started_at_ms)) = (pod.ready, pod.started_at_ms) else {
        return true;
    };
    if after(started_at_ms, policy.cpu_initialization_period_s) > now_ms {
        // Within it: unready, or the figure reaches back to before it became ready.
        !ready.is_ready || sample.at_ms < after(ready.since_ms, sample.window_s)
    } else {
        // After it: has never been ready.
        !ready.is_ready && after(started_at_ms, policy.initial_readiness_delay_s) > ready.since_ms
    }
}
