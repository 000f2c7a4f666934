//! The last minutes as a line without axes.

use std::collections::VecDeque;

use leptos::prelude::*;
use model::{SeriesKey, SeriesSet, Tail};

use crate::charts::spark;

/// One value a second, the newest last. Missing seconds are gaps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparkWindow {
    values: VecDeque<Option<f32>>,
    newest_ms: i64,
}

impl SparkWindow {
    /// Five minutes at one value a second.
    pub const SECONDS: u16 = 300;
    pub const MS: i64 = Self::SECONDS as i64 * 1_000;

    /// From what the server has of `key` up to now.
    pub fn new(set: &SeriesSet, key: &SeriesKey) -> Self {
        let mut window = Self::default();
        if let Some(series) = set.series.iter().find(|s| s.key == *key) {
            for (at_ms, value) in series.times_ms.iter().zip(&series.values) {
                window.push(*at_ms, *value);
            }
        }
        window
    }

    /// Takes the new values of a frame, and leaves out what it has already.
    pub fn extend(&mut self, tail: &Tail, key: &SeriesKey) {
        if let Some(first_ms) = tail.times_ms.first().filter(|first| tail.reset && **first < self.newest_ms) {
            // The clock went back: what is shown claims to be later than what comes.
            self.values.clear();
            self.newest_ms = first_ms - 1;
        }
        if let Some(column) = tail.columns.iter().find(|c| c.key == *key) {
            for (at_ms, value) in tail.times_ms.iter().zip(&column.values) {
                self.push(*at_ms, *value);
            }
        }
    }

    fn push(&mut self, at_ms: i64, value: Option<f32>) {
        if at_ms <= self.newest_ms {
            return;
        }
        let missing = if self.values.is_empty() {
            0
        } else {
            (at_ms - self.newest_ms + 500) / 1_000 - 1
        };
        for _ in 0..missing.clamp(0, i64::from(Self::SECONDS)) {
            self.values.push_back(None);
        }
        self.values.push_back(value);
        self.newest_ms = at_ms;
        let surplus = self.values.len().saturating_sub(usize::from(Self::SECONDS));
        self.values.drain(..surplus);
    }

    /// Always [`Self::SECONDS`] long, so that a line that has just begun starts on the right.
    pub fn line(&self) -> Vec<Option<f32>> {
        let lead = usize::from(Self::SECONDS).saturating_sub(self.values.len());
        std::iter::repeat_n(None, lead).chain(self.values.iter().copied()).collect()
    }
}

#[component]
pub fn Sparkline(#[prop(into)] line: Signal<Vec<Option<f32>>>) -> impl IntoView {
    const WIDTH: f32 = 200.0;
    const HEIGHT: f32 = 36.0;
    view! {
        <svg class="sparkline" viewBox="0 0 200 36" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <path d=move || line.with(|line| spark::path(line, WIDTH, HEIGHT)) vector-effect="non-scaling-stroke" />
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use model::{Metric, Series, TailColumn};

    use super::*;

    fn key() -> SeriesKey {
        SeriesKey::total(Metric::RequestsPerS)
    }

    #[test]
    fn a_tail_goes_on_where_the_series_ended_and_repeats_nothing() {
        let series = Series {
            key: key(),
            times_ms: vec![1_000, 2_000],
            values: vec![Some(1.0), Some(2.0)],
        };
        let mut window = SparkWindow::new(
            &SeriesSet {
                series: vec![series],
                kept_since_ms: None,
            },
            &key(),
        );
        let columns = vec![TailColumn {
            key: key(),
            values: vec![Some(2.0), Some(3.0)],
        }];
        window.extend(
            &Tail {
                times_ms: vec![2_000, 3_000],
                columns,
                reset: false,
            },
            &key(),
        );
        let line = window.line();
        assert_eq!(line.len(), 300);
        assert_eq!(line[296..], [None, Some(1.0), Some(2.0), Some(3.0)]);
    }

    #[test]
    fn a_clock_that_went_back_begins_a_new_line() {
        let mut window = SparkWindow::default();
        window.push(9_000, Some(1.0));
        let columns = vec![TailColumn {
            key: key(),
            values: vec![Some(2.0)],
        }];
        let tail = Tail {
            times_ms: vec![4_000],
            columns,
            reset: true,
        };
        window.extend(&tail, &key());
        window.push(5_000, Some(3.0));
        assert_eq!(window.line()[297..], [None, Some(2.0), Some(3.0)]);
    }

    #[test]
    fn missed_seconds_are_a_gap_and_old_ones_leave() {
        let mut window = SparkWindow::default();
        window.push(1_000, Some(1.0));
        window.push(4_000, Some(4.0));
        assert_eq!(window.line()[296..], [Some(1.0), None, None, Some(4.0)]);
        window.push(1_000_000, Some(9.0));
        let line = window.line();
        assert_eq!((line.len(), line[298], line[299]), (300, None, Some(9.0)));
    }
}
