//! The lowest average response time, multiplied by the requests in flight and the one to come.

use super::{
    Candidates, Note, Picker, Request, costs,
    ranking::{Cost, NOT_NOW, Ranking},
};

#[derive(Debug)]
pub(super) struct LeastResponseTime(Ranking);

impl LeastResponseTime {
    pub(super) fn new(count: usize) -> Self {
        Self(Ranking::new(count))
    }
}

/// Averages whose ratio is below this are alike. Of equal instances one is always a little faster, and would get everything.
const ALIKE: f64 = 1.25;

/// The average fades towards [`costs::LATENCY_FLOOR_US`] while nothing is measured, so that whoever was slow once is tried again; costs follow with each
/// refresh.
fn cost(candidates: &dyn Candidates, index: usize) -> Cost {
    if !candidates.takes(index) {
        return NOT_NOW;
    }
    let busy = f64::from(candidates.in_flight(index)) + 1.0;
    banded(candidates.response(index).average_us.into()) * busy / costs::ramp(candidates, index)
}

/// The upper end of the band that this average, µs, is in: the floor, and from there on [`ALIKE`] times the one before.
fn banded(average_us: f64) -> f64 {
    let above = (average_us / costs::LATENCY_FLOOR_US).max(1.0);
    costs::LATENCY_FLOOR_US * ALIKE.powf(above.log(ALIKE).ceil())
}

impl Picker for LeastResponseTime {
    fn pick(&self, candidates: &dyn Candidates, _request: &Request<'_>, note: Note<'_>) -> Option<usize> {
        self.0.pick(candidates, note, false)
    }

    fn changed(&self, candidates: &dyn Candidates, index: usize) {
        self.0.update(index, || cost(candidates, index));
    }

    fn refresh(&self, candidates: &dyn Candidates) {
        self.0.refresh(|index| cost(candidates, index));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::{
        Response,
        testing::{View, anybody, mixed_view, refreshed},
    };

    fn picked(view: &View) -> Option<usize> {
        refreshed(LeastResponseTime::new(view.len()), view).pick(view, &anybody(), None)
    }

    fn measured(average_us: f32) -> Response {
        Response {
            average_us,
            peak_us: average_us,
        }
    }

    #[test]
    fn the_faster_one_is_picked_until_it_is_busier() {
        let mut view = View::of_weights(&[1, 1]);
        view.response = vec![measured(9_000.0), measured(3_000.0)];
        view.in_flight = vec![0, 1];
        assert_eq!(picked(&view), Some(1), "3 ms twice is less than 9 ms");
        view.in_flight = vec![0, 3];
        assert_eq!(picked(&view), Some(0));
    }

    #[test]
    fn instances_that_are_about_as_fast_take_turns() {
        let mut view = View::of_weights(&[1, 1, 1]);
        view.response = vec![measured(5_020.0), measured(5_100.0), measured(5_060.0)];
        let picker = refreshed(LeastResponseTime::new(3), &view);
        let mut counts = [0; 3];
        for _ in 0..300 {
            counts[picker.pick(&view, &anybody(), None).unwrap()] += 1;
        }
        assert_eq!(counts, [100; 3]);
        view.response[1] = measured(8_000.0);
        picker.refresh(&view);
        assert!((0..30).all(|_| picker.pick(&view, &anybody(), None) != Some(1)));
    }

    #[test]
    fn a_new_instance_is_tried_but_not_buried() {
        let mut view = View::of_weights(&[1, 1]);
        view.response = vec![measured(5_000.0), Response::default()];
        view.in_flight = vec![0, 49];
        assert_eq!(picked(&view), Some(0), "fifty requests that have not come back are as slow as 5 ms");
    }

    proptest! {
        #[test]
        fn only_takers_are_picked(view in mixed_view()) {
            match picked(&view) {
                None => prop_assert!(!view.takes.contains(&true)),
                Some(picked) => prop_assert!(view.takes[picked]),
            }
        }
    }
}
