//! How many requests may be sent again: a share of those that came in lately.
//!
//! Finagle's `RetryBudget`: over ten seconds, so many percent of all requests and a reserve of ten a second. What is sent again because
//! most of a pool fails does not double its load.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
};

use model::Retries;
use parking_lot::Mutex;

const WINDOW_MS: u64 = 10_000;
/// Samples of the window.
const STEP_MS: u64 = 1_000;
const RESERVE: u64 = 100;

#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// Requests let in so far.
    admitted: AtomicU64,
    /// Within the budget or without one: attempts that never reached an instance cost nothing.
    sent: AtomicU64,
    over: AtomicU64,
    spent: Mutex<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    total: u64,
    /// When, requests, spent: oldest first, at most one beyond the window.
    past: VecDeque<(u64, u64, u64)>,
}

impl Budget {
    /// One more request.
    pub(crate) fn admitted(&self) {
        self.admitted.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes note of how many requests there were, once a second.
    pub(crate) fn sample(&self, now_ms: u64) {
        let mut spent = self.spent.lock();
        // Whoever reads the clock first need not come here first.
        if spent.past.back().is_some_and(|(at, ..)| now_ms.saturating_sub(*at) < STEP_MS) {
            return;
        }
        let total = spent.total;
        spent.past.push_back((now_ms, self.admitted.load(Ordering::Relaxed), total));
        while spent.past.get(1).is_some_and(|(at, ..)| now_ms.saturating_sub(*at) >= WINDOW_MS) {
            spent.past.pop_front();
        }
    }

    /// Whether there is a retry left.
    pub(crate) fn has_room(&self, percent: u32) -> bool {
        self.spent.lock().has_room(percent, self.admitted.load(Ordering::Relaxed))
    }

    /// Takes one retry from the budget, if it has one.
    pub(crate) fn spend(&self, percent: u32) -> bool {
        let mut spent = self.spent.lock();
        let may = spent.has_room(percent, self.admitted.load(Ordering::Relaxed));
        if may {
            spent.total += 1;
        } else {
            self.over.fetch_add(1, Ordering::Relaxed);
        }
        may
    }

    pub(crate) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn retries(&self) -> Retries {
        Retries {
            sent: self.sent.load(Ordering::Relaxed),
            over_budget: self.over.load(Ordering::Relaxed),
        }
    }
}

impl Spent {
    fn has_room(&self, percent: u32, admitted: u64) -> bool {
        let (admitted_then, spent_then) = self.past.front().map_or((0, 0), |(_, admitted, spent)| (*admitted, *spent));
        let allowed = match percent {
            0 => 0,
            percent => admitted.saturating_sub(admitted_then) * u64::from(percent) / 100 + RESERVE,
        };
        self.total - spent_then < allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend_all(budget: &Budget, percent: u32) -> usize {
        (0..10_000).take_while(|_| budget.spend(percent)).count()
    }

    #[test]
    fn it_is_a_share_of_the_latest_requests_and_a_reserve() {
        let budget = Budget::default();
        budget.sample(0);
        for _ in 0..1_000 {
            budget.admitted();
        }
        assert!(budget.has_room(20));
        assert_eq!(spend_all(&budget, 20), 300);
        assert!(!budget.has_room(20));
        for second in 1..=10 {
            budget.sample(second * 1_000);
        }
        assert_eq!(spend_all(&budget, 20), 0, "still of the same ten seconds");
        budget.sample(11_000);
        assert_eq!(spend_all(&budget, 20), 100, "the reserve of a quiet pool");
        assert_eq!(budget.retries().over_budget, 3);
    }

    #[test]
    fn none_is_none() {
        let budget = Budget::default();
        budget.admitted();
        assert!(!budget.spend(0));
    }
}
