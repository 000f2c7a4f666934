//! One plot of lines: requests, errors, latency, in flight, and the load of each instance.

use charming::Chart;
use model::{Scope, SeriesKey};

use super::{
    Input,
    base::{self, Plot},
    palette::{Palette, Slot},
};

/// How the lines of a plot are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    /// What the value axis counts: `%`, `ms`, `/s`, or a noun.
    pub(super) unit: &'static str,
    /// Strength of the colour under a line, 0 for none.
    pub(super) fill: f64,
    /// The axis reaches at least this far, so that noise near zero looks like it.
    pub(super) at_least: Option<f64>,
    /// Only whole numbers make sense on the axis.
    pub(super) whole: bool,
}

pub(super) fn chart(input: &Input<'_>, look: Look) -> Chart {
    let palette = Palette::of(input.theme);
    let mut values = base::value_axis(look.unit, palette).split_number(4);
    let highest = input.highest_shown().max(input.target.unwrap_or_default());
    if let Some(least) = look.at_least.filter(|&least| highest < least) {
        values = base::at_least(values, least, 4);
    }
    if look.whole {
        values = values.min_interval(1);
    }
    let mut chart = base::chart(palette)
        .grid(base::grid(Plot::SINGLE))
        .x_axis(base::time_axis(input.span, palette))
        .y_axis(values);
    for (slot, series) in input.slots() {
        let mut line = base::line(&series.key.to_string(), &name(&series.key), slot, palette).data(base::points(series));
        if look.fill > 0.0 {
            line = line.area_style(base::area(slot, look.fill, palette));
        }
        chart = chart.series(line);
    }
    if let Some(target) = input.target {
        chart = chart.series(base::target(target, input.span, palette));
    }
    for marker in base::markers(input.events, input.span, 0, true, palette) {
        chart = chart.series(marker);
    }
    chart
}

/// What the legend, the table and the file call a series: the instance where there are several, else the measurement.
pub(super) fn name(key: &SeriesKey) -> String {
    match &key.scope {
        Scope::Instance(_, instance) => instance.to_string(),
        Scope::Pool(_) | Scope::Workload(_) | Scope::Total => key.metric.label().to_owned(),
    }
}

/// The colour of a series, which does not depend on what else is shown or hidden.
pub(super) fn slot(key: &SeriesKey, place: usize) -> Slot {
    match key.scope {
        Scope::Instance(..) => Slot::nth(place),
        Scope::Pool(_) | Scope::Workload(_) | Scope::Total => Slot::of(key.metric),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::Series;

    use super::*;
    use crate::charts::testing::{self, START_MS, series};

    const LATENCY: Look = Look {
        unit: "ms",
        fill: 0.0,
        at_least: Some(10.0),
        whole: false,
    };

    fn quantiles() -> [Series; 3] {
        ["p50_ms@web", "p95_ms@web", "p99_ms@web"].map(|key| series(key, START_MS, 1_000, &[Some(4.0), None, Some(31.234)]))
    }

    #[test]
    fn latency_is_three_lines_in_milliseconds_with_gaps() {
        insta::assert_json_snapshot!(chart(&testing::input(&quantiles()), LATENCY));
    }

    #[test]
    fn hiding_a_series_keeps_the_colours_of_the_others() {
        let set = ["cpu_percent@web/a", "cpu_percent@web/b", "cpu_percent@web/c"].map(|key| series(key, START_MS, 1_000, &[Some(50.0)]));
        let hidden = BTreeSet::from(["a".to_owned()]);
        let colours = |hidden: &BTreeSet<String>| {
            let json = serde_json::to_value(chart(
                &Input {
                    hidden,
                    ..testing::input(&set)
                },
                LATENCY,
            ))
            .unwrap();
            let lines = json["series"].as_array().unwrap().clone();
            lines
                .iter()
                .map(|l| (l["name"].to_string(), l["lineStyle"]["color"].to_string()))
                .collect::<Vec<_>>()
        };
        assert_eq!(colours(&BTreeSet::new())[1..], colours(&hidden)[..]);
    }

    #[test]
    fn a_target_is_a_line_over_the_whole_time() {
        let set = [series("cpu_percent@workload:web", START_MS, 1_000, &[Some(5.0)])];
        let json = serde_json::to_value(chart(
            &Input {
                target: Some(70.0),
                ..testing::input(&set)
            },
            LATENCY,
        ))
        .unwrap();
        let lines = json["series"].as_array().unwrap();
        assert_eq!(
            (lines[0]["name"].as_str(), lines[1]["name"].as_str()),
            (Some("CPU"), Some("Target"))
        );
        let span = testing::FIVE_MINUTES;
        assert_eq!(lines[1]["data"], serde_json::json!([[span.from_ms, 70.0], [span.to_ms, 70.0]]));
        assert!(json["yAxis"]["max"].is_null(), "the axis reaches the target");
    }

    #[test]
    fn the_axis_has_a_floor_only_while_values_are_below_it() {
        let max = |value| {
            let set = [series("p50_ms@web", START_MS, 1_000, &[Some(value)])];
            serde_json::to_value(chart(&testing::input(&set), LATENCY)).unwrap()["yAxis"]["max"].clone()
        };
        assert_eq!(max(3.0), 10.0);
        assert!(max(30.0).is_null());
    }
}
