//! The imagined workload of a replay, as a policy would see it.

use std::collections::BTreeMap;

use model::scaling::{
    ContainerRequest, MetricSource, PodObservation, PodPhase, PodSample, Reading, ReadyCondition, ScalingAlgorithm, ScalingObservation,
    ScalingPolicy, SignalKind, Trace, TraceSignal,
};

use super::source::Source;

/// Utilisation is in per cent, so an instance requests a hundred of it: in thousandths.
const REQUEST_MILLI: i64 = 100_000;
/// The built-in fleet's figures are taken over a second.
const WINDOW_S: u32 = 1;
/// Those that are there when the replay begins have been for a day.
const LONG_MS: i64 = 86_400_000;

pub(super) struct Stage<'a> {
    /// Oldest instance first: those that are ready, then those that start.
    pub(super) observed: ScalingObservation,
    signals: &'a [(&'a TraceSignal, bool)],
    requests: BTreeMap<String, i64>,
    /// When each instance is ready, or was.
    ready_at_ms: Vec<i64>,
    ready: usize,
    start_delay_ms: i64,
}

impl<'a> Stage<'a> {
    pub(super) fn new(source: &'a Source<'a>, begin_ms: i64, replicas: u32, start_delay_s: u32) -> Self {
        let mut stage = Self {
            observed: ScalingObservation {
                readings: vec![gap(); source.signals.len()],
                ..ScalingObservation::default()
            },
            signals: &source.signals,
            requests: requests(&source.policy),
            ready_at_ms: Vec::new(),
            ready: 0,
            start_delay_ms: 0,
        };
        let long_ago_ms = begin_ms.saturating_sub(LONG_MS);
        stage.scale(long_ago_ms, replicas);
        stage.start(long_ago_ms);
        stage.start_delay_ms = i64::from(start_delay_s) * 1_000;
        stage
    }

    pub(super) fn ready(&self) -> u32 {
        u32::try_from(self.ready).unwrap_or(u32::MAX)
    }

    /// How many figures a decision looks at.
    pub(super) fn figures(&self) -> usize {
        self.observed.pods.len() * self.signals.len()
    }

    /// So many instances from now on.
    pub(super) fn scale(&mut self, now_ms: i64, replicas: u32) {
        let count = replicas as usize;
        self.ready_at_ms.truncate(count);
        self.observed.pods.truncate(count);
        self.ready = self.ready.min(count);
        for n in self.observed.pods.len()..count {
            self.ready_at_ms.push(now_ms.saturating_add(self.start_delay_ms));
            self.observed.pods.push(PodObservation {
                name: format!("{n:05}"),
                phase: PodPhase::Pending,
                is_being_deleted: false,
                started_at_ms: Some(now_ms),
                ready: None,
                containers: vec![ContainerRequest {
                    name: "instance".to_owned(),
                    requests_milli: self.requests.clone(),
                }],
            });
        }
        (self.observed.spec_replicas, self.observed.status_replicas) = (replicas, replicas);
        self.start(now_ms);
    }

    /// Those whose time has come are ready.
    pub(super) fn start(&mut self, now_ms: i64) {
        while let Some(since_ms) = self.ready_at_ms.get(self.ready).copied().filter(|at_ms| *at_ms <= now_ms) {
            let pod = &mut self.observed.pods[self.ready];
            pod.phase = PodPhase::Running;
            pod.ready = Some(ReadyCondition { is_ready: true, since_ms });
            self.ready += 1;
        }
    }

    /// What is measured at this step.
    pub(super) fn observe(&mut self, trace: &Trace, step: usize) {
        let (ready, now_ms) = (self.ready(), trace.at_ms(step));
        for ((signal, is_whole), reading) in self.signals.iter().zip(&mut self.observed.readings) {
            if *is_whole {
                *reading = whole(signal, step, ready, now_ms);
                continue;
            }
            let Some(value) = level(signal, trace, step, ready) else {
                *reading = gap();
                continue;
            };
            if !matches!(reading, Reading::PerPod { .. }) {
                *reading = Reading::PerPod { samples: Vec::new() };
            }
            let Reading::PerPod { samples } = reading else { continue };
            samples.truncate(self.ready);
            for pod in &self.observed.pods[samples.len()..self.ready] {
                samples.push(PodSample {
                    pod: pod.name.clone(),
                    value,
                    at_ms: now_ms,
                    window_s: WINDOW_S,
                });
            }
            for sample in samples {
                (sample.value, sample.at_ms) = (value, now_ms);
            }
        }
    }
}

/// What each ready instance reads.
pub(super) fn level(signal: &TraceSignal, trace: &Trace, step: usize, ready: u32) -> Option<f64> {
    let value = signal.reads(step, ready)?;
    let Some(capacity) = signal.capacity else { return Some(value) };
    let recorded = trace.recorded_ready(step).and_then(|replicas| signal.reads(step, replicas));
    Some(value.min(recorded.unwrap_or(0.0).max(capacity)))
}

/// One value for all instances together, or for none of them.
fn whole(signal: &TraceSignal, step: usize, ready: u32, now_ms: i64) -> Reading {
    let base = match signal.kind {
        SignalKind::Level => 0.0,
        _ => signal.base * f64::from(ready),
    };
    match signal.values[step] {
        Some(value) => Reading::Whole {
            values: vec![base + value],
            at_ms: now_ms,
        },
        None => gap(),
    }
}

fn gap() -> Reading {
    Reading::Failed {
        why: "nothing was measured".to_owned(),
    }
}

/// What an instance requests of the resources that this policy looks at.
fn requests(policy: &ScalingPolicy) -> BTreeMap<String, i64> {
    let ScalingAlgorithm::Hpa { metrics } = &policy.algorithm else {
        return BTreeMap::new();
    };
    metrics
        .iter()
        .filter_map(|spec| match &spec.source {
            MetricSource::Resource { name } => Some((name.clone(), REQUEST_MILLI)),
            _ => None,
        })
        .collect()
}
