//! What is remembered about a pool, from plan to plan, by id.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use model::{InstanceId, Refusals, Reused};
use parking_lot::Mutex;

use crate::reuse::{Flights, Kept, Space};

use super::{Breaker, Budget, Degradation, Latencies, Outcome, Tally};

/// Why the gateway itself answered a request of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No instance could take it.
    Unserved,
    Rate,
    Body,
    InFlight,
    /// Of low priority, and the pool is degraded.
    Shed,
    Breaker,
}

/// Why a request was given an answer that was fetched for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    Deduplicated,
    Stale,
}

#[derive(Debug, Default)]
pub(crate) struct PoolState {
    pub(crate) tally: Arc<Tally>,
    /// Of instances that left the plan; those of the present ones are theirs.
    pub(crate) former: Latencies,
    pub(crate) breaker: Arc<Breaker>,
    pub(crate) budget: Budget,
    pub(crate) degradation: Degradation,
    pub(crate) flights: Arc<Flights>,
    pub(crate) kept: Kept,
    pub(crate) recorded: Arc<Space>,
    deduplicated: AtomicU64,
    stale: AtomicU64,
    pub(crate) is_panicking: AtomicBool,
    moved: Mutex<Moved>,
    unserved: AtomicU64,
    rate: AtomicU64,
    body: AtomicU64,
    in_flight: AtomicU64,
    shed: AtomicU64,
    by_breaker: AtomicU64,
}

/// Clients that were pinned to an instance and had to go to another.
#[derive(Debug, Default)]
struct Moved {
    /// Since they were last told of, by the instance they left.
    waiting: HashMap<InstanceId, u32>,
    told_ms: u64,
}

/// Moves are told together, at most so often.
const MOVES_EVERY_MS: u64 = 10_000;
/// Instances that clients left within that time; more are not told apart.
const MOVES_MAX: usize = 1_000;

impl PoolState {
    pub(crate) fn refused(&self, refusal: Refusal) {
        let (counter, status) = match refusal {
            Refusal::Unserved => (&self.unserved, None),
            Refusal::Rate => (&self.rate, Some(429)),
            Refusal::Body => (&self.body, Some(413)),
            Refusal::InFlight => (&self.in_flight, None),
            Refusal::Shed => (&self.shed, None),
            Refusal::Breaker => (&self.by_breaker, None),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.tally.record(Outcome {
            status,
            failed: status.is_none(),
            ..Outcome::default()
        });
    }

    pub(crate) fn unserved(&self) -> u64 {
        self.unserved.load(Ordering::Relaxed)
    }

    pub(crate) fn refusals(&self) -> Refusals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Refusals {
            rate: read(&self.rate),
            body: read(&self.body),
            in_flight: read(&self.in_flight),
            shed: read(&self.shed),
            breaker: read(&self.by_breaker),
        }
    }

    /// A request was given an answer that was fetched for another one.
    pub(crate) fn reused(&self, why: Reuse) {
        let counter = match why {
            Reuse::Deduplicated => &self.deduplicated,
            Reuse::Stale => &self.stale,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn reuses(&self) -> Reused {
        Reused {
            deduplicated: self.deduplicated.load(Ordering::Relaxed),
            stale: self.stale.load(Ordering::Relaxed),
        }
    }

    /// A client that was pinned to this instance goes to another now.
    pub(crate) fn moved_from(&self, instance: &InstanceId) {
        let mut moved = self.moved.lock();
        if let Some(count) = moved.waiting.get_mut(instance) {
            *count += 1;
        } else if moved.waiting.len() < MOVES_MAX {
            moved.waiting.insert(instance.clone(), 1);
        }
    }

    /// The moves that nobody was told of yet, when it is time to.
    pub(crate) fn moves(&self, now_ms: u64) -> Vec<(InstanceId, u32)> {
        let mut moved = self.moved.lock();
        if moved.waiting.is_empty() || (moved.told_ms != 0 && now_ms.saturating_sub(moved.told_ms) < MOVES_EVERY_MS) {
            return Vec::new();
        }
        moved.told_ms = now_ms;
        let mut moves: Vec<_> = moved.waiting.drain().collect();
        moves.sort();
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_are_told_together() {
        let state = PoolState::default();
        let id = |name: &str| InstanceId::new(name).unwrap();
        assert_eq!(state.moves(1), []);
        for _ in 0..3 {
            state.moved_from(&id("a"));
        }
        assert_eq!(state.moves(5), [(id("a"), 3)], "the first at once");
        state.moved_from(&id("b"));
        assert_eq!(state.moves(9_000), [], "the next not so soon");
        assert_eq!(state.moves(11_000), [(id("b"), 1)]);
    }

    #[test]
    fn what_is_refused_counts_as_what_the_client_saw() {
        let state = PoolState::default();
        for refusal in [
            Refusal::Unserved,
            Refusal::Rate,
            Refusal::Body,
            Refusal::InFlight,
            Refusal::Shed,
            Refusal::Breaker,
        ] {
            state.refused(refusal);
        }
        let counters = state.tally.counters();
        assert_eq!((counters.requests, counters.status_4xx, counters.failed), (6, 2, 4));
        assert_eq!((state.unserved(), state.refusals().total()), (1, 5));
    }
}
