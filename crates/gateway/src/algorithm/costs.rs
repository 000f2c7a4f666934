//! What the cost-based algorithms have in common: what a busy or returning instance costs.

use super::{
    Candidates,
    ranking::{Cost, NOT_NOW},
};

/// Below this responses are equally fast, µs; also the time of an instance that was never measured. One first answer that had to open its
/// connection would otherwise keep an instance out for seconds.
pub(super) const LATENCY_FLOOR_US: f64 = 1_000.0;

/// How much slow start grants; never 0.
pub(super) fn ramp(candidates: &dyn Candidates, index: usize) -> f64 {
    f64::from(candidates.ramp(index)).clamp(0.001, 1.0)
}

/// Weight as far as slow start grants it.
pub(super) fn effective_weight(candidates: &dyn Candidates, index: usize) -> f64 {
    f64::from(candidates.weight(index).get()) * ramp(candidates, index)
}

/// Requests in flight, divided by weight: the cost of least connections.
pub(super) fn in_flight(candidates: &dyn Candidates, index: usize) -> Cost {
    if candidates.takes(index) {
        f64::from(candidates.in_flight(index)) / effective_weight(candidates, index)
    } else {
        NOT_NOW
    }
}
