//! Latencies of an instance, cumulative.

use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

/// Latencies are recorded between 1 µs and 1 h; what lies outside counts as the nearer end.
const MIN_US: u64 = 1;
const MAX_US: u64 = 3_600_000_000;
/// 1 % exact, about 25 kB each.
const DIGITS: u8 = 2;

/// One request at a time records, for some 50 ns; with one of these per instance they seldom meet.
#[derive(Debug)]
pub(crate) struct Latencies(Mutex<Recorder>);

#[derive(Debug)]
struct Recorder {
    histogram: Histogram<u64>,
    /// Its contents moved to where an instance's latencies go when it leaves.
    is_folded: bool,
}

impl Latencies {
    /// Returns whether it was recorded: not after [`Latencies::fold`].
    pub(crate) fn record(&self, latency: Duration) -> bool {
        let us = u64::try_from(latency.as_micros()).unwrap_or(MAX_US).clamp(MIN_US, MAX_US);
        let mut recorder = self.0.lock();
        if recorder.is_folded {
            return false;
        }
        recorder.histogram.saturating_record(us);
        true
    }

    pub(crate) fn histogram(&self) -> Histogram<u64> {
        self.0.lock().histogram.clone()
    }

    pub(crate) fn add(&self, other: &Histogram<u64>) {
        add(&mut self.0.lock().histogram, other);
    }

    /// What was recorded. Nothing is recorded here any more, so that no latency counts twice or not at all.
    pub(crate) fn fold(&self) -> Histogram<u64> {
        let mut recorder = self.0.lock();
        recorder.is_folded = true;
        std::mem::replace(&mut recorder.histogram, empty())
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self(Mutex::new(Recorder {
            histogram: empty(),
            is_folded: false,
        }))
    }
}

pub(crate) fn add(to: &mut Histogram<u64>, other: &Histogram<u64>) {
    to.add(other).expect("all histograms here have the same bounds");
}

fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(MIN_US, MAX_US, DIGITS).expect("constant bounds that satisfy max >= 2 * min and at most 5 digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_beyond_the_ends_are_clamped() {
        let latencies = Latencies::default();
        for latency in [Duration::ZERO, Duration::from_secs(100_000)] {
            assert!(latencies.record(latency));
        }
        let histogram = latencies.histogram();
        assert_eq!((histogram.len(), histogram.min()), (2, MIN_US));
        assert!(histogram.max() >= MAX_US && histogram.max() < MAX_US / 100 * 102);
    }

    #[test]
    fn folded_latencies_are_handed_over_once_and_late_ones_are_refused() {
        let (left, pool) = (Latencies::default(), Latencies::default());
        left.record(Duration::from_millis(1));
        pool.add(&left.fold());
        assert!(!left.record(Duration::from_millis(1)), "the caller must record it elsewhere");
        assert_eq!((left.histogram().len(), pool.histogram().len()), (0, 1));
    }
}
