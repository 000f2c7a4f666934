use leptos::prelude::*;
use model::{Metric, SeriesKey, WorkloadId, scaling::TargetChip};

use crate::charts::{ChartPanel, Kind};

/// What is drawn of a metric; nothing where its unit is not that of any measurement.
#[derive(Debug, Clone, PartialEq)]
struct Drawn {
    kind: Kind,
    metric: Metric,
    /// Absent where the measurement is of the whole pool and the target of each instance.
    target: Option<f64>,
    /// In words, above the chart.
    note: String,
}

/// One chart for each measurement, whichever metric asks for it.
fn drawn(targets: &[TargetChip], kept: Option<&[Metric]>) -> Vec<Drawn> {
    let mut all: Vec<Drawn> = Vec::new();
    for chip in targets {
        let (kind, metric) = match chip.name.as_str() {
            "cpu" => (Kind::CpuLoad, Metric::CpuPercent),
            "memory" => (Kind::MemoryLoad, Metric::MemoryPercent),
            "gpu" => (Kind::GpuLoad, Metric::GpuPercent),
            "active_sessions" | "sessions" => (Kind::Sessions, Metric::Sessions),
            "requests_per_s" => (Kind::Requests, Metric::RequestsPerS),
            "response_time_ms" | "p95_ms" => (Kind::Latency, Metric::P95Ms),
            "in_flight" => (Kind::InFlight, Metric::InFlight),
            _ => continue,
        };
        if kept.is_some_and(|kept| !kept.contains(&metric)) {
            continue;
        }
        let is_of_pool = matches!(metric, Metric::RequestsPerS | Metric::InFlight);
        if all.iter().all(|d| d.kind != kind) {
            all.push(Drawn {
                kind,
                metric,
                target: (!is_of_pool).then_some(chip.target_value),
                note: if is_of_pool {
                    format!("Of all instances together. Wanted: {}", chip.target)
                } else {
                    let simulated = if chip.is_simulated {
                        ". Simulated: no real GPU stands behind it"
                    } else {
                        ""
                    };
                    format!("Mean of the instances. Wanted: {}{simulated}", chip.target)
                },
            });
        }
    }
    all
}

/// Metrics that no chart shows.
fn undrawn(targets: &[TargetChip], kept: Option<&[Metric]>) -> Option<String> {
    let shown = drawn(targets, kept);
    let names: Vec<_> = targets
        .iter()
        .filter(|chip| {
            drawn(std::slice::from_ref(chip), kept)
                .first()
                .is_none_or(|d| shown.iter().all(|s| s.kind != d.kind))
        })
        .map(|chip| chip.name.as_str())
        .collect();
    (!names.is_empty()).then(|| format!("Not kept over time, so without a chart: {}.", names.join(", ")))
}

/// Each metric against its target.
#[component]
pub fn MetricCharts(
    id: StoredValue<WorkloadId>,
    targets: Memo<Vec<TargetChip>>,
    group: String,
    /// What is measured of it; all that there is by itself.
    #[prop(optional)]
    kept: Option<&'static [Metric]>,
) -> impl IntoView {
    let shown = Memo::new(move |_| targets.with(|t| drawn(t, kept)));
    let missing = Memo::new(move |_| targets.with(|t| undrawn(t, kept)));
    let charts = move || {
        let id = id.get_value();
        shown
            .get()
            .into_iter()
            .map(|drawn| {
                let keys = vec![SeriesKey::workload(drawn.metric, &id)];
                view! {
                    <ChartPanel
                        kind=drawn.kind
                        keys=Signal::stored(keys)
                        group=group.clone()
                        target=Signal::stored(drawn.target)
                        note=Signal::stored(Some(drawn.note))
                    />
                }
            })
            .collect_view()
    };
    view! {
        <div class="charts below">{charts}</div>
        {move || missing.get().map(|words| view! { <p class="hint below">{words}</p> })}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::scaling::MetricState;

    use super::*;

    fn chip(name: &str) -> TargetChip {
        TargetChip {
            name: name.to_owned(),
            current: None,
            target: "70 %".to_owned(),
            state: MetricState::Failed,
            current_value: None,
            target_value: 70.0,
            is_simulated: false,
        }
    }

    #[test]
    fn what_is_measured_has_a_chart_and_the_rest_is_said() {
        let targets = [chip("cpu"), chip("cpu"), chip("queue_length"), chip("active_sessions")];
        let kinds: Vec<_> = drawn(&targets, None).into_iter().map(|d| d.kind).collect();
        assert_eq!(kinds, [Kind::CpuLoad, Kind::Sessions]);
        assert_eq!(drawn(&targets, None)[0].target, Some(70.0));
        assert_eq!(drawn(&[chip("in_flight")], None)[0].target, None);
        assert_eq!(
            undrawn(&targets, None).unwrap(),
            "Not kept over time, so without a chart: queue_length."
        );
        assert_eq!(undrawn(&targets[..1], None), None);
        assert!(
            undrawn(&targets[3..], Some(&[Metric::CpuPercent]))
                .unwrap()
                .contains("active_sessions")
        );
    }
}
