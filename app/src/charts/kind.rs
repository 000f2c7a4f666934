//! Which charts there are, and what each is drawn from.

use std::collections::BTreeSet;

use charming::Chart;
use model::{Event, Metric, Series};

use super::{
    base::Span,
    lines::{self, Look},
    palette::{Slot, Theme},
    replicas, stack, traffic,
};

/// Everything a chart depends on.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub series: &'a [Series],
    pub span: Span,
    /// Names switched off in the legend.
    pub hidden: &'a BTreeSet<String>,
    pub events: &'a [Event],
    /// What the values should be, where somebody says so.
    pub target: Option<f64>,
    pub theme: Theme,
}

impl<'a> Input<'a> {
    /// Series that the legend has not switched off, with their colours.
    pub(super) fn slots(self) -> impl Iterator<Item = (Slot, &'a Series)> {
        let all = self
            .series
            .iter()
            .enumerate()
            .map(|(place, series)| (lines::slot(&series.key, place), series));
        all.filter(move |(_, series)| !self.hidden.contains(&lines::name(&series.key)))
    }

    pub(super) fn shown(self) -> impl Iterator<Item = &'a Series> {
        self.slots().map(|(_, series)| series)
    }

    pub(super) fn highest(self, metric: Metric) -> f64 {
        highest(self.shown().filter(|s| s.key.metric == metric))
    }

    pub(super) fn highest_shown(self) -> f64 {
        highest(self.shown())
    }
}

fn highest<'a>(series: impl Iterator<Item = &'a Series>) -> f64 {
    series
        .flat_map(|s| s.values.iter().flatten())
        .copied()
        .filter(|v| v.is_finite())
        .fold(0.0, f32::max)
        .into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Requests, errors, instances: the Overview's.
    Traffic,
    Requests,
    Errors,
    Latency,
    InFlight,
    /// Requests by instance, stacked.
    Shares,
    Cpu,
    Memory,
    /// Of a workload: asked for, there, ready, and the limits.
    Replicas,
    /// Of a workload, against its target.
    CpuLoad,
    MemoryLoad,
    GpuLoad,
    Sessions,
}

impl Kind {
    /// In element ids and file names.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Traffic => "traffic",
            Self::Requests => "requests",
            Self::Errors => "errors",
            Self::Latency => "latency",
            Self::InFlight => "in-flight",
            Self::Shares => "requests-by-instance",
            Self::Cpu => "cpu-by-instance",
            Self::Memory => "memory-by-instance",
            Self::Replicas => "replicas",
            Self::CpuLoad => "cpu",
            Self::MemoryLoad => "memory",
            Self::GpuLoad => "gpu",
            Self::Sessions => "sessions",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Traffic => "Traffic",
            Self::Requests => "Requests",
            Self::Errors => "Errors",
            Self::Latency => "Latency",
            Self::InFlight => "In flight",
            Self::Shares => "Requests by instance",
            Self::Cpu => "CPU by instance",
            Self::Memory => "Memory by instance",
            Self::Replicas => "Replicas",
            Self::CpuLoad => "CPU",
            Self::MemoryLoad => "Memory",
            Self::GpuLoad => "GPU",
            Self::Sessions => "Sessions",
        }
    }

    /// Beside the title.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Traffic => "requests/s, errors %, instances",
            Self::Requests | Self::Shares => "requests/s",
            Self::Errors => "% of requests",
            Self::Latency => "ms",
            Self::InFlight => "requests",
            Self::Cpu | Self::Memory | Self::CpuLoad | Self::MemoryLoad | Self::GpuLoad => "%",
            Self::Replicas => "instances",
            Self::Sessions => "per instance",
        }
    }

    /// What a pool's or the whole console's chart of this kind shows; one of these per instance for the charts by instance.
    pub const fn metrics(self) -> &'static [Metric] {
        match self {
            Self::Traffic => &[
                Metric::RequestsPerS,
                Metric::ErrorsPercent,
                Metric::InstancesTotal,
                Metric::InstancesUp,
            ],
            Self::Requests | Self::Shares => &[Metric::RequestsPerS],
            Self::Errors => &[Metric::ErrorsPercent],
            Self::Latency => &[Metric::P50Ms, Metric::P95Ms, Metric::P99Ms],
            Self::InFlight => &[Metric::InFlight],
            Self::Cpu | Self::CpuLoad => &[Metric::CpuPercent],
            Self::Memory | Self::MemoryLoad => &[Metric::MemoryPercent],
            Self::GpuLoad => &[Metric::GpuPercent],
            Self::Sessions => &[Metric::Sessions],
            Self::Replicas => &[
                Metric::ReplicasMax,
                Metric::ReplicasMin,
                Metric::Replicas,
                Metric::ReplicasReady,
                Metric::ReplicasDesired,
            ],
        }
    }

    pub fn chart(self, input: &Input<'_>) -> Chart {
        let look = Look {
            unit: "",
            fill: 0.0,
            at_least: None,
            whole: false,
        };
        match self {
            Self::Traffic => traffic::chart(input),
            Self::Shares => stack::chart(input, "/s"),
            Self::Requests => lines::chart(
                input,
                Look {
                    unit: "/s",
                    fill: 0.14,
                    ..look
                },
            ),
            Self::Errors => lines::chart(
                input,
                Look {
                    unit: "%",
                    fill: 0.22,
                    at_least: Some(1.0),
                    ..look
                },
            ),
            Self::Latency => lines::chart(
                input,
                Look {
                    unit: "ms",
                    at_least: Some(1.0),
                    ..look
                },
            ),
            Self::InFlight => lines::chart(
                input,
                Look {
                    unit: "requests",
                    fill: 0.14,
                    at_least: Some(4.0),
                    whole: true,
                },
            ),
            Self::Replicas => replicas::chart(input),
            Self::Sessions => lines::chart(
                input,
                Look {
                    unit: "sessions",
                    at_least: Some(4.0),
                    ..look
                },
            ),
            Self::Cpu | Self::CpuLoad | Self::GpuLoad => lines::chart(
                input,
                Look {
                    unit: "%",
                    at_least: Some(10.0),
                    ..look
                },
            ),
            Self::Memory | Self::MemoryLoad => lines::chart(
                input,
                Look {
                    unit: "%",
                    at_least: Some(100.0),
                    ..look
                },
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::testing::{self, START_MS, series};

    const KINDS: [Kind; 13] = [
        Kind::Traffic,
        Kind::Requests,
        Kind::Errors,
        Kind::Latency,
        Kind::InFlight,
        Kind::Shares,
        Kind::Cpu,
        Kind::Memory,
        Kind::Replicas,
        Kind::CpuLoad,
        Kind::MemoryLoad,
        Kind::GpuLoad,
        Kind::Sessions,
    ];

    #[test]
    fn no_chart_moves_connects_gaps_or_needs_a_function_in_its_json() {
        for kind in KINDS {
            let set: Vec<_> = kind
                .metrics()
                .iter()
                .map(|m| series(m.id(), START_MS, 1_000, &[Some(1.0), None]))
                .collect();
            for theme in [Theme::Light, Theme::Dark] {
                let chart = kind.chart(&Input {
                    theme,
                    ..testing::input(&set)
                });
                let json = serde_json::to_value(&chart).unwrap();
                assert_eq!(json["animation"], false, "{kind:?}");
                let lines = json["series"].as_array().unwrap();
                assert_eq!(lines.len(), kind.metrics().len(), "{kind:?}");
                assert!(lines.iter().all(|l| l["connectNulls"] == false && l["id"].is_string()), "{kind:?}");
                assert!(
                    !json.to_string().contains("function"),
                    "{kind:?}: the policy of the page forbids code in options"
                );
            }
        }
    }

    #[test]
    fn an_empty_chart_still_shows_the_whole_range() {
        for kind in KINDS {
            let json = serde_json::to_value(kind.chart(&testing::input(&[]))).unwrap();
            let axis = if json["xAxis"].is_array() {
                &json["xAxis"][0]
            } else {
                &json["xAxis"]
            };
            assert_eq!(axis["min"], testing::FIVE_MINUTES.from_ms, "{kind:?}");
        }
    }
}
