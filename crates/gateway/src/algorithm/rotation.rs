//! A shared position on a circle of fixed length.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use super::Candidates;

/// Walks a circle of positions, one step per request, over all threads.
#[derive(Debug, Default)]
pub(super) struct Rotation {
    /// Where the next search starts; may lie one past the end.
    next: AtomicUsize,
}

impl Rotation {
    /// The position that `find` finds from the last one on.
    ///
    /// Moving to the next position that takes, instead of counting and skipping, is what keeps the order fair: behind an instance that
    /// is out, a counter would send the neighbour twice its share.
    pub(super) fn advance(&self, find: impl Fn(usize) -> Option<usize>) -> Option<usize> {
        let mut start = self.next.load(Ordering::Relaxed);
        loop {
            let found = find(start)?;
            match self
                .next
                .compare_exchange_weak(start, found + 1, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return Some(found),
                Err(moved) => start = moved,
            }
        }
    }
}

/// All positions of a circle once, from `start` on.
pub(super) fn around(start: usize, length: usize) -> impl Iterator<Item = usize> {
    (0..length).map(move |step| (start + step) % length)
}

/// Slow start for algorithms that go by turns: an instance at a tenth of its way back accepts every tenth of its turns.
#[derive(Debug)]
pub(super) struct Turns(Vec<AtomicU32>);

impl Turns {
    const WHOLE: u32 = 1 << 16;

    pub(super) fn new(count: usize) -> Self {
        Self((0..count).map(|_| AtomicU32::new(0)).collect())
    }

    /// Whether instance `index` accepts this turn.
    pub(super) fn accepts(&self, candidates: &dyn Candidates, index: usize) -> bool {
        let ramp = candidates.ramp(index);
        if ramp >= 1.0 {
            return true;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^16")]
        let share = (ramp.max(0.0) * Self::WHOLE as f32) as u32;
        let before = self.0[index].fetch_add(share, Ordering::Relaxed);
        before % Self::WHOLE + share >= Self::WHOLE
    }
}
