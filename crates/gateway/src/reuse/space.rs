//! Memory of answers that are being written down.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Of one pool at once. Beyond that answers are for those that asked.
const BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Space(AtomicUsize);

/// What one answer has taken of it, given back with it.
#[derive(Debug)]
pub(super) struct Taken {
    space: Arc<Space>,
    bytes: usize,
}

impl Taken {
    pub(super) fn nothing(space: Arc<Space>) -> Self {
        Self { space, bytes: 0 }
    }

    /// `false` when there is no room for as much more.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.space.0.fetch_add(bytes, Ordering::Relaxed) + bytes <= BYTES_MAX
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.space.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_answers_together_have_a_limit_and_give_back_what_they_took() {
        let space = Arc::<Space>::default();
        let (mut one, mut other) = (Taken::nothing(space.clone()), Taken::nothing(space.clone()));
        assert!(one.grow(BYTES_MAX));
        assert!(!other.grow(1));
        drop(other);
        assert!(one.grow(0));
        drop(one);
        assert_eq!(space.0.load(Ordering::Relaxed), 0);
    }
}
