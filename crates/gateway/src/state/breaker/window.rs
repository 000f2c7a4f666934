//! How many of the latest requests failed: a stretch of time in ten slots.

const SLOTS: u64 = 10;
const COUNT: usize = 10;

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    requests: u32,
    failures: u32,
}

#[derive(Debug, Default)]
pub(super) struct Window {
    slots: [Slot; COUNT],
    /// Number of the newest slot since the clock began.
    newest: u64,
    /// ms of one slot.
    width_ms: u64,
}

impl Window {
    pub(super) fn clear(&mut self) {
        self.slots = Default::default();
    }

    pub(super) fn add(&mut self, is_new: bool, failed: bool, now_ms: u64, window_ms: u32) {
        self.advance(now_ms, window_ms);
        let slot = &mut self.slots[index(self.newest)];
        slot.requests = slot.requests.saturating_add(is_new.into());
        slot.failures = slot.failures.saturating_add(failed.into());
    }

    /// Forgets the failures, as if those requests had not been made.
    pub(super) fn pardon(&mut self) {
        for slot in &mut self.slots {
            slot.requests = slot.requests.saturating_sub(slot.failures);
            slot.failures = 0;
        }
    }

    /// Requests and failures of the last `window_ms`, to a tenth of it.
    pub(super) fn sums(&mut self, now_ms: u64, window_ms: u32) -> (u32, u32) {
        self.advance(now_ms, window_ms);
        self.slots.iter().fold((0, 0), |(requests, failures): (u32, u32), slot| {
            (requests.saturating_add(slot.requests), failures.saturating_add(slot.failures))
        })
    }

    fn advance(&mut self, now_ms: u64, window_ms: u32) {
        let width_ms = (u64::from(window_ms) / SLOTS).max(1);
        if width_ms != self.width_ms {
            // Slots of another width cannot be told apart by time.
            self.clear();
            self.width_ms = width_ms;
            self.newest = now_ms / width_ms;
            return;
        }
        let newest = now_ms / width_ms;
        for passed in 0..newest.saturating_sub(self.newest).min(SLOTS) {
            self.slots[index(newest - passed)] = Slot::default();
        }
        self.newest = self.newest.max(newest);
    }
}

const fn index(slot: u64) -> usize {
    (slot % SLOTS) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let mut window = Window::default();
        window.add(true, true, 1_000, 10_000);
        window.add(true, false, 5_000, 10_000);
        assert_eq!(window.sums(5_000, 10_000), (2, 1));
        assert_eq!(window.sums(10_999, 10_000), (2, 1));
        assert_eq!(window.sums(11_000, 10_000), (1, 0));
        assert_eq!(window.sums(1_000_000, 10_000), (0, 0));
    }

    #[test]
    fn a_request_that_breaks_off_is_one_request_and_pardoned_ones_are_none() {
        let mut window = Window::default();
        window.add(true, false, 1_000, 10_000);
        window.add(false, true, 1_000, 10_000);
        window.add(true, false, 1_000, 10_000);
        assert_eq!(window.sums(1_000, 10_000), (2, 1));
        window.pardon();
        assert_eq!(window.sums(1_000, 10_000), (1, 0));
    }

    #[test]
    fn another_width_begins_anew() {
        let mut window = Window::default();
        window.add(true, true, 1_000, 10_000);
        assert_eq!(window.sums(1_000, 20_000), (0, 0));
    }
}
