//! Min-max downsampling: every peak and every gap stays visible, whatever the number of points.

/// At most `limit` points of `(time, value)`, in time order. Each bucket gives its smallest and largest value at their own times, and
/// one gap when it holds one; so no outage and no spike disappears. The last point stays, so that what follows it is not taken for a
/// gap. Fewer points than `limit` come back unchanged.
pub fn min_max(times_ms: &[i64], values: &[Option<f32>], limit: usize) -> (Vec<i64>, Vec<Option<f32>>) {
    debug_assert_eq!(times_ms.len(), values.len());
    let n = times_ms.len().min(values.len());
    if n <= limit {
        return (times_ms[..n].to_vec(), values[..n].to_vec());
    }
    // Three points a bucket at the most: minimum, maximum, gap. And the last one, where there is room.
    let with_last = limit > 3;
    let buckets = ((limit - usize::from(with_last)) / 3).max(1);
    let (mut times, mut out) = (Vec::with_capacity(limit), Vec::with_capacity(limit));
    for bucket in 0..buckets {
        let (from, to) = (bucket * n / buckets, (bucket + 1) * n / buckets);
        let mut keep = chosen(&values[from..to]);
        if with_last && bucket + 1 == buckets {
            keep.push(to - from - 1);
        }
        keep.sort_unstable();
        keep.dedup();
        for i in keep {
            times.push(times_ms[from + i]);
            out.push(values[from + i]);
        }
    }
    (times, out)
}

/// Positions of the smallest, the largest and the first missing value.
fn chosen(values: &[Option<f32>]) -> Vec<usize> {
    let present = || values.iter().enumerate().filter_map(|(i, v)| v.map(|v| (i, v)));
    let min = present().min_by(|a, b| a.1.total_cmp(&b.1));
    let max = present().max_by(|a, b| a.1.total_cmp(&b.1));
    let gap = values.iter().position(Option::is_none);
    [min.map(|m| m.0), max.map(|m| m.0), gap].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn extremes_gaps_order_and_limit_hold(values in prop::collection::vec(prop::option::weighted(0.9, -1e6_f32..1e6), 0..5_000), limit in 3_usize..2_001) {
            let times: Vec<i64> = (0..).take(values.len()).map(|i: i64| i * 1_000).collect();
            let (t, v) = min_max(&times, &values, limit);
            prop_assert!(v.len() <= limit && t.len() == v.len());
            prop_assert!(t.windows(2).all(|w| w[0] < w[1]));
            let extreme = |v: &[Option<f32>]| v.iter().flatten().fold((f32::MAX, f32::MIN), |(lo, hi), x| (lo.min(*x), hi.max(*x)));
            prop_assert_eq!(extreme(&values), extreme(&v));
            prop_assert_eq!(values.contains(&None), v.contains(&None));
            prop_assert!(limit == 3 || t.last() == times.last());
            for (t, v) in t.iter().zip(&v) {
                prop_assert_eq!(values[usize::try_from(*t / 1_000).unwrap()], *v);
            }
        }
    }
}
