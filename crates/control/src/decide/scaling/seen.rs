//! What a console sees of a workload of its own, in the terms of a policy.

use model::{
    InstanceId, InstanceSnapshot, InstanceState, Metric, PoolSnapshot, ProcessObservation, ProcessState, WorkloadSnapshot,
    scaling::{
        ContainerRequest, MetricSource, PodObservation, PodPhase, PodSample, Reading, ReadyCondition, ScalingAlgorithm, ScalingObservation,
        ScalingPolicy,
    },
};

/// Values are averaged over this where the policy does not say over what: long enough for one slow answer not to count, short enough for a
/// rush to be seen at once.
const WINDOW_S: u32 = 5;
/// An instance may use one core and all of its memory: its own report is a share of what it is allotted.
const WHOLE_MILLI: i64 = 1_000;

/// What can be asked for by name, in words for whoever asks for something else.
pub const KNOWN: &str = "cpu, memory, gpu, active_sessions, requests_per_minute, requests_per_s, response_time_ms, in_flight, \
                         failure_rate; of the whole: queue_depth, requests_per_s";

/// The mean of a series over the last so many seconds; `None` where nothing was measured.
pub type Mean<'a> = &'a dyn Fn(&InstanceId, Metric, u32) -> Option<f64>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Cpu,
    Memory,
    Gpu,
    Sessions,
    RequestsPerMinute,
    RequestsPerS,
    ResponseTime,
    InFlight,
    FailureRate,
}

impl Signal {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "cpu" => Self::Cpu,
            "memory" => Self::Memory,
            "gpu" => Self::Gpu,
            "active_sessions" => Self::Sessions,
            "requests_per_minute" => Self::RequestsPerMinute,
            "requests_per_s" => Self::RequestsPerS,
            "response_time_ms" => Self::ResponseTime,
            "in_flight" => Self::InFlight,
            "failure_rate" => Self::FailureRate,
            _ => return None,
        })
    }

    const fn series(self) -> Metric {
        match self {
            Self::Cpu => Metric::CpuPercent,
            Self::Memory => Metric::MemoryPercent,
            Self::Gpu => Metric::GpuPercent,
            Self::Sessions => Metric::Sessions,
            Self::RequestsPerMinute | Self::RequestsPerS => Metric::RequestsPerS,
            Self::ResponseTime => Metric::P95Ms,
            Self::InFlight => Metric::InFlight,
            Self::FailureRate => Metric::ErrorsPercent,
        }
    }

    /// From the instance's own load report; the balancer knows the others.
    const fn is_reported(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory | Self::Gpu | Self::Sessions)
    }

    fn scaled(self, value: f64, as_share: bool) -> f64 {
        match self {
            Self::Cpu | Self::Memory if as_share => value / 100.0,
            Self::FailureRate => value / 100.0,
            Self::RequestsPerMinute => value * 60.0,
            _ => value,
        }
    }
}

/// The workload with a reading for each metric or signal of the policy, in its order.
pub fn seen(
    policy: &ScalingPolicy,
    workload: &WorkloadSnapshot,
    pool: Option<&PoolSnapshot>,
    at_ms: i64,
    mean: Mean<'_>,
) -> ScalingObservation {
    let processes = &workload.observed.processes;
    let staying = |p: &&ProcessObservation| !matches!(p.state, ProcessState::Draining { .. } | ProcessState::Stopping);
    let exists = processes.iter().filter(staying).count();
    let look = Look {
        processes,
        pool: pool.filter(|pool| pool.instances.iter().any(|i| i.state != InstanceState::Unknown)),
        at_ms,
        mean,
    };
    let readings = match &policy.algorithm {
        ScalingAlgorithm::Hpa { metrics } => metrics.iter().map(|metric| look.metric(&metric.source)).collect(),
        ScalingAlgorithm::Threshold(rules) => rules.signals.iter().map(|s| look.per_pod(&s.name, WINDOW_S, false)).collect(),
        ScalingAlgorithm::Weighted(rules) => rules.signals.iter().map(|s| look.per_pod(&s.name, s.window_s, false)).collect(),
    };
    ScalingObservation {
        spec_replicas: workload.observed.desired,
        status_replicas: u32::try_from(exists).unwrap_or(u32::MAX),
        pods: processes.iter().map(pod).collect(),
        readings,
        forecast: None,
    }
}

fn pod(process: &ProcessObservation) -> PodObservation {
    let is_ready = process.state == ProcessState::Running;
    PodObservation {
        name: process.instance.to_string(),
        phase: PodPhase::Running,
        is_being_deleted: matches!(process.state, ProcessState::Draining { .. } | ProcessState::Stopping),
        started_at_ms: Some(process.started_at_ms),
        ready: Some(ReadyCondition {
            is_ready,
            since_ms: process.ready_at_ms.filter(|_| is_ready).unwrap_or(process.started_at_ms),
        }),
        containers: vec![ContainerRequest {
            name: "instance".to_owned(),
            requests_milli: [("cpu".to_owned(), WHOLE_MILLI), ("memory".to_owned(), WHOLE_MILLI)].into(),
        }],
    }
}

struct Look<'a> {
    processes: &'a [ProcessObservation],
    /// Absent where its balancer does not answer.
    pool: Option<&'a PoolSnapshot>,
    at_ms: i64,
    mean: Mean<'a>,
}

impl Look<'_> {
    fn metric(&self, source: &MetricSource) -> Reading {
        match source {
            MetricSource::Resource { name } => self.per_pod(name, WINDOW_S, true),
            MetricSource::Pods { metric } => self.per_pod(metric, WINDOW_S, false),
            MetricSource::External { metric } => self.whole(metric),
            MetricSource::ContainerResource { .. } | MetricSource::Object { .. } => Reading::Failed {
                why: "instances of the built-in fleet have neither containers nor objects".to_owned(),
            },
        }
    }

    fn per_pod(&self, name: &str, window_s: u32, as_share: bool) -> Reading {
        let Some(signal) = Signal::named(name) else {
            return unknown(name);
        };
        let Some(pool) = self.pool else {
            return Reading::Failed {
                why: "the pool's balancer does not answer".to_owned(),
            };
        };
        let samples = pool.instances.iter().filter_map(|instance| {
            let runs = self.processes.iter().any(|p| p.instance == instance.id);
            if runs {
                self.sample(instance, signal, window_s, as_share)
            } else {
                None
            }
        });
        Reading::PerPod {
            samples: samples.collect(),
        }
    }

    fn sample(&self, instance: &InstanceSnapshot, signal: Signal, window_s: u32, as_share: bool) -> Option<PodSample> {
        let at_ms = if signal.is_reported() { instance.load?.at_ms } else { self.at_ms };
        let value = (self.mean)(&instance.id, signal.series(), window_s);
        // Who is asked nothing answers nothing slowly and fails at nothing.
        let idle = || {
            let quiet = matches!(signal, Signal::ResponseTime | Signal::FailureRate);
            let asked = (self.mean)(&instance.id, Metric::RequestsPerS, window_s)?;
            (quiet && asked == 0.0).then_some(0.0)
        };
        Some(PodSample {
            pod: instance.id.to_string(),
            value: signal.scaled(value.or_else(idle)?, as_share),
            at_ms,
            window_s: 0,
        })
    }

    fn whole(&self, name: &str) -> Reading {
        let Some(pool) = self.pool else {
            return Reading::Failed {
                why: "the pool's balancer does not answer".to_owned(),
            };
        };
        let value = match name {
            "queue_depth" => f64::from(pool.totals.in_flight),
            "requests_per_s" => pool.totals.requests_per_s,
            _ => return unknown(name),
        };
        Reading::Whole {
            values: vec![value],
            at_ms: self.at_ms,
        }
    }
}

fn unknown(name: &str) -> Reading {
    Reading::Failed {
        why: format!("nobody reports {name}; known here: {KNOWN}"),
    }
}
