//! The cheapest instance at hand: a tournament over costs that change one at a time.

use parking_lot::Mutex;

use model::PickBasis;

use super::{Candidates, Note};

/// What it costs to give an instance the next request; the least wins. Whoever does not take requests has [`NOT_NOW`].
pub(super) type Cost = f64;

pub(super) const NOT_NOW: Cost = f64::INFINITY;

/// A binary tree whose leaves are the instances and whose inner nodes name the winner below them: the winner is read at the root, a new
/// cost replays the matches on one path. Among equals the one that was picked longest ago wins, so that an idle pool is spread evenly.
///
/// One lock, held for log2(n) comparisons.
#[derive(Debug)]
pub(super) struct Ranking(Mutex<Tournament>);

#[derive(Debug)]
struct Tournament {
    costs: Vec<(Cost, u64)>,
    /// Winners, as a heap: node 1 is the root, the children of `k` are `2k` and `2k + 1`, leaf `i` is node `width + i`.
    winners: Vec<u32>,
    width: usize,
    picks: u64,
}

impl Ranking {
    pub(super) fn new(count: usize) -> Self {
        Self(Mutex::new(Tournament::new(count)))
    }

    /// The cheapest that takes requests; it is the last among its equals from now on.
    pub(super) fn pick(&self, candidates: &dyn Candidates, note: Note<'_>, fallback: bool) -> Option<usize> {
        let mut tournament = self.0.lock();
        if let Some(note) = note {
            note.basis = Some(PickBasis::Cheapest { fallback });
            (note.scores, note.last_picks) = tournament.costs.iter().copied().unzip();
        }
        let winner = tournament.best(1, candidates)?;
        tournament.picks += 1;
        let picks = tournament.picks;
        let cost = tournament.costs[winner].0;
        tournament.set(winner, (cost, picks));
        Some(winner)
    }

    /// `cost` is asked under the lock: of two changes at once the later one sees both.
    pub(super) fn update(&self, index: usize, cost: impl FnOnce() -> Cost) {
        let mut tournament = self.0.lock();
        let cost = cost();
        if let Some(&(before, turn)) = tournament.costs.get(index)
            && before.to_bits() != cost.to_bits()
        {
            tournament.set(index, (cost, turn));
        }
    }

    pub(super) fn refresh(&self, cost: impl Fn(usize) -> Cost) {
        let mut tournament = self.0.lock();
        for index in 0..tournament.costs.len() {
            tournament.costs[index].0 = cost(index);
        }
        tournament.replay();
    }
}

impl Tournament {
    fn new(count: usize) -> Self {
        let width = count.next_power_of_two();
        let mut new = Self {
            costs: vec![(0.0, 0); count],
            winners: vec![0; 2 * width],
            width,
            picks: 0,
        };
        for leaf in 0..width {
            // The last leaves may have no instance; they lose every match.
            new.winners[width + leaf] = u32::try_from(leaf).expect("fewer instances than 2^32");
        }
        new.replay();
        new
    }

    fn set(&mut self, index: usize, cost: (Cost, u64)) {
        self.costs[index] = cost;
        let mut node = self.width + index;
        while node > 1 {
            node /= 2;
            self.winners[node] = self.play(node);
        }
    }

    fn replay(&mut self) {
        for node in (1..self.width).rev() {
            self.winners[node] = self.play(node);
        }
    }

    fn play(&self, node: usize) -> u32 {
        let (left, right) = (self.winners[2 * node], self.winners[2 * node + 1]);
        if self.beats(right, left) { right } else { left }
    }

    fn beats(&self, a: u32, b: u32) -> bool {
        match (self.costs.get(a as usize), self.costs.get(b as usize)) {
            (Some(a), Some(b)) => a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).is_lt(),
            (a, _) => a.is_some(),
        }
    }

    /// The cheapest below `node` that takes requests. Looks behind a winner only when that one does not.
    fn best(&self, node: usize, candidates: &dyn Candidates) -> Option<usize> {
        let winner = *self.winners.get(node)? as usize;
        if winner >= self.costs.len() {
            return None;
        }
        if candidates.takes(winner) {
            return Some(winner);
        }
        if node >= self.width {
            return None;
        }
        let (left, right) = (self.best(2 * node, candidates), self.best(2 * node + 1, candidates));
        match (left, right) {
            (Some(left), Some(right)) => {
                let named = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
                Some(if self.beats(named(right), named(left)) { right } else { left })
            }
            (left, right) => left.or(right),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithm::testing::View;

    #[test]
    fn equals_take_turns() {
        let view = View::of_weights(&[1; 5]);
        let ranking = Ranking::new(5);
        let picks: Vec<_> = (0..10).filter_map(|_| ranking.pick(&view, None, false)).collect();
        assert_eq!(picks, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    }

    #[test]
    fn nobody_is_nobody() {
        assert_eq!(Ranking::new(0).pick(&View::of_weights(&[]), None, false), None);
        let mut view = View::of_weights(&[1, 1, 1]);
        view.takes = vec![false; 3];
        assert_eq!(Ranking::new(3).pick(&view, None, false), None);
    }

    proptest! {
        /// Against a walk over all, through any changes of costs.
        #[test]
        fn the_winner_is_the_cheapest_that_takes(
            takes in prop::collection::vec(any::<bool>(), 1..40),
            changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..5), 0..60),
        ) {
            let mut view = View::of_weights(&vec![1; takes.len()]);
            view.takes.clone_from(&takes);
            let ranking = Ranking::new(takes.len());
            let mut costs = vec![0.0; takes.len()];
            for (index, cost) in changes {
                let index = index.index(takes.len());
                costs[index] = f64::from(cost);
                ranking.update(index, || costs[index]);
                let cheapest = (0..takes.len()).filter(|&i| takes[i]).map(|i| costs[i]).reduce(f64::min);
                let picked = ranking.pick(&view, None, false);
                prop_assert!(picked.is_none_or(|picked| takes[picked]));
                prop_assert_eq!(picked.map(|picked| costs[picked]), cheapest);
            }
        }
    }
}
