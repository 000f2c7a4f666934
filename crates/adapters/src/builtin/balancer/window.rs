//! Quantiles over a sliding window.
//!
//! Between two observations the growth is kept as a sparse list of latencies: a busy second fills some fifty buckets of several
//! thousand, so ten seconds of a thousand instances fit in a few megabytes.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use gateway::Distribution;
use model::{LatencySummary, Window};

#[derive(Default)]
pub(super) struct Sliding {
    /// Oldest first, with the moment each one begins.
    slices: VecDeque<(Instant, Distribution)>,
    pushed: Option<Instant>,
}

impl Sliding {
    /// Adds what was recorded until `now` and answers with the quantiles of the last `length`.
    pub(super) fn push(&mut self, now: Instant, length: Duration, slice: Distribution) -> Window {
        if let Some(begin) = self.pushed.replace(now) {
            self.slices.push_back((begin, slice));
        }
        // A little over the length, so that ticks that come a few milliseconds late do not lose a tenth of it.
        while self
            .slices
            .front()
            .is_some_and(|(begin, _)| now.duration_since(*begin) > length + length / 20)
        {
            self.slices.pop_front();
        }
        let seconds = self
            .slices
            .front()
            .map_or(0.0, |(begin, _)| now.duration_since(*begin).as_secs_f32());
        Window {
            seconds,
            latency: summary(self.slices.iter().map(|(_, slice)| slice)),
        }
    }
}

/// Nearest-rank quantiles; each is within the histogram's precision of 1 %.
fn summary<'a>(slices: impl Iterator<Item = &'a Distribution>) -> Option<LatencySummary> {
    let mut sum: BTreeMap<u64, u64> = BTreeMap::new();
    for (us, count) in slices.flat_map(Distribution::pairs) {
        *sum.entry(*us).or_default() += count;
    }
    let max = *sum.last_key_value()?.0;
    let count: u64 = sum.values().sum();
    let total: u128 = sum.iter().map(|(us, n)| u128::from(*us) * u128::from(*n)).sum();
    let quantile = |percent: u128| {
        let rank = (u128::from(count) * percent).div_ceil(100).max(1);
        let mut seen = 0;
        sum.iter().find(|(_, n)| {
            seen += u128::from(**n);
            seen >= rank
        })
    };
    let ms = |us: u64| us as f32 / 1_000.0;
    let at = |percent| quantile(percent).map_or(ms(max), |(us, _)| ms(*us));
    #[expect(clippy::cast_possible_truncation, reason = "a mean of latencies needs no more than 24 bits")]
    let mean_ms = (total as f64 / count as f64 / 1_000.0) as f32;
    Some(LatencySummary {
        count,
        mean_ms,
        p50_ms: at(50),
        p95_ms: at(95),
        p99_ms: at(99),
        max_ms: ms(max),
    })
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;

    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    fn recorded(values: impl IntoIterator<Item = u64>) -> Distribution {
        let mut h = Histogram::new_with_bounds(1, 3_600_000_000, 2).unwrap();
        for v in values {
            h.record(v).unwrap();
        }
        Distribution::from(&h)
    }

    #[test]
    fn quantiles_are_of_what_came_since() {
        let (mut sliding, start) = (Sliding::default(), Instant::now());
        assert_eq!(
            sliding.push(start, TEN, recorded([50_000; 1_000])).latency,
            None,
            "history is no news"
        );
        let slice = recorded((1..=100).map(|ms| ms * 1_000));
        let latency = sliding.push(start + Duration::from_secs(1), TEN, slice).latency.unwrap();
        assert_eq!(latency.count, 100);
        for (got, wanted) in [
            (latency.p50_ms, 50.0),
            (latency.p95_ms, 95.0),
            (latency.p99_ms, 99.0),
            (latency.max_ms, 100.0),
            (latency.mean_ms, 50.5),
        ] {
            assert!((got / wanted - 1.0_f32).abs() < 0.02, "{got} is not about {wanted}");
        }
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let (mut sliding, start) = (Sliding::default(), Instant::now());
        for second in 0..30_u64 {
            let slice = recorded([if second < 15 { 900_000 } else { 1_000 }]);
            let window = sliding.push(start + Duration::from_secs(second), TEN, slice);
            assert!(window.seconds <= 10.5);
            if second == 29 {
                let latency = window.latency.unwrap();
                assert_eq!(latency.count, 10);
                assert!(latency.max_ms < 2.0);
            }
        }
    }
}
