//! Failures in a row of one instance, and its time out because of them.

use std::sync::atomic::{AtomicI64, AtomicU16, AtomicU64, Ordering};

use model::OutlierEjection;
use parking_lot::Mutex;

/// Where an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Serves,
    Ejected,
    /// Its time is over; said once.
    Returns,
}

/// Times are ms of the monotonic clock unless they say otherwise. While nothing fails it costs one load per look.
#[derive(Debug, Default)]
pub(crate) struct Outlier {
    failures: AtomicU16,
    /// 0 when it is not ejected.
    until_ms: AtomicU64,
    until_unix_ms: AtomicI64,
    past: Mutex<Past>,
}

#[derive(Debug, Default)]
struct Past {
    /// Ejections in a row.
    times: u32,
    ended_ms: u64,
}

impl Outlier {
    pub(crate) fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a failure. When it is the last one too many and `may_go` allows it, ejects the instance and returns for how long, ms.
    pub(crate) fn failed(&self, rule: &OutlierEjection, now_ms: u64, now_unix_ms: i64, may_go: impl FnOnce() -> bool) -> Option<u64> {
        let failures = self.failures.load(Ordering::Relaxed).saturating_add(1);
        self.failures.store(failures, Ordering::Relaxed);
        if rule.failures == 0 || failures < rule.failures {
            return None;
        }
        // One at a time: many requests may fail at once.
        let mut past = self.past.lock();
        if self.until_ms.load(Ordering::Relaxed) != 0 || !may_go() {
            return None;
        }
        // As long in service as it was out before: then it counts as the first time again.
        if now_ms.saturating_sub(past.ended_ms) > rule.duration_ms(past.times) {
            past.times = 0;
        }
        past.times += 1;
        let lasts_ms = rule.duration_ms(past.times);
        past.ended_ms = now_ms + lasts_ms;
        self.until_unix_ms
            .store(now_unix_ms.saturating_add_unsigned(lasts_ms), Ordering::Relaxed);
        self.until_ms.store(past.ended_ms.max(1), Ordering::Relaxed);
        self.failures.store(0, Ordering::Relaxed);
        Some(lasts_ms)
    }

    pub(crate) fn standing(&self, now_ms: impl FnOnce() -> u64) -> Standing {
        let until_ms = self.until_ms.load(Ordering::Relaxed);
        if until_ms == 0 {
            return Standing::Serves;
        }
        if now_ms() < until_ms {
            return Standing::Ejected;
        }
        match self.until_ms.compare_exchange(until_ms, 0, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => {
                // Requests that were on their way when it went have failed since: they are not held against it twice.
                self.failures.store(0, Ordering::Relaxed);
                Standing::Returns
            }
            Err(_) => Standing::Serves,
        }
    }

    /// Ends the ejection; whether there was one.
    pub(crate) fn pardon(&self) -> bool {
        self.failures.store(0, Ordering::Relaxed);
        self.until_ms.swap(0, Ordering::Relaxed) != 0
    }

    /// Unix time of its return, ms, while it is out.
    pub(crate) fn until_unix_ms(&self) -> i64 {
        self.until_unix_ms.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: OutlierEjection = OutlierEjection {
        failures: 3,
        base_ms: 1_000,
        max_ms: 3_000,
        max_percent: 50,
    };

    fn fail(outlier: &Outlier, count: u32, now_ms: u64) -> Option<u64> {
        (0..count).find_map(|_| outlier.failed(&RULE, now_ms, 0, || true))
    }

    #[test]
    fn only_failures_in_a_row_eject() {
        let outlier = Outlier::default();
        for _ in 0..5 {
            assert_eq!(fail(&outlier, 2, 0), None);
            outlier.succeeded();
        }
        assert_eq!(fail(&outlier, 3, 0), Some(1_000));
        assert_eq!(outlier.standing(|| 999), Standing::Ejected);
    }

    #[test]
    fn it_returns_once_and_the_next_time_is_longer() {
        let outlier = Outlier::default();
        assert_eq!(fail(&outlier, 3, 0), Some(1_000));
        assert_eq!(outlier.standing(|| 1_000), Standing::Returns);
        assert_eq!(outlier.standing(|| 1_000), Standing::Serves);
        assert_eq!(fail(&outlier, 3, 1_100), Some(2_000));
        outlier.standing(|| 3_100);
        assert_eq!(fail(&outlier, 3, 3_200), Some(3_000), "no longer than the longest");
        outlier.standing(|| 6_200);
        assert_eq!(
            fail(&outlier, 3, 60_000),
            Some(1_000),
            "after a long time in service it is the first time again"
        );
    }

    #[test]
    fn what_fails_while_it_is_out_does_not_count_when_it_is_back() {
        let outlier = Outlier::default();
        assert_eq!(fail(&outlier, 3, 0), Some(1_000));
        assert_eq!(fail(&outlier, 20, 500), None);
        assert_eq!(outlier.standing(|| 1_000), Standing::Returns);
        assert_eq!(fail(&outlier, 2, 1_100), None);
    }

    #[test]
    fn who_must_stay_stays() {
        let outlier = Outlier::default();
        for _ in 0..10 {
            assert_eq!(outlier.failed(&RULE, 0, 0, || false), None);
        }
        let off = OutlierEjection { failures: 0, ..RULE };
        assert_eq!(outlier.failed(&off, 0, 0, || true), None);
    }
}
