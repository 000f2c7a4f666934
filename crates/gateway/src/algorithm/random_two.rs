//! Two random instances, the one with fewer requests in flight (Mitzenmacher: The power of two choices in randomized load balancing,
//! 2001).

use model::PickBasis;

use super::{Candidates, Dice, Note, Picker, Request, costs, ranking::NOT_NOW, rotation::around, takers::Takers};

/// Draws two different instances that take requests.
#[derive(Debug)]
pub(super) struct Pair {
    dice: Dice,
    takers: Takers,
}

/// Draws until one takes requests; then whoever comes next.
const DRAWS: usize = 16;

impl Pair {
    pub(super) fn new(count: usize, seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            takers: Takers::all(count),
        }
    }

    pub(super) fn refresh(&self, candidates: &dyn Candidates) {
        self.takers.refresh(|index| candidates.takes(index));
    }

    /// Two that differ, or one twice when there is only one, and of them the cheaper; the first of equals.
    pub(super) fn cheaper(&self, candidates: &dyn Candidates, note: Note<'_>, cost: impl Fn(usize) -> f64) -> Option<usize> {
        let first = self.draw(candidates, usize::MAX)?;
        let second = self.draw(candidates, first);
        if let Some(note) = note {
            let named = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
            note.basis = Some(PickBasis::Drawn {
                first: named(first),
                second: second.map(named),
            });
            let costs = (0..candidates.len()).map(|index| if candidates.takes(index) { cost(index) } else { NOT_NOW });
            note.scores = costs.collect();
        }
        let Some(second) = second else {
            return Some(first);
        };
        Some(if cost(second) < cost(first) { second } else { first })
    }

    fn draw(&self, candidates: &dyn Candidates, but: usize) -> Option<usize> {
        let fits = |index: &usize| *index != but && candidates.takes(*index);
        let count = candidates.len();
        if count == 0 {
            return None;
        }
        let mut drawn = 0;
        for _ in 0..DRAWS {
            drawn = self.dice.below(count);
            if fits(&drawn) {
                return Some(drawn);
            }
        }
        let hint = self.takers.next(drawn).filter(fits);
        hint.or_else(|| around(drawn, count).find(|index| fits(index)))
    }
}

#[derive(Debug)]
pub(super) struct RandomTwo(Pair);

impl RandomTwo {
    pub(super) fn new(count: usize, seed: u64) -> Self {
        Self(Pair::new(count, seed))
    }
}

impl Picker for RandomTwo {
    fn pick(&self, candidates: &dyn Candidates, _request: &Request<'_>, note: Note<'_>) -> Option<usize> {
        // The request to come counts: of two idle ones the heavier, or the one that is all the way back, costs less.
        self.0.cheaper(candidates, note, |index| {
            (f64::from(candidates.in_flight(index)) + 1.0) / costs::effective_weight(candidates, index)
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
    use crate::algorithm::testing::{View, anybody, counts, mixed_view};

    #[test]
    fn the_busiest_of_all_is_picked_only_against_itself() {
        let mut view = View::of_weights(&[1, 1, 1]);
        view.in_flight = vec![0, 0, 9];
        assert_eq!(counts(&RandomTwo::new(3, 1), &view, 1_000)[2], 0);
    }

    #[test]
    fn equals_are_picked_about_equally() {
        let counts = counts(&RandomTwo::new(4, 1), &View::of_weights(&[1; 4]), 8_000);
        assert!(counts.iter().all(|count| (1_850..2_150).contains(count)), "{counts:?}");
    }

    proptest! {
        #[test]
        fn only_takers_are_picked_and_the_same_seed_picks_the_same(view in mixed_view(), seed in any::<u64>()) {
            let (one, other) = (RandomTwo::new(view.len(), seed), RandomTwo::new(view.len(), seed));
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
