use std::time::{SystemTime, UNIX_EPOCH};

/// Wall time. Durations inside the process are measured with `tokio::time::Instant`, which a clock jump does not touch.
pub trait Clock: Send + Sync + 'static {
    /// Unix time, ms.
    fn now_ms(&self) -> i64;
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
