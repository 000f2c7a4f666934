//! One hour at one second, in memory.
//!
//! Rows are snapshots, columns are series. A column is allocated when its series first appears and dropped when it had no value for
//! the whole hour. At 4 bytes a value a column takes 14 kB: 1,000 instances with 6 series each take 86 MB.

use std::collections::HashMap;

use model::{Series, SeriesKey, Tail, TailColumn};

use crate::decide::{downsample::min_max, means::Means};

/// Rows kept: one hour of seconds.
pub const CAPACITY_ROWS: usize = 3_600;

/// A distance between two rows that is larger than this many intervals is an outage and drawn as a gap.
const GAP_INTERVALS: i64 = 3;

/// Rows for which the ring says that it began anew: a listener may miss one.
const ANEW_ROWS: u64 = 3;

struct Column {
    /// `NaN` where nothing was measured.
    values: Box<[f32]>,
    last_row: u64,
}

/// The ring. Row numbers are snapshot numbers.
pub struct Ring {
    interval_ms: i64,
    /// Number of the next row; rows below `next - len` are gone.
    next: u64,
    len: usize,
    times_ms: Box<[i64]>,
    columns: HashMap<SeriesKey, Column>,
    /// The row at which the clock had gone back; 0 when it never did. Who has seen what was before starts over.
    anew: u64,
}

impl Ring {
    pub fn new(interval_ms: i64) -> Self {
        Self {
            interval_ms,
            next: 1,
            len: 0,
            times_ms: vec![0; CAPACITY_ROWS].into(),
            columns: HashMap::new(),
            anew: 0,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below CAPACITY_ROWS")]
    const fn slot(row: u64) -> usize {
        (row % CAPACITY_ROWS as u64) as usize
    }

    const fn first(&self) -> u64 {
        self.next - self.len as u64
    }

    /// Appends the row of snapshot `seq`. Rows never go back in time: where the clock does, the ring begins anew, and the store has what was
    /// before. Values that are not finite count as not measured.
    pub fn push(&mut self, seq: u64, at_ms: i64, values: &[(SeriesKey, Option<f32>)]) {
        if seq != self.next {
            // A collector that started anew: the old rows have other numbers.
            *self = Self {
                next: seq,
                ..Self::new(self.interval_ms)
            };
        }
        if self.newest_ms().is_some_and(|newest_ms| at_ms < newest_ms) {
            *self = Self {
                next: seq,
                anew: seq,
                ..Self::new(self.interval_ms)
            };
        }
        let slot = Self::slot(seq);
        self.times_ms[slot] = at_ms;
        for column in self.columns.values_mut() {
            column.values[slot] = f32::NAN;
        }
        for (key, value) in values {
            let Some(value) = value.filter(|v| v.is_finite()) else { continue };
            if !self.columns.contains_key(key) {
                let column = Column {
                    values: vec![f32::NAN; CAPACITY_ROWS].into(),
                    last_row: seq,
                };
                self.columns.insert(key.clone(), column);
            }
            let Some(column) = self.columns.get_mut(key) else { continue };
            column.values[slot] = value;
            column.last_row = seq;
        }
        self.next += 1;
        self.len = (self.len + 1).min(CAPACITY_ROWS);
        let first = self.first();
        self.columns.retain(|_, c| c.last_row >= first);
    }

    fn newest_ms(&self) -> Option<i64> {
        (self.len > 0).then(|| self.times_ms[Self::slot(self.next - 1)])
    }

    /// Unix ms of the oldest row.
    pub fn kept_since_ms(&self) -> Option<i64> {
        (self.len > 0).then(|| self.times_ms[Self::slot(self.first())])
    }

    /// The series over `[from_ms, to_ms]`, at most `points` values. A series that was never measured has no values.
    pub fn series(&self, key: &SeriesKey, from_ms: i64, to_ms: i64, points: usize) -> Series {
        let Some(column) = self.columns.get(key) else {
            return Series {
                key: key.clone(),
                times_ms: Vec::new(),
                values: Vec::new(),
            };
        };
        let (mut times, mut values) = (Vec::new(), Vec::new());
        let mut last: Option<i64> = None;
        for row in self.first()..self.next {
            let slot = Self::slot(row);
            let at = self.times_ms[slot];
            if at < from_ms || at > to_ms {
                continue;
            }
            if let Some(last) = last.filter(|last| at - last > GAP_INTERVALS * self.interval_ms) {
                times.push(last + self.interval_ms);
                values.push(None);
            }
            last = Some(at);
            times.push(at);
            values.push(Some(column.values[slot]).filter(|v| !v.is_nan()));
        }
        let (times_ms, values) = min_max(&times, &values, points.max(3));
        Series {
            key: key.clone(),
            times_ms,
            values,
        }
    }

    /// The mean of what was measured since `from_ms`; `None` where nothing was.
    pub fn mean(&self, key: &SeriesKey, from_ms: i64) -> Option<f64> {
        let column = self.columns.get(key)?;
        let (mut sum, mut count) = (0.0, 0_u32);
        let mut later_ms = i64::MAX;
        for row in (self.first()..self.next).rev() {
            let slot = Self::slot(row);
            let at_ms = self.times_ms[slot];
            // A row from the future of those after it was measured before the clock was set back.
            if at_ms < from_ms || at_ms > later_ms {
                break;
            }
            later_ms = at_ms;
            let value = f64::from(column.values[slot]);
            if !value.is_nan() {
                sum += value;
                count += 1;
            }
        }
        (count > 0).then(|| sum / f64::from(count))
    }

    /// Adds up what was measured, stretch by stretch.
    pub fn add_to(&self, means: &mut Means, key: &SeriesKey) {
        let Some(column) = self.columns.get(key) else { return };
        for row in self.first()..self.next {
            let slot = Self::slot(row);
            let value = f64::from(column.values[slot]);
            if !value.is_nan() {
                means.add(self.times_ms[slot], 1_000, value, 1);
            }
        }
    }

    /// Rows `after + 1 ..= newest` of these series, at most `rows`; `None` when more than that was missed or is gone.
    pub fn tail(&self, keys: &[SeriesKey], after: u64, rows: usize) -> Option<Tail> {
        let from = after + 1;
        if from < self.first() || after < self.anew || self.next.saturating_sub(from) > rows as u64 {
            return None;
        }
        Some(self.rows(keys, from))
    }

    /// Whether the clock went back a moment ago: who follows row by row starts over too.
    pub const fn is_anew(&self) -> bool {
        self.anew > 0 && self.next - self.anew <= ANEW_ROWS
    }

    /// The newest `rows` rows of these series.
    pub fn newest(&self, keys: &[SeriesKey], rows: usize) -> Tail {
        self.rows(keys, self.next.saturating_sub(rows as u64).max(self.first()))
    }

    fn rows(&self, keys: &[SeriesKey], from: u64) -> Tail {
        let slots: Vec<usize> = (from..self.next).map(Self::slot).collect();
        let columns = keys
            .iter()
            .map(|key| {
                let column = self.columns.get(key);
                let values = slots.iter().map(|&s| column.map(|c| c.values[s]).filter(|v| !v.is_nan())).collect();
                TailColumn { key: key.clone(), values }
            })
            .collect();
        Tail {
            times_ms: slots.iter().map(|&s| self.times_ms[s]).collect(),
            columns,
            reset: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Metric;

    use super::*;

    const KEY: SeriesKey = SeriesKey::total(Metric::RequestsPerS);

    #[expect(clippy::cast_possible_wrap, reason = "small test numbers")]
    fn filled(rows: u64) -> Ring {
        let mut ring = Ring::new(1_000);
        for row in 1..=rows {
            ring.push(row, row as i64 * 1_000, &[(KEY, Some(row as f32))]);
        }
        ring
    }

    #[test]
    fn it_keeps_exactly_one_hour() {
        let ring = filled(4_000);
        assert_eq!(ring.kept_since_ms(), Some(401_000));
        let series = ring.series(&KEY, 0, i64::MAX, 5_000);
        assert_eq!(series.values.len(), CAPACITY_ROWS);
        assert_eq!(series.values.last(), Some(&Some(4_000.0)));
        assert!(ring.series(&KEY, 0, i64::MAX, 100).values.len() <= 100);
    }

    #[test]
    fn a_mean_is_of_the_last_seconds_also_after_the_clock_was_set_back() {
        let mut ring = Ring::new(1_000);
        for (row, at_ms) in [(1, 600_000), (2, 601_000), (3, 0), (4, 1_000), (5, 2_000)] {
            ring.push(row, at_ms, &[(KEY, Some(row as f32))]);
        }
        assert_eq!(ring.mean(&KEY, -3_000), Some(4.0));
        assert_eq!(ring.mean(&KEY, 1_000), Some(4.5));
        assert_eq!(ring.mean(&SeriesKey::total(Metric::P95Ms), 0), None);
    }

    #[test]
    fn what_was_not_measured_is_a_gap() {
        let mut ring = filled(3);
        ring.push(4, 4_000, &[(KEY, Some(f32::NAN))]);
        ring.push(5, 5_000, &[]);
        ring.push(6, 6_000, &[(KEY, Some(6.0))]);
        assert_eq!(ring.series(&KEY, 3_000, 6_000, 100).values, [Some(3.0), None, None, Some(6.0)]);
    }

    #[test]
    fn a_collector_that_stood_still_leaves_a_gap_not_a_line() {
        let mut ring = filled(2);
        ring.push(3, 60_000, &[(KEY, Some(3.0))]);
        let series = ring.series(&KEY, 0, i64::MAX, 100);
        assert_eq!(series.values, [Some(1.0), Some(2.0), None, Some(3.0)]);
        assert_eq!(series.times_ms, [1_000, 2_000, 3_000, 60_000]);
    }

    #[test]
    fn a_listener_gets_what_it_missed_or_is_told_to_start_over() {
        let ring = filled(10);
        let tail = ring.tail(&[KEY], 7, 300).unwrap();
        assert_eq!(tail.times_ms, [8_000, 9_000, 10_000]);
        assert_eq!(tail.columns[0].values, [Some(8.0), Some(9.0), Some(10.0)]);
        assert_eq!(ring.tail(&[KEY], 1, 5), None);
        assert_eq!(ring.tail(&[KEY], 10, 5).unwrap().times_ms, [] as [i64; 0]);
        assert_eq!(ring.newest(&[KEY], 2).times_ms, [9_000, 10_000]);
    }

    #[test]
    fn a_clock_that_goes_back_begins_anew_and_one_that_stands_does_not() {
        let mut ring = filled(10);
        ring.push(11, 10_000, &[(KEY, Some(11.0))]);
        assert_eq!(ring.kept_since_ms(), Some(1_000), "it stood still");
        ring.push(12, 4_000, &[(KEY, Some(12.0))]);
        ring.push(13, 5_000, &[(KEY, Some(13.0))]);
        assert_eq!(ring.series(&KEY, 0, i64::MAX, 100).times_ms, [4_000, 5_000]);
        assert_eq!(ring.mean(&KEY, 4_500), Some(13.0));
        assert_eq!(ring.mean(&KEY, 0), Some(12.5), "nothing of before, which claims to be later");
        assert_eq!(ring.tail(&[KEY], 11, 300), None, "who has the rows of before starts over");
        assert_eq!(ring.tail(&[KEY], 12, 300).unwrap().times_ms, [5_000]);
        assert_eq!(ring.newest(&[KEY], 300).times_ms, [4_000, 5_000]);
        assert!(ring.is_anew() && !filled(10).is_anew());
    }

    #[test]
    fn a_series_that_ended_an_hour_ago_is_forgotten() {
        let gone = SeriesKey::total(Metric::InFlight);
        let mut ring = Ring::new(1_000);
        ring.push(1, 1_000, &[(gone.clone(), Some(1.0))]);
        for row in 2..=3_700 {
            ring.push(row, 1_000, &[(KEY, Some(1.0))]);
        }
        assert_eq!(ring.columns.len(), 1);
        assert_eq!(ring.series(&gone, 0, i64::MAX, 10).values, []);
    }
}
