//! Peak-EWMA with the power of two choices, after Twitter's Finagle: of two random instances the one whose peak-sensitive average
//! response time, times the requests in flight and the one to come, is lower.
//!
//! A failure is remembered as a slow answer (`state::response`), so that an instance that fails fast attracts no traffic.

use super::{Candidates, Note, Picker, Request, costs, random_two::Pair};

#[derive(Debug)]
pub(super) struct PeakEwma(Pair);

impl PeakEwma {
    pub(super) fn new(count: usize, seed: u64) -> Self {
        Self(Pair::new(count, seed))
    }
}

impl Picker for PeakEwma {
    fn pick(&self, candidates: &dyn Candidates, _request: &Request<'_>, note: Note<'_>) -> Option<usize> {
        self.0.cheaper(candidates, note, |index| {
            let peak = f64::from(candidates.response(index).peak_us).max(costs::LATENCY_FLOOR_US);
            peak * (f64::from(candidates.in_flight(index)) + 1.0) / costs::ramp(candidates, index)
        })
    }

    fn refresh(&self, candidates: &dyn Candidates) {
        self.0.refresh(candidates);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::{
        Response,
        testing::{View, anybody, counts, mixed_view},
    };

    #[test]
    fn the_slow_one_is_left_alone_while_another_is_faster() {
        let mut view = View::of_weights(&[1, 1, 1]);
        view.response[1] = Response {
            average_us: 2_000.0,
            peak_us: 2_000_000.0,
        };
        assert_eq!(counts(&PeakEwma::new(3, 1), &view, 1_000)[1], 0);
        view.takes = vec![false, true, false];
        assert_eq!(counts(&PeakEwma::new(3, 1), &view, 10), [0, 10, 0]);
    }

    proptest! {
        #[test]
        fn only_takers_are_picked_and_the_same_seed_picks_the_same(view in mixed_view(), seed in any::<u64>()) {
            let (one, other) = (PeakEwma::new(view.len(), seed), PeakEwma::new(view.len(), seed));
            for _ in 0..20 {
                let picked = one.pick(&view, &anybody(), None);
                prop_assert_eq!(picked, other.pick(&view, &anybody(), None));
                match picked {
                    None => prop_assert!(!view.takes.contains(&true)),
                    Some(picked) => prop_assert!(view.takes[picked]),
                }
            }
        }
    }
}
