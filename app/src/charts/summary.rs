//! The line under a chart: the smallest, mean, largest and last value of each series.

use model::Series;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    pub(super) min: f32,
    /// Of the values held; over long ranges those are the extremes of their slices, so it is close, not exact.
    pub(super) mean: f32,
    pub(super) max: f32,
    /// Absent when the newest moment has no value: what was last known is not what is.
    pub(super) last: Option<f32>,
}

/// None when nothing was measured.
pub(super) fn summary(series: &Series) -> Option<Summary> {
    let mut count = 0_u32;
    let (mut min, mut max, mut sum) = (f32::INFINITY, f32::NEG_INFINITY, 0.0_f64);
    for value in series.values.iter().flatten().copied().filter(|v| v.is_finite()) {
        count += 1;
        min = min.min(value);
        max = max.max(value);
        sum += f64::from(value);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a mean lies between values that are f32")]
    let mean = (sum / f64::from(count.max(1))) as f32;
    (count > 0).then(|| Summary {
        min,
        mean,
        max,
        last: series.values.last().copied().flatten().filter(|v| v.is_finite()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::testing::series;

    #[test]
    fn gaps_count_for_nothing() {
        let all = summary(&series("p50_ms", 0, 1, &[Some(1.0), None, Some(4.0), Some(f32::NAN), Some(1.0)]));
        let expected = Summary {
            min: 1.0,
            mean: 2.0,
            max: 4.0,
            last: Some(1.0),
        };
        assert_eq!(all, Some(expected));
        assert_eq!(summary(&series("p50_ms", 0, 1, &[Some(1.0), None])).unwrap().last, None);
        assert_eq!(summary(&series("p50_ms", 0, 1, &[None])), None);
    }
}
