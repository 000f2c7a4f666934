//! Response times of an instance as moving averages, for the algorithms that look at them.

use std::time::Duration;

use parking_lot::Mutex;

use crate::algorithm::Response;

/// What was measured this long ago counts 1/e, seconds. Finagle's default for its peak-EWMA balancer.
const FADING_S: f64 = 10.0;
/// A failure counts like an answer that took at least this long: failing fast shall not look like answering fast.
const FAILURE_US: f32 = 1_000_000.0;

/// Time to the head of the answer, exponentially weighted by the time between measurements: `a ← a·w + x·(1−w)`, `w = e^(−Δt/τ)`. The
/// peak-sensitive average rises to each higher value at once.
#[derive(Debug, Default)]
pub(crate) struct ResponseTimes(Mutex<Times>);

#[derive(Debug, Default)]
struct Times {
    then: Response,
    /// When that was, seconds of the monotonic clock.
    measured_s: f64,
    /// Requests whose answer has not begun.
    waiting: u32,
    /// Since when nothing has come for them, seconds of the monotonic clock.
    silent_since_s: f64,
}

impl Times {
    fn read(&self, now_s: f64) -> Response {
        let kept = fading(now_s - self.measured_s);
        Response {
            average_us: self.then.average_us * kept,
            peak_us: self.then.peak_us * kept,
        }
    }

    /// How long it has left everybody waiting, µs: an answer that has not come yet takes at least so long.
    fn silence_us(&self, now_s: f64) -> f32 {
        if self.waiting == 0 {
            return 0.0;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a share of a percent of a latency does not matter")]
        let silence_us = ((now_s - self.silent_since_s).max(0.0) * 1e6) as f32;
        silence_us
    }
}

impl ResponseTimes {
    /// One more request waits for its answer.
    pub(crate) fn asked(&self, now_s: f64) {
        let mut times = self.0.lock();
        if times.waiting == 0 {
            times.silent_since_s = now_s;
        }
        times.waiting += 1;
    }

    /// One of them waits no more: the instance was heard, or the request was given up.
    pub(crate) fn done_waiting(&self, heard: bool, now_s: f64) {
        let mut times = self.0.lock();
        times.waiting = times.waiting.saturating_sub(1);
        if heard {
            times.silent_since_s = now_s;
        }
    }

    pub(crate) fn answered(&self, took: Duration, now_s: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "a share of a percent of a latency does not matter")]
        let took_us = (took.as_secs_f64() * 1e6) as f32;
        self.record(|_| took_us, now_s);
    }

    pub(crate) fn failed(&self, now_s: f64) {
        self.record(|faded| faded.peak_us.max(FAILURE_US), now_s);
    }

    fn record(&self, value: impl FnOnce(Response) -> f32, now_s: f64) {
        let mut times = self.0.lock();
        let faded = times.read(now_s);
        let value = value(faded);
        let new = if times.then.average_us == 0.0 {
            1.0
        } else {
            1.0 - fading(now_s - times.measured_s)
        };
        // What has faded is made up for by what is new.
        let average_us = faded.average_us + value * new;
        let peak_us = (faded.peak_us + value * new).max(value);
        times.then = Response { average_us, peak_us };
        times.measured_s = now_s;
    }

    pub(crate) fn read(&self, now_s: f64) -> Response {
        let times = self.0.lock();
        let (past, silence_us) = (times.read(now_s), times.silence_us(now_s));
        Response {
            average_us: past.average_us.max(silence_us),
            peak_us: past.peak_us.max(silence_us),
        }
    }
}

fn fading(seconds: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    let kept = (-seconds.max(0.0) / FADING_S).exp() as f32;
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_peak_counts_at_once_and_fades() {
        let times = ResponseTimes::default();
        times.answered(MS, 0.0);
        times.answered(100 * MS, 0.1);
        let peak = times.read(0.1);
        assert!((peak.peak_us - 100_000.0).abs() < 1.0 && peak.average_us < 3_000.0, "{peak:?}");
        let later = times.read(10.1);
        assert!((later.peak_us - 36_788.0).abs() < 50.0, "after one time constant: {later:?}");
    }

    #[test]
    fn a_steady_time_is_its_own_average() {
        let times = ResponseTimes::default();
        for second in 0..100 {
            times.answered(5 * MS, f64::from(second));
        }
        let steady = times.read(99.0);
        assert!(
            (steady.average_us - 5_000.0).abs() < 1.0 && (steady.peak_us - 5_000.0).abs() < 1.0,
            "{steady:?}"
        );
    }

    #[test]
    fn one_that_leaves_everybody_waiting_is_slow_already() {
        let times = ResponseTimes::default();
        times.answered(MS, 0.0);
        times.asked(1.0);
        times.asked(1.5);
        assert!((times.read(2.0).peak_us - 1_000_000.0).abs() < 1.0);
        times.done_waiting(true, 2.0);
        assert!(times.read(2.1).peak_us < 200_000.0, "it was heard");
        times.done_waiting(false, 2.1);
        assert!(times.read(60.0).peak_us < 1_000.0, "nobody waits");
    }

    #[test]
    fn a_failure_does_not_bring_an_old_peak_back() {
        let times = ResponseTimes::default();
        times.answered(60_000 * MS, 0.0);
        times.failed(600.0);
        assert!((times.read(600.0).peak_us - FAILURE_US).abs() < 1.0);
    }

    #[test]
    fn failing_fast_is_not_answering_fast() {
        let times = ResponseTimes::default();
        times.answered(MS, 0.0);
        times.failed(0.0);
        assert!(times.read(0.0).peak_us >= FAILURE_US);
    }
}
