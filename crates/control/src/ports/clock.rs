use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// Wall time. Durations inside the process are measured with `tokio::time::Instant`, which a clock jump does not touch.
pub trait Clock: Send + Sync + 'static {
    /// Unix time, ms.
    fn now_ms(&self) -> i64;

    /// Time since the machine started, also that in which it slept or the process stood still. Never goes back. What a lease is worth is
    /// measured by it.
    fn awake_or_not(&self) -> Duration {
        let now = clock_gettime(ClockId::Boottime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
    }
}
