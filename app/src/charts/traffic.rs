//! Overview: requests, errors and instances, one above the other on a shared time axis, with the events that may explain them.

use charming::{
    Chart,
    element::{AxisLabel, Step},
};
use model::Metric;

use super::{
    Input,
    base::{self, Plot},
    palette::{Palette, Slot},
};

/// What is drawn, from top to bottom. The heights add up to the panel's (`--chart-tall` in `style/charts.css`).
const PLOTS: [(Plot, &str, &[Metric]); 3] = [
    (plot(24, 104), "requests/s", &[Metric::RequestsPerS]),
    (plot(158, 48), "errors %", &[Metric::ErrorsPercent]),
    (plot(236, 40), "instances", &[Metric::InstancesTotal, Metric::InstancesUp]),
];

/// A quiet error axis ends here, so that one failure in ten thousand does not fill it.
const ERRORS_PERCENT_AT_LEAST: f64 = 1.0;

const fn plot(top: u16, height: u16) -> Plot {
    Plot {
        top,
        height: Some(height),
        bottom: 0,
    }
}

pub(super) fn chart(input: &Input<'_>) -> Chart {
    let palette = Palette::of(input.theme);
    let mut chart = base::chart(palette);
    for (at, (plot, unit, metrics)) in PLOTS.into_iter().enumerate() {
        let last = at + 1 == PLOTS.len();
        let mut time = base::time_axis(input.span, palette).grid_index(base::index(at));
        if !last {
            time = time.axis_label(AxisLabel::new().show(false));
        }
        let mut values = base::value_axis(unit, palette)
            .grid_index(base::index(at))
            .split_number(if at == 0 { 4 } else { 2 });
        if metrics.contains(&Metric::ErrorsPercent) && input.highest(Metric::ErrorsPercent) < ERRORS_PERCENT_AT_LEAST {
            values = base::at_least(values, ERRORS_PERCENT_AT_LEAST, 2);
        }
        if metrics.contains(&Metric::InstancesUp) {
            values = values.min_interval(1);
        }
        chart = chart.grid(base::grid(plot)).x_axis(time).y_axis(values);
        for series in input.shown().filter(|s| metrics.contains(&s.key.metric)) {
            let metric = series.key.metric;
            let slot = Slot::of(metric);
            let mut line = base::line(&series.key.to_string(), metric.label(), slot, palette)
                .x_axis_index(base::index(at))
                .y_axis_index(base::index(at))
                .data(base::points(series));
            line = match metric {
                Metric::RequestsPerS => line.area_style(base::area(slot, 0.14, palette)),
                Metric::ErrorsPercent => line.area_style(base::area(slot, 0.22, palette)),
                _ => line.step(Step::End),
            };
            chart = chart.series(line);
        }
        for marker in base::markers(input.events, input.span, at, at == 0, palette) {
            chart = chart.series(marker);
        }
    }
    chart
}

#[cfg(test)]
mod tests {
    use model::Severity;

    use super::*;
    use crate::charts::testing::{self, FIVE_MINUTES, START_MS, event, series};

    #[test]
    fn traffic_errors_and_instances_share_the_time_axis() {
        let set = [
            series("requests_per_s", START_MS, 1_000, &[Some(50.0), Some(52.5), None, Some(47.25)]),
            series("errors_percent", START_MS, 1_000, &[Some(0.0), Some(0.5), None, None]),
            series("instances_up", START_MS, 1_000, &[Some(3.0), Some(3.0), None, Some(2.0)]),
            series("instances_total", START_MS, 1_000, &[Some(3.0); 4]),
        ];
        let events = [
            event(7, START_MS + 2_000, Severity::Critical, "sample-1 of samples is down"),
            event(8, START_MS - 2_000, Severity::Info, "before the range: not shown"),
        ];
        let chart = chart(&Input {
            events: &events,
            ..testing::input(&set)
        });
        insta::assert_json_snapshot!(chart);
    }

    #[test]
    fn small_error_rates_do_not_fill_their_axis_and_large_ones_fit() {
        for (percent, max) in [(0.1, Some(1.0)), (40.0, None)] {
            let set = [series("errors_percent", START_MS, 1_000, &[Some(percent)])];
            let json = serde_json::to_value(chart(&testing::input(&set))).unwrap();
            assert_eq!(json["yAxis"][1]["max"].as_f64(), max);
            assert_eq!(json["xAxis"][0]["max"], FIVE_MINUTES.to_ms);
        }
    }
}
