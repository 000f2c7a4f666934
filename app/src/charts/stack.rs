//! Shares: areas stacked on each other, so that the top edge is the whole.

use charming::{Chart, element::LineStyle};

use super::{
    Input,
    align::align,
    base::{self, Plot},
    lines,
    palette::Palette,
};

/// `ECharts` stacks by place in the list, not by time, so the series are brought onto shared times first; this many of them.
const STEPS: usize = 240;

pub(super) fn chart(input: &Input<'_>, unit: &str) -> Chart {
    let palette = Palette::of(input.theme);
    let mut chart = base::chart(palette)
        .grid(base::grid(Plot::SINGLE))
        .x_axis(base::time_axis(input.span, palette))
        .y_axis(base::value_axis(unit, palette).split_number(4));
    let aligned = align(input.series, input.span, STEPS);
    for (place, (series, column)) in input.series.iter().zip(&aligned.columns).enumerate() {
        let name = lines::name(&series.key);
        if input.hidden.contains(&name) {
            continue;
        }
        let slot = lines::slot(&series.key, place);
        chart = chart.series(
            base::line(&series.key.to_string(), &name, slot, palette)
                .stack("all")
                .line_style(LineStyle::new().color(palette.colour(slot)).width(1))
                .area_style(base::area(slot, 0.45, palette))
                .data(base::pairs(&aligned.times_ms, column)),
        );
    }
    for marker in base::markers(input.events, input.span, 0, true, palette) {
        chart = chart.series(marker);
    }
    chart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::testing::{self, START_MS, series};

    #[test]
    fn stacked_series_have_the_same_times() {
        let set = [
            series("requests_per_s@web/a", START_MS, 1_000, &[Some(1.0), Some(2.0), None, Some(4.0)]),
            series(
                "requests_per_s@web/b",
                START_MS + 400,
                1_000,
                &[Some(10.0), Some(20.0), Some(30.0), Some(40.0)],
            ),
        ];
        let json = serde_json::to_value(chart(&testing::input(&set), "/s")).unwrap();
        let times = |at: usize| {
            let data = json["series"][at]["data"].as_array().unwrap();
            data.iter().map(|pair| pair[0].as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(times(0), times(1));
        assert_eq!(json["series"][0]["data"][2][1], serde_json::Value::Null, "a gap stays a gap");
        assert_eq!(json["series"][1]["stack"], "all");
    }
}
