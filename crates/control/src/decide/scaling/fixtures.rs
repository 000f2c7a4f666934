//! Workloads for tests.

use std::collections::BTreeMap;

use model::scaling::{
    BadForecast, ContainerRequest, ForecastFloor, ForecastState, MetricSource, MetricSpec, MetricTarget, PodObservation, PodPhase,
    PodSample, Reading, ReadyCondition, ScalingObservation,
};

pub(super) const NOW_MS: i64 = 1_700_000_000_000;

pub(super) fn container(name: &str, cpu_milli: i64) -> ContainerRequest {
    ContainerRequest {
        name: name.to_owned(),
        requests_milli: BTreeMap::from([("cpu".to_owned(), cpu_milli), ("memory".to_owned(), cpu_milli)]),
    }
}

pub(super) fn sample(pod: usize, milli: i64, at_ms: i64) -> PodSample {
    PodSample {
        pod: format!("pod-{pod}"),
        value: milli as f64 / 1_000.0,
        at_ms,
        window_s: 60,
    }
}

pub(super) fn per_pod(levels: &[i64], at_ms: i64) -> Reading {
    Reading::PerPod {
        samples: levels.iter().enumerate().map(|(n, milli)| sample(n, *milli, at_ms)).collect(),
    }
}

pub(super) fn whole(milli: i64, at_ms: i64) -> Reading {
    Reading::Whole {
        values: vec![milli as f64 / 1_000.0],
        at_ms,
    }
}

pub(super) fn external(target: MetricTarget) -> MetricSpec {
    MetricSpec {
        source: MetricSource::External {
            metric: "queue".to_owned(),
        },
        target,
    }
}

/// `r` ready, `u` not ready, `f` failed, `d` being deleted, `p` pending; then `h` for just started, `c` for started three minutes ago.
/// Without it the beginning of time, where Kubernetes' tests leave it.
pub(super) fn pod(n: usize, letters: &str) -> PodObservation {
    let is = |letter: char| letters.contains(letter);
    let started_at_ms = if is('h') {
        NOW_MS
    } else if is('c') {
        NOW_MS - 180_000
    } else {
        0
    };
    PodObservation {
        name: format!("pod-{n}"),
        phase: if is('f') {
            PodPhase::Failed
        } else if is('p') {
            PodPhase::Pending
        } else {
            PodPhase::Running
        },
        is_being_deleted: is('d'),
        started_at_ms: Some(started_at_ms),
        ready: Some(ReadyCondition {
            is_ready: is('r'),
            since_ms: 0,
        }),
        containers: vec![container("a", 1_000), container("b", 1_000)],
    }
}

/// A forecast that asks for so many.
pub(super) fn foreseen(replicas: u32, is_active: bool, is_good: bool) -> ForecastFloor {
    ForecastFloor {
        signal: "cpu".to_owned(),
        is_active,
        peak_ms: NOW_MS + 600_000,
        upper: f64::from(replicas) * 70.0,
        target: 70.0,
        replicas,
        error: Some(0.1),
        state: if is_good {
            ForecastState::Good
        } else {
            ForecastState::Bad {
                why: BadForecast::NothingRecent,
            }
        },
    }
}

/// So many ready instances that request two cores each, with these readings.
pub(super) fn fleet(replicas: u32, readings: Vec<Reading>) -> ScalingObservation {
    ScalingObservation {
        spec_replicas: replicas,
        status_replicas: replicas,
        pods: (0..replicas as usize).map(|n| pod(n, "r")).collect(),
        readings,
        forecast: None,
    }
}
