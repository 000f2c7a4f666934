//! Quantiles over a sliding window, from a histogram that only grows.
//!
//! Between two observations the growth is kept as a sparse list of (value, count): a busy second fills some fifty buckets of several
//! thousand, so ten seconds of a thousand instances fit in a few megabytes.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use gateway::Histogram;
use model::{LatencySummary, Window};

/// What was recorded between two observations: latency in µs and how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Slice(Vec<(u64, u64)>);

impl Slice {
    pub(super) fn merged(slices: &[Self]) -> Self {
        let mut sum: BTreeMap<u64, u64> = BTreeMap::new();
        for (value, count) in slices.iter().flat_map(|s| &s.0) {
            *sum.entry(*value).or_default() += count;
        }
        Self(sum.into_iter().collect())
    }
}

#[derive(Default)]
pub(super) struct Sliding {
    last: Option<Histogram<u64>>,
    /// Oldest first, with the moment each one begins.
    slices: VecDeque<(Instant, Slice)>,
    pushed: Option<Instant>,
}

impl Sliding {
    /// What `cumulative` has more than the one seen last. The first one seen is history, not news; one that shrank is a restart.
    pub(super) fn since_last(&mut self, cumulative: Histogram<u64>) -> Slice {
        let Some(last) = self.last.replace(cumulative) else {
            return Slice::default();
        };
        let now = self.last.as_ref().expect("it was just put there");
        if now.len() == last.len() {
            return Slice::default();
        }
        let mut grown = now.clone();
        if grown.subtract(&last).is_err() {
            // Not a superset: the histogram began anew and everything in it is news.
            grown = now.clone();
        }
        Slice(grown.iter_recorded().map(|v| (v.value_iterated_to(), v.count_at_value())).collect())
    }

    /// Adds what was recorded until `now` and answers with the quantiles of the last `length`.
    pub(super) fn push(&mut self, now: Instant, length: Duration, slice: Slice) -> Window {
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
        let all: Vec<Slice> = self.slices.iter().map(|(_, s)| s.clone()).collect();
        Window {
            seconds,
            latency: summary(&Slice::merged(&all)),
        }
    }
}

/// Nearest-rank quantiles; each is within the histogram's precision of 1 %.
fn summary(slice: &Slice) -> Option<LatencySummary> {
    let count: u64 = slice.0.iter().map(|(_, n)| n).sum();
    let max = slice.0.last()?.0;
    let sum: u128 = slice.0.iter().map(|(v, n)| u128::from(*v) * u128::from(*n)).sum();
    let quantile = |percent: u64| {
        let rank = (count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        slice.0.iter().find(|(_, n)| {
            seen += n;
            seen >= rank
        })
    };
    let ms = |us: u64| us as f32 / 1_000.0;
    let at = |percent| quantile(percent).map_or(ms(max), |(v, _)| ms(*v));
    #[expect(clippy::cast_possible_truncation, reason = "a mean of latencies needs no more than 24 bits")]
    let mean_ms = (sum as f64 / count as f64 / 1_000.0) as f32;
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
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
        let mut h = Histogram::new_with_bounds(1, 3_600_000_000, 2).unwrap();
        for v in values {
            h.record(v).unwrap();
        }
        h
    }

    #[test]
    fn quantiles_are_of_what_came_since() {
        let (mut sliding, start) = (Sliding::default(), Instant::now());
        let mut all = histogram((0..1_000).map(|_| 50_000));
        let slice = sliding.since_last(all.clone());
        assert_eq!(sliding.push(start, TEN, slice).latency, None);

        for us in 1..=100 {
            all.record(us * 1_000).unwrap();
        }
        let slice = sliding.since_last(all.clone());
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
        let mut all = histogram([]);
        for second in 0..30_u64 {
            all.record(if second < 15 { 900_000 } else { 1_000 }).unwrap();
            let slice = sliding.since_last(all.clone());
            let window = sliding.push(start + Duration::from_secs(second), TEN, slice);
            assert!(window.seconds <= 10.5);
            if second == 29 {
                let latency = window.latency.unwrap();
                assert_eq!(latency.count, 10);
                assert!(latency.max_ms < 2.0);
            }
        }
    }

    #[test]
    fn a_restarted_histogram_is_all_news() {
        let mut sliding = Sliding::default();
        sliding.since_last(histogram([1, 1, 1, 1_000]));
        assert_eq!(sliding.since_last(histogram([5, 5])).0, [(5, 2)]);
    }
}
