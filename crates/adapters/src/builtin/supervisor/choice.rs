//! Which process goes, and what a new one is called. Pure.

use std::{cmp::Reverse, collections::BTreeSet};

/// What is known of a process when some have to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// It runs and has answered.
    pub(super) serves: bool,
    /// Larger for those that came later.
    pub(super) order: u64,
}

/// The positions of `count` that go: those that do not serve first, the newest among equals, because what is oldest has the warmest caches
/// and the most clients.
pub(super) fn victims(all: &[Standing], count: usize) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..all.len()).collect();
    positions.sort_by_key(|&at| (all[at].serves, Reverse(all[at].order)));
    positions.truncate(count);
    positions
}

/// The lowest `count` numbers from 1 that nobody has.
pub(super) fn numbers(taken: &BTreeSet<u32>, count: usize) -> Vec<u32> {
    (1..).filter(|number| !taken.contains(number)).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_serve_goes_first_then_the_newest() {
        let all: Vec<Standing> = [true, false, true, true, false]
            .into_iter()
            .zip(10..)
            .map(|(serves, order)| Standing { serves, order })
            .collect();
        for (count, expected) in [
            (0, vec![]),
            (1, vec![4]),
            (2, vec![4, 1]),
            (3, vec![4, 1, 3]),
            (9, vec![4, 1, 3, 2, 0]),
        ] {
            assert_eq!(victims(&all, count), expected, "{count}");
        }
    }

    #[test]
    fn numbers_fill_the_gaps() {
        assert_eq!(numbers(&BTreeSet::new(), 3), [1, 2, 3]);
        assert_eq!(numbers(&BTreeSet::from([1, 3, 4]), 3), [2, 5, 6]);
    }
}
