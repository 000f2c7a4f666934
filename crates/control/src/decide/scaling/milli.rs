//! From what was measured to numbers that can be counted with, and from doubles back to replicas.

use model::scaling::MILLI_MAX;

/// Whole thousandths of a measured value, or nothing when it is not a number, negative or too large.
pub(super) fn measured(value: f64) -> Option<i64> {
    let milli = (value * 1_000.0).round();
    // A NaN is in no range.
    if value >= 0.0 && milli <= MILLI_MAX as f64 {
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and 2^50")]
        let milli = milli as i64;
        Some(milli)
    } else {
        None
    }
}

/// The measured value of so many thousandths; [`measured`] gives them back exactly.
pub(super) fn value(milli: i64) -> f64 {
    milli as f64 / 1_000.0
}

/// As Kubernetes rounds a number of replicas, except that what does not fit saturates.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a double saturates, and NaN is 0"
)]
pub(super) fn ceil(replicas: f64) -> u32 {
    replicas.ceil() as u32
}

/// Whether a reading is from a time that counts: not too old, and not further in the future than it could be old.
pub(super) fn is_fresh(at_ms: i64, now_ms: i64, max_age_s: u32) -> bool {
    max_age_s == 0 || now_ms.abs_diff(at_ms) <= u64::from(max_age_s) * 1_000
}

/// `at` + seconds, at the end of time at most.
pub(super) fn after(at_ms: i64, seconds: u32) -> i64 {
    at_ms.saturating_add(i64::from(seconds) * 1_000)
}

/// `at` - seconds, at the beginning of time at least.
pub(super) fn before(at_ms: i64, seconds: u32) -> i64 {
    at_ms.saturating_sub(i64::from(seconds) * 1_000)
}
