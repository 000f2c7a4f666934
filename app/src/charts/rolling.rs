//! The values a live chart holds: what was fetched, then second by second what the stream brings, never more than a bounded number.
//!
//! A chart of an hour is 3 600 seconds and a screen has perhaps a thousand pixels, so seconds that have become history are thinned to
//! the smallest and the largest of their slice, as the server does when it is asked ("min-max"): a peak of one second stays visible.

use model::{Series, SeriesQuery, SeriesSet, Tail};

use super::base::Span;

/// Longer silence within the stream is a gap. Frames come every second; a late one is not an outage.
const GAP_MS: i64 = 5_000;

/// Rows come every second; one this much after the last means that some in between were missed.
const LATE_MS: i64 = 2_500;

/// What an arriving tail meant for the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Appended {
    /// There is something new to draw.
    Grown,
    /// The tail had nothing for these series, or nothing new.
    Nothing,
    /// Rows are missing that the server still has: ask again.
    Refetch,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rolling {
    span: Span,
    series: Vec<Series>,
    kept_since_ms: Option<i64>,
    slice_ms: i64,
    /// Per series: from where on its values have not been thinned.
    fresh_from: Vec<usize>,
}

impl Rolling {
    /// Starts with an answer over `span` of at most `points` values per series.
    pub(super) fn new(set: SeriesSet, span: Span, points: u16) -> Self {
        let points = i64::from(points.clamp(4, SeriesQuery::MAX_POINTS));
        let fresh_from = set.series.iter().map(|s| s.times_ms.len()).collect();
        Self {
            span,
            kept_since_ms: set.kept_since_ms,
            series: set.series,
            // Two values remain of each slice.
            slice_ms: (span.length_ms() * 2 / points).max(1),
            fresh_from,
        }
    }

    pub(super) fn series(&self) -> &[Series] {
        &self.series
    }

    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// For how long two values of a line stand.
    pub(super) fn slice_ms(&self) -> i64 {
        self.slice_ms
    }

    pub(super) fn kept_since_ms(&self) -> Option<i64> {
        self.kept_since_ms
    }

    /// Whether anything at all was measured.
    pub(super) fn is_empty(&self) -> bool {
        !self.series.iter().any(|s| s.values.iter().any(Option::is_some))
    }

    /// The newest moment that any of the series has.
    pub(super) fn newest_ms(&self) -> Option<i64> {
        self.series.iter().filter_map(|s| s.times_ms.last()).max().copied()
    }

    /// Whether seconds lie between what is held and what this tail brings.
    pub(super) fn misses(&self, tail: &Tail) -> bool {
        let first_ms = tail.times_ms.first().copied();
        let ours = tail.columns.iter().any(|c| self.series.iter().any(|s| s.key == c.key));
        ours && first_ms
            .zip(self.newest_ms())
            .is_some_and(|(first, newest)| first - newest > LATE_MS)
    }

    /// Takes the rows of a frame in; those that are already there are skipped. The span moves along and keeps its length.
    pub(super) fn append(&mut self, tail: &Tail) -> Appended {
        if tail.reset {
            return Appended::Refetch;
        }
        let mut grown = false;
        for (at, series) in self.series.iter_mut().enumerate() {
            if let Some(column) = tail.columns.iter().find(|c| c.key == series.key) {
                for (&time_ms, &value) in tail.times_ms.iter().zip(&column.values) {
                    grown |= push(series, time_ms, value);
                }
                self.fresh_from[at] = thin(series, self.fresh_from[at], self.slice_ms);
            }
        }
        if !grown {
            return Appended::Nothing;
        }
        if let Some(newest_ms) = tail.times_ms.last().copied().filter(|&t| t > self.span.to_ms) {
            self.span = Span {
                from_ms: newest_ms - self.span.length_ms(),
                to_ms: newest_ms,
            };
        }
        self.trim();
        Appended::Grown
    }

    /// Drops what has left the span, and the oldest beyond the limit whatever the clock says.
    fn trim(&mut self) {
        for (series, fresh_from) in self.series.iter_mut().zip(&mut self.fresh_from) {
            // One point before the edge stays, so that the line enters from the side.
            let outside = series.times_ms.partition_point(|&t| t < self.span.from_ms).saturating_sub(1);
            let too_many = series.times_ms.len().saturating_sub(SeriesQuery::MAX_POINTS.into());
            let drop = outside.max(too_many);
            series.times_ms.drain(..drop);
            series.values.drain(..drop);
            *fresh_from = fresh_from.saturating_sub(drop);
        }
    }
}

fn push(series: &mut Series, time_ms: i64, value: Option<f32>) -> bool {
    if let Some(&last) = series.times_ms.last() {
        if time_ms <= last {
            return false;
        }
        if time_ms - last > GAP_MS && series.values.last().is_some_and(Option::is_some) {
            series.times_ms.push(last + 1);
            series.values.push(None);
        }
    }
    series.times_ms.push(time_ms);
    series.values.push(value);
    true
}

/// Thins every complete slice behind `fresh_from` to its smallest and largest value and, if it has one, its first gap. Returns where
/// the slice that is still filling begins.
fn thin(series: &mut Series, fresh_from: usize, slice_ms: i64) -> usize {
    let slice = |t: i64| t.div_euclid(slice_ms);
    let Some(&newest) = series.times_ms.last() else { return 0 };
    let filling = fresh_from + series.times_ms[fresh_from..].partition_point(|&t| slice(t) < slice(newest));
    let mut keep = Vec::new();
    let mut start = fresh_from;
    while start < filling {
        let end = start + series.times_ms[start..filling].partition_point(|&t| slice(t) <= slice(series.times_ms[start]));
        keep.extend(extremes(&series.values, start, end));
        start = end;
    }
    if keep.len() == filling - fresh_from {
        return filling;
    }
    let times: Vec<_> = keep.iter().map(|&at| series.times_ms[at]).collect();
    let values: Vec<_> = keep.iter().map(|&at| series.values[at]).collect();
    series.times_ms.splice(fresh_from..filling, times);
    series.values.splice(fresh_from..filling, values);
    fresh_from + keep.len()
}

/// Places of the smallest, the largest and the first missing value, in order and without repeats.
fn extremes(values: &[Option<f32>], start: usize, end: usize) -> Vec<usize> {
    let measured = || (start..end).filter_map(|at| values[at].map(|v| (at, v)));
    let low = measured().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at);
    let high = measured().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at);
    let gap = (start..end).find(|&at| values[at].is_none());
    let mut places: Vec<_> = [low, high, gap].into_iter().flatten().collect();
    places.sort_unstable();
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use model::TailColumn;

    use super::*;
    use crate::charts::testing::series;

    const KEY: &str = "requests_per_s@web";

    fn rolling(seconds: i64, points: u16, values: &[Option<f32>]) -> Rolling {
        let set = SeriesSet {
            series: vec![series(KEY, 0, 1_000, values)],
            kept_since_ms: Some(0),
        };
        let span = Span {
            from_ms: 0,
            to_ms: seconds * 1_000,
        };
        Rolling::new(set, span, points)
    }

    fn tail(rows: &[(i64, Option<f32>)]) -> Tail {
        Tail {
            times_ms: rows.iter().map(|(second, _)| second * 1_000).collect(),
            columns: vec![TailColumn {
                key: KEY.parse().unwrap(),
                values: rows.iter().map(|&(_, value)| value).collect(),
            }],
            reset: false,
        }
    }

    #[test]
    fn rows_are_appended_once_and_the_span_moves_along() {
        let mut chart = rolling(3, 100, &[Some(0.0), Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!(
            chart.append(&tail(&[(2, Some(9.0)), (3, Some(9.0)), (4, Some(4.0))])),
            Appended::Grown
        );
        assert_eq!(chart.append(&tail(&[(4, Some(9.0))])), Appended::Nothing);
        let span = Span {
            from_ms: 1_000,
            to_ms: 4_000,
        };
        assert_eq!(chart.span(), span);
        assert_eq!(chart.series()[0].times_ms, [0, 1_000, 2_000, 3_000, 4_000]);
        assert_eq!(chart.series()[0].values.last(), Some(&Some(4.0)));
    }

    #[test]
    fn what_has_left_the_span_is_dropped() {
        let mut chart = rolling(3, 100, &[Some(0.0); 4]);
        for second in 4..20 {
            chart.append(&tail(&[(second, Some(1.0))]));
        }
        assert_eq!(chart.series()[0].times_ms, [15_000, 16_000, 17_000, 18_000, 19_000]);
    }

    #[test]
    fn missed_rows_ask_for_the_series_again_and_unknown_series_change_nothing() {
        let mut chart = rolling(3, 100, &[Some(0.0)]);
        let before = chart.clone();
        let reset = Tail {
            reset: true,
            ..tail(&[(9, Some(1.0))])
        };
        assert_eq!(chart.append(&reset), Appended::Refetch);
        let mut other = tail(&[(9, Some(1.0))]);
        other.columns[0].key = "p50_ms@web".parse().unwrap();
        assert_eq!(chart.append(&other), Appended::Nothing);
        assert_eq!(chart, before);
    }

    #[test]
    fn an_outage_is_a_gap_and_a_late_frame_is_not() {
        let mut chart = rolling(60, 1_000, &[Some(1.0)]);
        chart.append(&tail(&[(4, Some(1.0))]));
        assert!(chart.series()[0].values.iter().all(Option::is_some));
        chart.append(&tail(&[(30, Some(1.0))]));
        assert_eq!(chart.series()[0].values, [Some(1.0), Some(1.0), None, Some(1.0)]);
    }

    #[test]
    fn a_day_of_seconds_stays_bounded_and_keeps_its_peaks_and_gaps() {
        let hour_s = 3_600;
        let mut chart = rolling(hour_s, 600, &[]);
        let peak_s = 86_400 - 1_000;
        let gap_s = 86_400 - 2_000;
        for second in 0..86_400 {
            let value = match second {
                s if s == peak_s => Some(999.0),
                s if s == gap_s => None,
                s => Some((s % 7) as f32),
            };
            chart.append(&tail(&[(second, value)]));
            let points = chart.series()[0].times_ms.len();
            assert!(points <= 640, "{points} points after {second} s");
        }
        let values = &chart.series()[0].values;
        assert!(values.contains(&Some(999.0)));
        assert!(values.contains(&None));
        assert!(chart.series()[0].times_ms.is_sorted());
    }

    #[test]
    fn a_clock_that_stands_still_cannot_fill_the_memory() {
        let mut chart = rolling(1_000_000_000, u16::MAX, &[]);
        for at in 0..5_000 {
            let row = Tail {
                times_ms: vec![at],
                ..tail(&[(0, Some(at as f32))])
            };
            chart.append(&row);
        }
        assert!(chart.series()[0].times_ms.len() <= usize::from(SeriesQuery::MAX_POINTS));
    }
}
