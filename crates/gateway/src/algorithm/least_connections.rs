//! The fewest requests in flight, divided by weight. Equals take turns, so that an idle pool is spread evenly.

use super::{Candidates, Note, Picker, Request, costs, ranking::Ranking};

#[derive(Debug)]
pub(super) struct LeastConnections(Ranking);

impl LeastConnections {
    pub(super) fn new(count: usize) -> Self {
        Self(Ranking::new(count))
    }
}

impl Picker for LeastConnections {
    fn pick(&self, candidates: &dyn Candidates, _request: &Request<'_>, note: Note<'_>) -> Option<usize> {
        self.0.pick(candidates, note, false)
    }

    fn changed(&self, candidates: &dyn Candidates, index: usize) {
        self.0.update(index, || costs::in_flight(candidates, index));
    }

    fn refresh(&self, candidates: &dyn Candidates) {
        self.0.refresh(|index| costs::in_flight(candidates, index));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::testing::{View, anybody, counts, mixed_view, refreshed};

    fn picked(view: &View) -> Option<usize> {
        refreshed(LeastConnections::new(view.len()), view).pick(view, &anybody(), None)
    }

    #[test]
    fn in_flight_is_weighed() {
        let mut view = View::of_weights(&[4, 1]);
        view.in_flight = vec![3, 1];
        assert_eq!(picked(&view), Some(0));
        view.in_flight = vec![5, 1];
        assert_eq!(picked(&view), Some(1));
    }

    #[test]
    fn one_change_is_enough_to_know() {
        let mut view = View::of_weights(&[1, 1]);
        let picker = LeastConnections::new(2);
        view.in_flight[0] = 1;
        picker.changed(&view, 0);
        assert_eq!(picker.pick(&view, &anybody(), None), Some(1));
    }

    #[test]
    fn an_idle_pool_is_spread_evenly_also_around_one_that_is_out() {
        let mut view = View::of_weights(&[1, 1, 1]);
        view.takes[0] = false;
        assert_eq!(counts(&refreshed(LeastConnections::new(3), &view), &view, 100), [0, 50, 50]);
    }

    #[test]
    fn one_on_its_way_back_counts_as_a_lighter_one() {
        let mut view = View::of_weights(&[1, 1]);
        (view.in_flight, view.ramp) = (vec![5, 1], vec![1.0, 0.1]);
        assert_eq!(picked(&view), Some(0));
    }

    proptest! {
        #[test]
        fn nobody_who_takes_requests_is_lighter_than_the_picked(view in mixed_view()) {
            match picked(&view) {
                None => prop_assert!(!view.takes.contains(&true)),
                Some(picked) => {
                    prop_assert!(view.takes[picked]);
                    let cost = |index| costs::in_flight(&view, index);
                    prop_assert!((0..view.len()).all(|i| !view.takes[i] || cost(i) >= cost(picked)));
                }
            }
        }
    }
}
