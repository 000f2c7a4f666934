//! A shared position on a circle of fixed length.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use model::PickBasis;

use super::{Candidates, Note};

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
    pub(super) fn advance(&self, note: Note<'_>, find: impl Fn(usize, &mut Passed<'_>) -> Option<usize>) -> Option<usize> {
        let mut start = self.next.load(Ordering::Relaxed);
        let mut passed = Passed(note);
        loop {
            passed.begin(start);
            let found = find(start, &mut passed)?;
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

/// Writes down who let the turn pass.
pub(super) struct Passed<'a>(Note<'a>);

impl Passed<'_> {
    fn begin(&mut self, start: usize) {
        if let Some(note) = &mut self.0 {
            note.basis = Some(PickBasis::Turn {
                start: u32::try_from(start).unwrap_or(u32::MAX),
                let_pass: Vec::new(),
            });
        }
    }

    /// `accepts` is what the one at `position` says.
    pub(super) fn asked(&mut self, position: usize, accepts: bool) -> bool {
        if let Some(note) = &mut self.0
            && let (Ok(position), Some(PickBasis::Turn { let_pass, .. })) = (u32::try_from(position), &mut note.basis)
        {
            // Whoever is asked a second time may have changed its mind.
            let_pass.retain(|passed| *passed != position);
            if !accepts {
                let_pass.push(position);
            }
        }
        accepts
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
