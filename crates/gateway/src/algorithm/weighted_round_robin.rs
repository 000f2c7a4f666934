//! In proportion to the weights, smoothly interleaved: weights 5,1,1 give a a b a c a a.
//!
//! The order is that of nginx's smooth weighted round robin: each turn every instance gains its weight, the richest is picked and pays
//! the sum of all weights. That order repeats after `sum / gcd` picks, so it is computed once per plan and walked; a pick then needs no
//! lock over all instances. An instance that takes no requests is skipped, and the others keep exactly their proportions, because a
//! whole round holds each of them as often as its weight says.

use model::Weight;

use super::{
    Candidates, Note, Picker, Request,
    rotation::{Passed, Rotation, Turns, around},
};

#[derive(Debug)]
pub(super) struct WeightedRoundRobin {
    /// Instance indices in the order in which they are picked.
    round: Vec<u32>,
    rotation: Rotation,
    turns: Turns,
}

impl WeightedRoundRobin {
    pub(super) fn new(weights: &[Weight]) -> Self {
        Self {
            round: smooth_round(weights),
            rotation: Rotation::default(),
            turns: Turns::new(weights.len()),
        }
    }

    fn at(&self, turn: usize) -> usize {
        self.round[turn] as usize
    }
}

impl Picker for WeightedRoundRobin {
    fn pick(&self, candidates: &dyn Candidates, _request: &Request<'_>, note: Note<'_>) -> Option<usize> {
        let length = self.round.len();
        let takes = |turn: &usize| candidates.takes(self.at(*turn));
        let next = |start: usize, passed: &mut Passed<'_>| {
            around(start, length)
                .take(TURNS)
                .find(|turn| takes(turn) && passed.asked(*turn, self.turns.accepts(candidates, self.at(*turn))))
                // A round can be 256 times as long as the pool: when hardly anybody takes requests, ask the pool, not the round.
                .or_else(|| {
                    let anybody = (0..candidates.len()).any(|index| candidates.takes(index));
                    anybody.then(|| around(start, length).find(takes)).flatten()
                })
        };
        self.rotation.advance(note, next).map(|turn| self.at(turn))
    }
}

/// So many turns are looked at before it is found out whether it is worth it. More than the heaviest instance has in a row.
pub(super) const TURNS: usize = 512;

/// Turns that are computed one by one, each looking at every instance; beyond that turns are sorted by when they are due.
const WALKED: usize = 1 << 20;

pub(super) fn smooth_round(weights: &[Weight]) -> Vec<u32> {
    let divisor = weights.iter().map(|w| w.get()).fold(0, gcd).max(1);
    let shares: Vec<i64> = weights.iter().map(|w| i64::from(w.get() / divisor)).collect();
    let total: i64 = shares.iter().sum();
    if usize::try_from(total).is_ok_and(|total| total.saturating_mul(shares.len()) <= WALKED) {
        nginx_round(&shares, total)
    } else {
        deadline_round(&shares)
    }
}

/// nginx's smooth order, O(total · n).
fn nginx_round(shares: &[i64], total: i64) -> Vec<u32> {
    let mut credit = vec![0_i64; shares.len()];
    (0..total)
        .map(|_| {
            let mut richest = 0;
            for (index, share) in shares.iter().enumerate() {
                credit[index] += share;
                if credit[index] > credit[richest] {
                    richest = index;
                }
            }
            credit[richest] -= total;
            u32::try_from(richest).expect("fewer instances than 2^32")
        })
        .collect()
}

/// For large pools: the k-th turn of an instance is due at (k + ½) / weight of the round; turns in the order in which they are due. As
/// smooth, and the same counts, in O(total · log total).
fn deadline_round(shares: &[i64]) -> Vec<u32> {
    let mut turns: Vec<(f64, u32)> = (0_u32..)
        .zip(shares)
        .flat_map(|(index, &share)| (0..share).map(move |k| ((k as f64 + 0.5) / share as f64, index)))
        .collect();
    turns.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    turns.into_iter().map(|(_, index)| index).collect()
}

fn gcd(a: u16, b: u16) -> u16 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::testing::{View, anybody, counts, mixed_view};

    fn of(view: &View) -> WeightedRoundRobin {
        WeightedRoundRobin::new(&view.weights)
    }

    #[test]
    fn five_one_one_is_smooth() {
        let view = View::of_weights(&[5, 1, 1]);
        let picker = of(&view);
        let picks: String = (0..14)
            .filter_map(|_| picker.pick(&view, &anybody(), None))
            .map(|index| ['a', 'b', 'c'][index])
            .collect();
        assert_eq!(picks, "aabacaaaabacaa");
    }

    #[test]
    fn equal_weights_make_the_shortest_round() {
        assert_eq!(smooth_round(&View::of_weights(&[256, 256, 256]).weights), [0, 1, 2]);
        assert_eq!(smooth_round(&[]), [0_u32; 0]);
    }

    #[test]
    fn a_large_pool_has_the_same_counts_in_its_round() {
        let weights: Vec<_> = (0..600_u16).map(|n| n % 256 + 1).collect();
        let view = View::of_weights(&weights);
        let round = smooth_round(&view.weights);
        let mut counts = vec![0_u16; weights.len()];
        for index in round {
            counts[index as usize] += 1;
        }
        assert_eq!(counts, weights);
    }

    #[test]
    fn one_on_its_way_back_gets_its_part_of_its_share() {
        let mut view = View::of_weights(&[2, 1]);
        view.ramp[0] = 0.5;
        assert_eq!(counts(&of(&view), &view, 600), [300, 300]);
    }

    proptest! {
        #[test]
        fn whole_rounds_hold_exactly_the_weights_of_those_that_take(view in mixed_view(), rounds in 1_usize..4) {
            let takers: usize = (0..view.weights.len()).filter(|&i| view.takes[i]).map(|i| usize::from(view.weights[i].get())).sum();
            let counts = counts(&of(&view), &view, takers * rounds);
            for (index, count) in counts.into_iter().enumerate() {
                let expected = if view.takes[index] { usize::from(view.weights[index].get()) * rounds } else { 0 };
                prop_assert_eq!(count, expected);
            }
        }
    }
}
