//! A chart in words and numbers: what it means for those who cannot see it, and what is left without scripts.

use leptos::prelude::*;
use model::{Metric, Series, SeriesKey};

use super::{align::align, base::Span, lines, summary::summary};
use crate::format;

/// More rows say less; the file has them all.
const ROWS: usize = 60;

/// One value of a metric with its unit.
pub(super) fn value(metric: Metric, value: Option<f32>) -> String {
    let Some(v) = value else {
        return format::MISSING.to_owned();
    };
    match metric {
        Metric::RequestsPerS => format::rate(v.into()),
        Metric::ErrorsPercent | Metric::CpuPercent | Metric::MemoryPercent | Metric::GpuPercent => format::percent(Some(v.into())),
        Metric::P50Ms | Metric::P95Ms | Metric::P99Ms => format::millis(value),
        Metric::InFlight
        | Metric::InstancesUp
        | Metric::InstancesTotal
        | Metric::Sessions
        | Metric::ReplicasDesired
        | Metric::Replicas
        | Metric::ReplicasReady
        | Metric::ReplicasMin
        | Metric::ReplicasMax => {
            if v.fract() == 0.0 {
                format!("{v:.0}")
            } else {
                format!("{v:.1}")
            }
        }
    }
}

/// Smallest, mean, largest and last value of each series.
pub(super) fn summary_table(series: &[Series]) -> impl IntoView + use<> {
    let rows: Vec<_> = series
        .iter()
        .map(|s| {
            let metric = s.key.metric;
            let of = summary(s);
            let cell = |v: Option<f32>| view! { <td class="num">{value(metric, v)}</td> };
            view! {
                <tr>
                    <th scope="row">{lines::name(&s.key)}</th>
                    {cell(of.map(|s| s.min))}
                    {cell(of.map(|s| s.mean))}
                    {cell(of.map(|s| s.max))}
                    {cell(of.and_then(|s| s.last))}
                </tr>
            }
        })
        .collect();
    view! {
        <table class="chart-numbers">
            <caption>"Over the whole time shown"</caption>
            <thead>
                <tr>
                    <th scope="col">"Series"</th>
                    <th scope="col" class="num">"min"</th>
                    <th scope="col" class="num">"mean"</th>
                    <th scope="col" class="num">"max"</th>
                    <th scope="col" class="num">"last"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

/// The values over time, newest first.
pub(super) fn values_table(series: &[Series], span: Span) -> impl IntoView + use<> {
    let aligned = align(series, span, ROWS);
    let moment = |at_ms| {
        if span.shows_dates() {
            format::date_time(at_ms, span.to_ms)
        } else {
            format::clock(at_ms)
        }
    };
    let heads: Vec<_> = series
        .iter()
        .map(|s| view! { <th scope="col" class="num">{lines::name(&s.key)}</th> })
        .collect();
    let metrics: Vec<_> = series.iter().map(|s| s.key.metric).collect();
    let rows: Vec<_> = aligned
        .times_ms
        .iter()
        .enumerate()
        .rev()
        .map(|(row, &at_ms)| {
            let cells = aligned.columns.iter().zip(&metrics).map(|(column, &metric)| {
                let text = value(metric, column.get(row).copied().flatten());
                view! { <td class="num">{text}</td> }
            });
            view! {
                <tr>
                    <th scope="row">
                        <time datetime=format::iso(at_ms)>{moment(at_ms)}</time>
                    </th>
                    {cells.collect::<Vec<_>>()}
                </tr>
            }
        })
        .collect();
    view! {
        <table class="chart-numbers">
            <caption>"Measured values, newest first, times in UTC"</caption>
            <thead>
                <tr>
                    <th scope="col">"Time"</th>
                    {heads}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

/// What a screen reader is told instead of the picture.
pub(super) fn sentence(title: &str, keys: &[SeriesKey]) -> String {
    let names: Vec<_> = keys.iter().map(lines::name).collect();
    format!("{title} as a table: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_unit_and_what_is_missing_is_not_zero() {
        for (metric, v, text) in [
            (Metric::RequestsPerS, Some(52.3), "52 /s"),
            (Metric::ErrorsPercent, Some(0.5), "0.50 %"),
            (Metric::P99Ms, Some(12.34), "12.3 ms"),
            (Metric::InFlight, Some(3.0), "3"),
            (Metric::InFlight, Some(3.25), "3.2"),
            (Metric::InstancesUp, None, "–"),
        ] {
            assert_eq!(value(metric, v), text);
        }
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn the_table_has_the_newest_row_first_and_a_body() {
        use crate::charts::testing::{FIVE_MINUTES, START_MS, series};

        let set = [series("p50_ms@web", START_MS, 1_000, &[Some(4.0), None, Some(31.0)])];
        let html = values_table(&set, FIVE_MINUTES).to_html();
        let (newest, oldest) = (html.find("31.0 ms").unwrap(), html.find("4.00 ms").unwrap());
        assert!(newest < oldest && html.contains("<tbody>") && html.contains('–'), "{html}");
    }
}
