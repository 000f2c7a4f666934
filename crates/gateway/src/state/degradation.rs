//! When a pool does without what matters less.

mod rule;

use std::sync::atomic::{AtomicBool, Ordering};

use hdrhistogram::Histogram;
use model::{Counters, DegradationPolicy};
use parking_lot::Mutex;

use self::rule::{Measures, Rule};

/// Between two looks.
const STEP_MS: u64 = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Degradation {
    is_degraded: AtomicBool,
    past: Mutex<Past>,
}

#[derive(Debug, Default)]
struct Past {
    rule: Rule,
    looked_ms: u64,
    counters: Counters,
    histogram: Option<Histogram<u64>>,
    why: String,
}

impl Degradation {
    pub(crate) fn is_degraded(&self) -> bool {
        self.is_degraded.load(Ordering::Relaxed)
    }

    pub(crate) fn why(&self) -> Option<String> {
        self.is_degraded().then(|| self.past.lock().why.clone())
    }

    /// Looks once a second. Returns what has changed: degraded or not any more, and why. `histogram` is read only where the policy needs it.
    pub(crate) fn look(
        &self,
        policy: &DegradationPolicy,
        now_ms: u64,
        in_flight: u32,
        counters: Counters,
        histogram: impl FnOnce() -> Histogram<u64>,
    ) -> Option<(bool, String)> {
        let mut past = self.past.lock();
        if now_ms.saturating_sub(past.looked_ms) < STEP_MS {
            return None;
        }
        past.looked_ms = now_ms;
        let measures = Measures {
            in_flight,
            p95_ms: (policy.p95_ms > 0).then(|| past.p95_ms(histogram())).flatten(),
            error_percent: past.error_percent(counters),
        };
        let (degraded, why) = past.rule.step(policy, measures)?;
        past.why.clone_from(&why);
        self.is_degraded.store(degraded, Ordering::Relaxed);
        Some((degraded, why))
    }
}

impl Past {
    /// Of what was recorded since the last look.
    fn p95_ms(&mut self, now: Histogram<u64>) -> Option<u32> {
        let before = self.histogram.replace(now.clone())?;
        let mut since = now;
        // One that shrank began anew: everything in it is new.
        let _restarted = since.subtract(&before);
        (!since.is_empty()).then(|| u32::try_from(since.value_at_quantile(0.95) / 1_000).unwrap_or(u32::MAX))
    }

    /// Of the requests finished since the last look.
    fn error_percent(&mut self, now: Counters) -> Option<u32> {
        let before = std::mem::replace(&mut self.counters, now);
        let requests = now.requests.saturating_sub(before.requests);
        let errors = now.errors().saturating_sub(before.errors());
        (requests > 0).then(|| u32::try_from(errors * 100 / requests).unwrap_or(100))
    }
}
