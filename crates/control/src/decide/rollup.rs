//! From measured values to coarser ones, and from either to the points of a line. Nothing is invented: where nothing was measured there is
//! no bucket, and the line has a gap.

use model::Resolution;

use super::downsample::min_max;
use crate::ports::Line;

/// A stretch of time at [`Resolution::Second`] that is larger than this many seconds is an outage and drawn as a gap.
const GAP_ROWS: i64 = 3;

/// What was measured of one series within one step of a resolution. At [`Resolution::Second`] that is one value at its own moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Unix ms of its beginning.
    pub at_ms: i64,
    pub min: f32,
    pub max: f32,
    pub mean: f32,
    /// How many values; 0 where others were measured at this moment and this series was not.
    pub count: u32,
}

impl Bucket {
    pub const fn value(at_ms: i64, value: f32) -> Self {
        Self {
            at_ms,
            min: value,
            max: value,
            mean: value,
            count: 1,
        }
    }

    pub const fn missing(at_ms: i64) -> Self {
        Self {
            count: 0,
            ..Self::value(at_ms, f32::NAN)
        }
    }
}

/// Buckets of `resolution` from finite values in time order.
pub fn fold(values: impl IntoIterator<Item = (i64, f32)>, resolution: Resolution) -> Vec<Bucket> {
    let step = resolution.ms();
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut sum = 0.0_f64;
    for (at_ms, value) in values {
        let at_ms = if resolution == Resolution::Second {
            at_ms
        } else {
            at_ms.div_euclid(step) * step
        };
        if let Some(last) = buckets.last_mut().filter(|last| last.at_ms == at_ms) {
            sum += f64::from(value);
            last.count += 1;
            last.min = last.min.min(value);
            last.max = last.max.max(value);
            last.mean = mean(sum, last);
        } else {
            sum = f64::from(value);
            buckets.push(Bucket::value(at_ms, value));
        }
    }
    buckets
}

#[expect(clippy::cast_possible_truncation, reason = "a mean lies between values that are f32")]
fn mean(sum: f64, of: &Bucket) -> f32 {
    ((sum / f64::from(of.count)) as f32).clamp(of.min, of.max)
}

/// The points of a line between two moments. A coarse bucket gives its smallest and its largest value.
#[derive(Debug)]
pub struct LineBuilder {
    resolution: Resolution,
    from_ms: i64,
    to_ms: i64,
    times_ms: Vec<i64>,
    values: Vec<Option<f32>>,
    /// The beginning of the newest bucket.
    last_ms: Option<i64>,
}

impl LineBuilder {
    pub const fn new(resolution: Resolution, from_ms: i64, to_ms: i64) -> Self {
        Self {
            resolution,
            from_ms,
            to_ms,
            times_ms: Vec::new(),
            values: Vec::new(),
            last_ms: None,
        }
    }

    /// Buckets come in time order; one that does not follow, or lies outside, is left out.
    pub fn push(&mut self, bucket: &Bucket) {
        let step = self.resolution.ms();
        let fine = self.resolution == Resolution::Second;
        let first = if fine {
            self.from_ms
        } else {
            self.from_ms.saturating_sub(step - 1)
        };
        if bucket.at_ms < first || bucket.at_ms > self.to_ms || self.last_ms.is_some_and(|last| bucket.at_ms <= last) {
            return;
        }
        let gap_ms = if fine { GAP_ROWS * step } else { step };
        if let Some(last) = self.last_ms.filter(|last| bucket.at_ms - last > gap_ms) {
            self.point((last + step).min(bucket.at_ms - 1), None);
        }
        self.last_ms = Some(bucket.at_ms);
        if bucket.count == 0 {
            self.point(bucket.at_ms.max(self.from_ms), None);
            return;
        }
        let at_ms = bucket.at_ms.max(self.from_ms);
        let middle_ms = (bucket.at_ms + step / 2).clamp(at_ms, self.to_ms);
        if bucket.min.to_bits() == bucket.max.to_bits() {
            self.point(at_ms, Some(bucket.min));
        } else if middle_ms > at_ms {
            self.point(at_ms, Some(bucket.min));
            self.point(middle_ms, Some(bucket.max));
        } else {
            self.point(at_ms, Some(bucket.max));
        }
    }

    fn point(&mut self, at_ms: i64, value: Option<f32>) {
        if self.times_ms.last().is_none_or(|last| at_ms > *last) {
            self.times_ms.push(at_ms);
            self.values.push(value);
        }
    }

    /// At most `points` of them; none where nothing was measured at all. Where the last measurement is long before the end, a gap follows.
    pub fn finish(mut self, points: usize) -> (Vec<i64>, Vec<Option<f32>>) {
        if self.values.iter().all(Option::is_none) {
            return (Vec::new(), Vec::new());
        }
        let step = self.resolution.ms();
        let silence_ms = if self.resolution == Resolution::Second {
            GAP_ROWS * step
        } else {
            2 * step
        };
        if let Some(last) = self.last_ms.filter(|last| self.to_ms - last > silence_ms) {
            self.point(last + step, None);
        }
        min_max(&self.times_ms, &self.values, points.max(3))
    }
}

/// Two stretches of one line, the earlier one first, as one of at most `points`. Points that do not follow in time are left out.
pub fn join(earlier: Line, later: Line, points: usize) -> Line {
    let (mut times, mut values) = earlier;
    for (at, value) in later.0.into_iter().zip(later.1) {
        if times.last().is_none_or(|newest| at > *newest) {
            times.push(at);
            values.push(value);
        }
    }
    min_max(&times, &values, points.max(3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(resolution: Resolution, from: i64, to: i64, buckets: &[Bucket]) -> Vec<(i64, Option<f32>)> {
        let mut line = LineBuilder::new(resolution, from, to);
        for bucket in buckets {
            line.push(bucket);
        }
        let (times, values) = line.finish(1_000);
        times.into_iter().zip(values).collect()
    }

    #[test]
    fn a_coarse_bucket_shows_both_of_its_extremes_and_a_missing_one_is_a_gap() {
        let buckets = fold([(0, 3.0), (4_000, 1.0), (40_000, 2.0)], Resolution::TenSeconds);
        assert_eq!(
            (buckets[0].min, buckets[0].max, buckets[0].mean, buckets[0].count),
            (1.0, 3.0, 2.0, 2)
        );
        assert_eq!(
            line(Resolution::TenSeconds, 0, 60_000, &buckets),
            [(0, Some(1.0)), (5_000, Some(3.0)), (10_000, None), (40_000, Some(2.0))]
        );
    }

    #[test]
    fn a_bucket_that_the_range_cuts_keeps_its_points_inside() {
        let buckets = fold([(0, 3.0), (9_000, 1.0), (10_000, 7.0), (11_000, 8.0)], Resolution::TenSeconds);
        assert_eq!(
            line(Resolution::TenSeconds, 9_500, 12_000, &buckets),
            [(9_500, Some(3.0)), (10_000, Some(7.0)), (12_000, Some(8.0))]
        );
    }

    #[test]
    fn a_joined_line_has_no_point_twice_and_says_where_nothing_was() {
        let store = (vec![1_000, 2_000, 3_000], vec![Some(1.0), Some(2.0), Some(3.0)]);
        let ring = (vec![3_000, 4_000], vec![Some(9.0), Some(4.0)]);
        assert_eq!(
            join(store, ring, 100),
            (vec![1_000, 2_000, 3_000, 4_000], [1.0, 2.0, 3.0, 4.0].map(Some).to_vec())
        );
    }

    #[test]
    fn a_line_that_ends_long_before_its_range_ends_with_a_gap() {
        let value = [Bucket::value(1_000, 1.0)];
        assert_eq!(line(Resolution::Second, 0, 4_000, &value), [(1_000, Some(1.0))]);
        assert_eq!(line(Resolution::Second, 0, 4_001, &value), [(1_000, Some(1.0)), (2_000, None)]);
        let minute = [Bucket::value(60_000, 1.0)];
        assert_eq!(line(Resolution::Minute, 0, 179_999, &minute).len(), 1);
        assert_eq!(line(Resolution::Minute, 0, 180_001, &minute)[1], (120_000, None));
    }

    proptest! {
        #[test]
        fn a_mean_lies_between_its_extremes_and_no_value_is_lost(
            values in prop::collection::vec((1_i64..20_000, prop::num::f32::NORMAL | prop::num::f32::ZERO), 0..400),
        ) {
            let mut at = 0;
            let rows: Vec<(i64, f32)> = values.into_iter().map(|(step, v)| { at += step; (at, v) }).collect();
            for resolution in Resolution::ALL {
                let buckets = fold(rows.iter().copied(), resolution);
                prop_assert!(buckets.iter().all(|b| b.min <= b.mean && b.mean <= b.max && b.count > 0));
                prop_assert!(buckets.windows(2).all(|w| w[0].at_ms < w[1].at_ms));
                prop_assert_eq!(buckets.iter().map(|b| b.count as usize).sum::<usize>(), rows.len());
            }
        }
    }
}
