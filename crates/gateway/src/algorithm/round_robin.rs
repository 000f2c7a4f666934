//! Even over the instances that take requests: their counts never differ by more than one.

use super::{
    Candidates, Note, Picker, Request,
    rotation::{Rotation, Turns, around},
    takers::Takers,
};

#[derive(Debug)]
pub(super) struct RoundRobin {
    rotation: Rotation,
    takers: Takers,
    turns: Turns,
}

impl RoundRobin {
    pub(super) fn new(count: usize) -> Self {
        Self {
            rotation: Rotation::default(),
            takers: Takers::all(count),
            turns: Turns::new(count),
        }
    }

    /// Through the set of takers, as long as that is up to date; else by looking at everybody.
    fn next(&self, candidates: &dyn Candidates, start: usize, mut accepts: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut from = start;
        for _ in 0..HINTS {
            let hint = self.takers.next(from)?;
            if candidates.takes(hint) && accepts(hint) {
                return Some(hint);
            }
            from = hint + 1;
        }
        around(start, candidates.len()).find(|&index| candidates.takes(index) && accepts(index))
    }
}

/// So many of the set may have gone out since, or been tried by this request.
const HINTS: usize = 8;

impl Picker for RoundRobin {
    fn pick(&self, candidates: &dyn Candidates, _request: &Request<'_>, note: Note<'_>) -> Option<usize> {
        self.rotation.advance(note, |start, passed| {
            self.next(candidates, start, |index| {
                passed.asked(index, self.turns.accepts(candidates, index))
            })
            // Only instances on their way back are left.
            .or_else(|| around(start, candidates.len()).find(|&index| candidates.takes(index)))
        })
    }

    fn refresh(&self, candidates: &dyn Candidates) {
        self.takers.refresh(|index| candidates.takes(index));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::testing::{View, anybody, counts, mixed_view};

    #[test]
    fn instances_take_turns() {
        let view = View::of_weights(&[1, 1, 1]);
        let picker = RoundRobin::new(3);
        let picks: Vec<_> = (0..6).filter_map(|_| picker.pick(&view, &anybody(), None)).collect();
        assert_eq!(picks, [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn the_neighbour_of_one_that_is_out_gets_no_double_share() {
        let mut view = View::of_weights(&[1, 1, 1, 1]);
        view.takes[1] = false;
        assert_eq!(counts(&RoundRobin::new(4), &view, 300), [100, 0, 100, 100]);
    }

    #[test]
    fn one_on_its_way_back_gets_its_part_of_a_share() {
        let mut view = View::of_weights(&[1, 1, 1]);
        view.ramp[2] = 0.25;
        let counts = counts(&RoundRobin::new(3), &view, 900);
        assert_eq!(counts, [400, 400, 100]);
    }

    proptest! {
        #[test]
        fn counts_differ_by_one_at_most_and_only_takers_are_picked(view in mixed_view(), rounds in 1_usize..500, refreshed in any::<bool>()) {
            let picker = RoundRobin::new(view.len());
            if refreshed {
                picker.refresh(&view);
            }
            let counts = counts(&picker, &view, rounds);
            let takers: Vec<_> = (0..counts.len()).filter(|&i| view.takes[i]).map(|i| counts[i]).collect();
            prop_assert!((0..counts.len()).all(|i| view.takes[i] || counts[i] == 0));
            prop_assert_eq!(counts.iter().sum::<usize>(), if takers.is_empty() { 0 } else { rounds });
            if let (Some(max), Some(min)) = (takers.iter().max(), takers.iter().min()) {
                prop_assert!(max - min <= 1);
            }
        }
    }
}
