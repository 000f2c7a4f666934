//! Replicas of a workload: asked for, there and ready, between the limits, with the changes that explain them. Whole numbers, in steps.

use charming::{Chart, element::Step};
use model::Metric;

use super::{
    Input,
    base::{self, Plot},
    palette::Palette,
};

/// The axis reaches at least this far, so that a single replica does not fill it.
const AT_LEAST: f64 = 4.0;

pub(super) fn chart(input: &Input<'_>) -> Chart {
    let palette = Palette::of(input.theme);
    let mut values = base::value_axis("instances", palette).split_number(4).min_interval(1);
    if input.highest_shown() < AT_LEAST {
        values = base::at_least(values, AT_LEAST, 4);
    }
    let mut chart = base::chart(palette)
        .grid(base::grid(Plot::SINGLE))
        .x_axis(base::time_axis(input.span, palette))
        .y_axis(values);
    for (slot, series) in input.slots() {
        let metric = series.key.metric;
        let mut line = base::line(&series.key.to_string(), metric.label(), slot, palette)
            .step(Step::End)
            .data(base::points(series));
        if metric == Metric::ReplicasReady {
            line = line.area_style(base::area(slot, 0.14, palette));
        }
        chart = chart.series(line);
    }
    for marker in base::markers(input.events, input.span, 0, true, palette) {
        chart = chart.series(marker);
    }
    chart
}

#[cfg(test)]
mod tests {
    use model::Severity;

    use super::*;
    use crate::charts::testing::{self, START_MS, event, series};

    #[test]
    fn limits_are_drawn_another_way_than_what_moves_between_them() {
        let keys = ["max", "min", "ready", "desired"].map(|name| format!("replicas_{name}@workload:web"));
        let set: Vec<_> = keys
            .iter()
            .map(|key| series(key, START_MS, 1_000, &[Some(3.0), Some(5.0)]))
            .collect();
        let events = [event(7, START_MS + 1_000, Severity::Info, "3 → 5: cpu 82 % of 70 %")];
        let json = serde_json::to_value(chart(&Input {
            events: &events,
            ..testing::input(&set)
        }))
        .unwrap();
        let lines = json["series"].as_array().unwrap();
        let dashes: Vec<_> = lines[..4].iter().map(|l| l["lineStyle"]["type"].as_str().unwrap()).collect();
        assert_eq!(dashes, ["dashed", "dotted", "solid", "solid"]);
        assert!(lines[..4].iter().all(|l| l["step"] == "end"));
        assert_eq!(lines[4]["markLine"]["data"][0]["name"], "3 → 5: cpu 82 % of 70 %");
    }
}
