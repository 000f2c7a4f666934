//! What a gateway counts and remembers; it outlives the plans.

mod breaker;
mod budget;
mod degradation;
mod instance;
mod journal;
mod latency;
mod outlier;
mod pool;
mod rate;
mod response;
mod tally;

pub(crate) use breaker::{Breaker, Pass, Transition};
pub(crate) use budget::Budget;
pub(crate) use degradation::Degradation;
pub(crate) use instance::{CheckOrders, InstanceState};
pub(crate) use journal::{Happened, Journal};
pub(crate) use latency::{Latencies, add};
pub(crate) use outlier::{Outlier, Standing};
pub(crate) use pool::{PoolState, Refusal, Reuse};
pub(crate) use rate::RateLimit;
pub(crate) use response::ResponseTimes;
pub(crate) use tally::{InFlight, Outcome, Tally};

use std::{
    sync::LazyLock,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// Unix time, ms. 0 on a machine whose clock stands before 1970.
pub(crate) fn unix_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}

/// The same clock in ms, never 0.
pub(crate) fn monotonic_ms() -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and not in 500 million years"
    )]
    let ms = (monotonic_s() * 1e3) as u64;
    ms + 1
}

/// Seconds since the first time somebody asked: a clock that never jumps.
pub(crate) fn monotonic_s() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64()
}
