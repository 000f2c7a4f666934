//! What all charts share: one look, one time axis, lines with gaps.
//!
//! Nothing here or in the charts beside it reads a clock or touches a browser: the same input gives the same
//! [`charming::Chart`], so the charts are tested on their JSON. What `charming` cannot say (canvas tooltips, number formats, the drag
//! that zooms) is added for every chart alike in `app/js/charts.ts`. It reads the unit of a value from the name of its axis.

use charming::{
    Chart,
    component::{Axis, Grid},
    datatype::{CompositeValue, DataPoint},
    element::{
        AreaStyle, AxisLabel, AxisLine, AxisPointer, AxisPointerType, AxisTick, AxisType, Emphasis, ItemStyle, LineStyle, LineStyleType,
        MarkLine, MarkLineData, MarkLineVariant, NameLocation, SplitLine, Symbol, TextStyle, Tooltip, Trigger,
    },
    series::Line,
};
use model::{Event, Series, Severity};

use super::palette::{Dash, Palette, Slot};

/// The asked stretch of time, Unix ms: the axis shows all of it even where nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Span {
    pub const fn length_ms(self) -> i64 {
        self.to_ms - self.from_ms
    }

    /// A time of day alone would not say which day.
    pub(super) const fn shows_dates(self) -> bool {
        self.length_ms() > 20 * HOUR_MS
    }
}

const HOUR_MS: i64 = 3_600_000;

/// Room around a plot, in CSS pixels. Left of it stand the labels of the value axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plot {
    pub(super) top: u16,
    pub(super) height: Option<u16>,
    pub(super) bottom: u16,
}

pub(super) const LEFT: u16 = 48;
const RIGHT: u16 = 14;
const LABEL_SIZE: f64 = 11.0;

impl Plot {
    /// The only plot of a chart.
    pub(super) const SINGLE: Self = Self {
        top: 22,
        height: None,
        bottom: 24,
    };
}

/// An empty chart with the tooltip of the theme. Animation is off: a console that updates every second must not wobble.
pub(super) fn chart(palette: &Palette) -> Chart {
    Chart::new().animation(false).tooltip(
        Tooltip::new()
            .trigger(Trigger::Axis)
            .background_color(palette.panel)
            .border_color(palette.border)
            .border_width(1)
            .padding(9)
            .axis_pointer(
                AxisPointer::new()
                    .type_(AxisPointerType::Line)
                    .animation(false)
                    .line_style(LineStyle::new().color(palette.crosshair).width(1).type_(LineStyleType::Solid)),
            ),
    )
}

pub(super) fn grid(plot: Plot) -> Grid {
    let grid = Grid::new().left(i32::from(LEFT)).right(i32::from(RIGHT)).top(i32::from(plot.top));
    match plot.height {
        Some(height) => grid.height(i32::from(height)),
        None => grid.bottom(i32::from(plot.bottom)),
    }
}

pub(super) fn time_axis(span: Span, palette: &Palette) -> Axis {
    let mut label = AxisLabel::new().color(palette.muted).font_size(LABEL_SIZE);
    // ECharts' own labels name the day only where one begins, and then by its number alone.
    if span.length_ms() > 4 * 24 * HOUR_MS {
        label = label.formatter("{d} {MMM}");
    } else if span.shows_dates() {
        label = label.formatter("{d} {MMM} {HH}:{mm}");
    }
    Axis::new()
        .type_(AxisType::Time)
        .min(span.from_ms)
        .max(span.to_ms)
        .axis_line(AxisLine::new().show(false))
        .axis_tick(AxisTick::new().show(false))
        .split_line(SplitLine::new().show(false))
        .axis_label(label)
}

/// Values from zero upwards; `unit` is shown above the axis and, in the tooltip, behind the number.
pub(super) fn value_axis(unit: &str, palette: &Palette) -> Axis {
    Axis::new()
        .type_(AxisType::Value)
        .name(unit)
        .name_location(NameLocation::End)
        .name_gap(8)
        .name_text_style(TextStyle::new().color(palette.muted).font_size(LABEL_SIZE).align("left"))
        .min(0)
        .axis_line(AxisLine::new().show(false))
        .axis_tick(AxisTick::new().show(false))
        .split_line(SplitLine::new().line_style(LineStyle::new().color(palette.grid).width(1)))
        .axis_label(AxisLabel::new().color(palette.muted).font_size(LABEL_SIZE))
}

/// A range that an axis covers at least, cut into `parts`, so that noise near zero looks like it.
pub(super) fn at_least(axis: Axis, least: f64, parts: u8) -> Axis {
    axis.max(least).interval(least / f64::from(parts))
}

/// A thin line. Where a value is missing the line is broken: an outage is never drawn over.
pub(super) fn line(id: &str, name: &str, slot: Slot, palette: &Palette) -> Line {
    let colour = palette.colour(slot);
    Line::new()
        .id(id)
        .name(name)
        .symbol(Symbol::Circle)
        .symbol_size(5)
        .show_symbol(false)
        .connect_nulls(false)
        .line_style(LineStyle::new().color(colour).width(1.5).type_(match slot.dash {
            Dash::Solid => LineStyleType::Solid,
            Dash::Dashed => LineStyleType::Dashed,
            Dash::Dotted => LineStyleType::Dotted,
        }))
        .item_style(ItemStyle::new().color(colour))
        .emphasis(Emphasis::new().disabled(true))
}

/// What a measurement should read, over the whole time shown.
pub(super) fn target(value: f64, span: Span, palette: &Palette) -> Line {
    let slot = Slot {
        hue: 6,
        dash: Dash::Dashed,
    };
    let points = [span.from_ms, span.to_ms].map(|at| DataPoint::from(vec![CompositeValue::from(at), CompositeValue::from(value)]));
    line("target", "Target", slot, palette).data(points.to_vec())
}

pub(super) fn area(slot: Slot, opacity: f64, palette: &Palette) -> AreaStyle {
    AreaStyle::new().color(palette.colour(slot)).opacity(opacity)
}

pub(super) fn points(series: &Series) -> Vec<DataPoint> {
    pairs(&series.times_ms, &series.values)
}

pub(super) fn pairs(times_ms: &[i64], values: &[Option<f32>]) -> Vec<DataPoint> {
    times_ms
        .iter()
        .zip(values)
        .map(|(&at, &value)| DataPoint::from(vec![CompositeValue::from(at), number(value)]))
        .collect()
}

/// Events as upright lines through one plot, one (dataless) series per severity. With `heads` each ends in a dot at the top.
pub(super) fn markers(events: &[Event], span: Span, plot: usize, heads: bool, palette: &Palette) -> Vec<Line> {
    Severity::ALL
        .into_iter()
        .filter_map(|severity| {
            let data: Vec<_> = events
                .iter()
                .map(|e| &e.event)
                .filter(|e| e.severity == severity && (span.from_ms..=span.to_ms).contains(&e.at_ms))
                .map(|e| MarkLineVariant::Simple(MarkLineData::new().name(e.summary.as_str()).x_axis(e.at_ms)))
                .collect();
            let colour = match severity {
                Severity::Info => palette.info,
                Severity::Warning => palette.warning,
                Severity::Critical => palette.critical,
            };
            let mark = MarkLine::new()
                .silent(true)
                .symbol(vec![Symbol::None, if heads { Symbol::Circle } else { Symbol::None }])
                .label(charming::element::Label::new().show(false))
                .line_style(LineStyle::new().color(colour).width(1).type_(LineStyleType::Dashed).opacity(0.75))
                .data(data.clone());
            (!data.is_empty()).then(|| {
                Line::new()
                    .id(format!("events:{}:{plot}", severity.id()))
                    .item_style(ItemStyle::new().color(colour))
                    .x_axis_index(index(plot))
                    .y_axis_index(index(plot))
                    .silent(true)
                    .mark_line(mark)
            })
        })
        .collect()
}

/// Axes are counted in floats by charming.
pub(super) fn index(plot: usize) -> f64 {
    plot as f64
}

/// Four significant digits are more than a screen shows, and a third of the bytes of a float in full.
fn number(value: Option<f32>) -> CompositeValue {
    CompositeValue::from(value.filter(|v| v.is_finite()).map(|v| {
        let v = f64::from(v);
        let digits = 10_f64.powi(if v.abs() >= 100.0 { 1 } else { 3 });
        (v * digits).round() / digits
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_a_gap() {
        let json = serde_json::to_string(&pairs(&[1, 2, 3, 4], &[Some(0.123_456), None, Some(f32::NAN), Some(1234.56)])).unwrap();
        assert_eq!(json, "[[1,0.123],[2,null],[3,null],[4,1234.6]]");
    }

    #[test]
    fn an_axis_of_days_names_the_days() {
        let label = |hours: i64| {
            let span = Span {
                from_ms: 0,
                to_ms: hours * HOUR_MS,
            };
            let axis = serde_json::to_value(time_axis(span, Palette::of(crate::charts::Theme::Light))).unwrap();
            axis["axisLabel"]["formatter"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!([label(1), label(6)], ["", ""]);
        assert_eq!([label(24), label(7 * 24)], ["{d} {MMM} {HH}:{mm}", "{d} {MMM}"]);
    }
}
