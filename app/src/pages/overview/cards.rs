use leptos::prelude::*;
use model::{Metric, SeriesKey, SeriesSet, Totals};

use crate::{
    components::{Card, SparkWindow},
    format,
    live::Live,
    url::{Query, Range, use_query},
};

/// In the order of the cards.
const METRICS: [Metric; 5] = [
    Metric::RequestsPerS,
    Metric::ErrorsPercent,
    Metric::P95Ms,
    Metric::InstancesUp,
    Metric::InFlight,
];

/// Errors from here on are amber, and from here on red: the default alert rules of SPEC §9.
const ERRORS_WARNING_PERCENT: f64 = 1.0;
const ERRORS_CRITICAL_PERCENT: f64 = 5.0;
const P95_WARNING_MS: f32 = 500.0;
const P95_CRITICAL_MS: f32 = 2_000.0;

/// The series behind the sparklines, as the `series` function wants them.
pub fn keys() -> String {
    METRICS.map(|m| SeriesKey::total(m).to_string()).join(",")
}

fn errors_tone(percent: Option<f64>) -> &'static str {
    match percent {
        Some(p) if p >= ERRORS_CRITICAL_PERCENT => "critical",
        Some(p) if p >= ERRORS_WARNING_PERCENT => "warning",
        _ => "",
    }
}

fn latency_tone(p95_ms: Option<f32>) -> &'static str {
    match p95_ms {
        Some(p) if p >= P95_CRITICAL_MS => "critical",
        Some(p) if p >= P95_WARNING_MS => "warning",
        _ => "",
    }
}

fn instances_tone((up, total): (u32, u32)) -> &'static str {
    match (up, total) {
        (0, 1..) => "critical",
        (up, total) if up < total => "warning",
        _ => "",
    }
}

#[component]
pub fn Cards(totals: Memo<Totals>, instances: Memo<(u32, u32)>, set: SeriesSet) -> impl IntoView {
    let live = Live::expect();
    let query = use_query().query;
    let href = move |path: &'static str, sort: &'static str| Signal::derive(move || query.with(|q| sorted(q, sort).href(path)));
    let [requests, errors, p95, up, in_flight] = METRICS.map(|metric| {
        let key = SeriesKey::total(metric);
        let window = RwSignal::new(SparkWindow::new(&set, &key));
        Effect::new(move |_| {
            if let Some(frame) = live.frame.get() {
                window.update(|w| w.extend(&frame.tail, &key));
            }
        });
        Signal::derive(move || window.with(SparkWindow::line))
    });
    let p95_ms = move || totals.get().latency.map(|l| l.p95_ms);
    view! {
        <ul class="cards" aria-label="Right now">
            <Card
                title="Requests"
                href=href("/pools", "requests")
                value=Signal::derive(move || format::rate(totals.get().requests_per_s))
                note=Signal::derive(move || format!("{} in all", format::count(totals.get().requests)))
                tone=""
                line=requests
            />
            <Card
                title="Errors"
                href=href("/pools", "errors")
                value=Signal::derive(move || format::percent(totals.get().errors_percent))
                note=Signal::derive(move || format::rate(totals.get().errors_per_s))
                tone=Signal::derive(move || errors_tone(totals.get().errors_percent))
                line=errors
            />
            <Card
                title="Latency p95"
                href=href("/pools", "p95")
                value=Signal::derive(move || format::millis(p95_ms()))
                note=Signal::derive(move || format!("median {}", format::millis(totals.get().latency.map(|l| l.p50_ms))))
                tone=Signal::derive(move || latency_tone(p95_ms()))
                line=p95
            />
            <Card
                title="Instances up"
                href=href("/pools", "state")
                value=Signal::derive(move || format!("{} / {}", instances.get().0, instances.get().1))
                note="healthy of all"
                tone=Signal::derive(move || instances_tone(instances.get()))
                line=up
            />
            <Card
                title="In flight"
                href=href("/pools", "in_flight")
                value=Signal::derive(move || format::count(totals.get().in_flight.into()))
                note="being answered"
                tone=""
                line=in_flight
            />
        </ul>
    }
    .into_any()
}

/// The list of pools with the card's figure first; the time range goes along.
fn sorted(query: &Query, sort: &str) -> Query {
    query.only(&[Range::KEY]).with("sort", sort)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_turns_amber_before_it_turns_red() {
        assert_eq!(
            [None, Some(0.9), Some(1.0), Some(5.0)].map(errors_tone),
            ["", "", "warning", "critical"]
        );
        assert_eq!(
            [None, Some(499.0), Some(500.0), Some(2_000.0)].map(latency_tone),
            ["", "", "warning", "critical"]
        );
        assert_eq!(
            [(0, 0), (3, 3), (2, 3), (0, 3)].map(instances_tone),
            ["", "", "warning", "critical"]
        );
    }

    #[test]
    fn the_keys_are_ones_the_server_understands() {
        assert!(keys().split(',').all(|k| k.parse::<SeriesKey>().is_ok()));
    }
}
