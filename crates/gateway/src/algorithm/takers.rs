//! Which instances take requests, as a set that finds the next one in constant time.

use std::sync::atomic::{AtomicU64, Ordering};

/// A bit per instance, and above that a bit per word that is not empty, and so on: the next one of 262,144 is three words away.
///
/// It is a hint, brought up to date by [`Takers::refresh`]; whoever asks looks at the instance itself as well.
#[derive(Debug)]
pub(super) struct Takers {
    length: usize,
    /// From the instances upwards; the last level is one word.
    levels: Vec<Vec<AtomicU64>>,
}

impl Takers {
    /// All of them.
    pub(super) fn all(length: usize) -> Self {
        let mut levels = Vec::new();
        let mut below = length;
        loop {
            let words = below.div_ceil(64).max(1);
            levels.push((0..words).map(|word| AtomicU64::new(full(below, word))).collect());
            if words == 1 {
                break;
            }
            below = words;
        }
        Self { length, levels }
    }

    pub(super) fn refresh(&self, takes: impl Fn(usize) -> bool) {
        for index in 0..self.length {
            self.set(index, takes(index));
        }
    }

    fn set(&self, index: usize, takes: bool) {
        let mut position = index;
        for level in &self.levels {
            let (word, bit) = (&level[position / 64], 1_u64 << (position % 64));
            let after = if takes {
                word.fetch_or(bit, Ordering::Relaxed) | bit
            } else {
                word.fetch_and(!bit, Ordering::Relaxed) & !bit
            };
            // Above, the bit says whether the word holds any.
            if !takes && after != 0 {
                return;
            }
            position /= 64;
        }
    }

    /// The first at `from` or behind it, going round once.
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        self.at_or_after(from).or_else(|| self.at_or_after(0))
    }

    fn at_or_after(&self, from: usize) -> Option<usize> {
        if from >= self.length {
            return None;
        }
        let mut position = from;
        for (height, level) in self.levels.iter().enumerate() {
            let word = position / 64;
            let bits = level.get(word)?.load(Ordering::Relaxed) & (u64::MAX << (position % 64));
            if bits != 0 {
                return self.descend(height, word * 64 + bits.trailing_zeros() as usize);
            }
            position = word + 1;
            if position.div_ceil(64) > self.levels.get(height + 1).map_or(0, Vec::len) {
                return None;
            }
        }
        None
    }

    /// `position` on level `height` holds at least one: the first.
    fn descend(&self, height: usize, mut position: usize) -> Option<usize> {
        for level in self.levels[..height].iter().rev() {
            let bits = level.get(position)?.load(Ordering::Relaxed);
            if bits == 0 {
                return None;
            }
            position = position * 64 + bits.trailing_zeros() as usize;
        }
        Some(position)
    }
}

/// Word `word` of `below` bits that are all set.
const fn full(below: usize, word: usize) -> u64 {
    let bits = below - word * 64;
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_next_one_is_what_a_walk_finds(length in 0_usize..9_000, holes in prop::collection::vec(any::<prop::sample::Index>(), 0..40), dense in any::<bool>()) {
            let chosen: std::collections::HashSet<_> = holes.iter().filter(|_| length > 0).map(|h| h.index(length)).collect();
            let takes = |index: usize| chosen.contains(&index) != dense;
            let takers = Takers::all(length);
            takers.refresh(takes);
            for from in [0, 1, 63, 64, 65, 4_095, 4_096, length / 2, length.saturating_sub(1)] {
                let walked = (0..length).map(|step| (from + step) % length.max(1)).find(|&index| takes(index));
                let walked = if from < length { walked } else { (0..length).find(|&index| takes(index)) };
                prop_assert_eq!(takers.next(from), walked, "from {}", from);
            }
        }
    }

    #[test]
    fn whoever_returns_is_found_again() {
        let takers = Takers::all(70);
        takers.refresh(|_| false);
        assert_eq!(takers.next(0), None);
        takers.refresh(|index| index == 69);
        assert_eq!(takers.next(3), Some(69));
    }
}
