//! Several series brought onto one row of times, for tables, files and stacked areas.
//!
//! Each value is one that was really measured: the last within its slice of time. Nothing is averaged or interpolated, and a slice
//! without a measurement stays empty.

use model::Series;

use super::base::Span;

/// Rows of equal slices; `columns[c][r]` is the value of series `c` in row `r`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Aligned {
    /// When the newest of a slice's values was measured, Unix ms; the beginning of a slice that has none.
    pub(super) times_ms: Vec<i64>,
    pub(super) columns: Vec<Vec<Option<f32>>>,
}

/// Cuts `span` into at most `rows` slices of whole seconds and takes the last value of each series in each slice. Slices before the
/// first and after the last measurement are left out.
pub(super) fn align(series: &[Series], span: Span, rows: usize) -> Aligned {
    let first = series.iter().filter_map(|s| s.times_ms.first()).min();
    let last = series.iter().filter_map(|s| s.times_ms.last()).max();
    let (Some(&first), Some(&last)) = (first, last) else {
        return Aligned::default();
    };
    let (from, to) = (first.max(span.from_ms), last.min(span.to_ms));
    if rows == 0 || to < from {
        return Aligned::default();
    }
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    // Slices lie on a fixed raster, so that a live chart does not shift its past with every new second.
    let slice_ms = step_ms(series, (to - from) / rows + 1);
    let (first_slice, last_slice) = (from.div_euclid(slice_ms), to.div_euclid(slice_ms));
    let count = usize::try_from(last_slice - first_slice + 1).unwrap_or(0);
    let mut times_ms: Vec<_> = (first_slice..=last_slice).map(|slice| (slice * slice_ms).max(from)).collect();
    let columns = series
        .iter()
        .map(|s| {
            let mut column = vec![None; count];
            for (&at, &value) in s.times_ms.iter().zip(&s.values).filter(|&(at, _)| (from..=to).contains(at)) {
                let Some(row) = usize::try_from(at.div_euclid(slice_ms) - first_slice)
                    .ok()
                    .filter(|&row| row < count)
                else {
                    continue;
                };
                if let Some(value) = value.filter(|v| v.is_finite()) {
                    column[row] = Some(value);
                    times_ms[row] = times_ms[row].max(at);
                }
            }
            column
        })
        .collect();
    Aligned { times_ms, columns }
}

/// A whole number of seconds, at least `wanted_ms`, and not finer than the data: or every second slice would be empty.
fn step_ms(series: &[Series], wanted_ms: i64) -> i64 {
    const SECOND_MS: i64 = 1_000;
    let usual = |s: &Series| {
        let mut gaps: Vec<_> = s.times_ms.windows(2).map(|w| w[1] - w[0]).collect();
        let middle = gaps.len() / 2;
        (!gaps.is_empty()).then(|| *gaps.select_nth_unstable(middle).1)
    };
    let usual_ms = series.iter().filter_map(usual).max().unwrap_or(SECOND_MS);
    let at_least = wanted_ms.max(usual_ms).max(SECOND_MS);
    (at_least + SECOND_MS / 2).div_euclid(SECOND_MS) * SECOND_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::testing::series;

    const MINUTE: Span = Span { from_ms: 0, to_ms: 60_000 };

    #[test]
    fn the_last_measured_value_of_a_slice_stands_for_it() {
        let a = series(
            "requests_per_s",
            0,
            1_000,
            &[Some(1.0), Some(2.0), None, None, Some(5.0), Some(6.0)],
        );
        let aligned = align(&[a], MINUTE, 3);
        assert_eq!(aligned.columns, [[Some(2.0), None, Some(6.0)]]);
        assert_eq!(aligned.times_ms, [1_000, 2_000, 5_000]);
    }

    #[test]
    fn series_with_different_times_share_rows() {
        let a = series("p50_ms", 0, 1_000, &[Some(1.0); 4]);
        let b = series("p95_ms", 300, 1_000, &[Some(9.0); 4]);
        let aligned = align(&[a, b], MINUTE, 60);
        assert_eq!(aligned.times_ms.len(), 4);
        assert!(aligned.columns.iter().all(|c| c.iter().all(Option::is_some)));
    }

    #[test]
    fn never_more_rows_than_asked_and_none_without_data() {
        let long = series("p50_ms", 0, 1_000, &vec![Some(1.0); 3_601]);
        let hour = Span {
            from_ms: 0,
            to_ms: 3_600_000,
        };
        assert!(align(&[long], hour, 60).times_ms.len() <= 61);
        assert_eq!(align(&[], hour, 60), Aligned::default());
        assert_eq!(align(&[series("p50_ms", 0, 1_000, &[])], hour, 60), Aligned::default());
    }
}
