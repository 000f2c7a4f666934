//! What is remembered about a pool, from plan to plan, by id.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{Latencies, Outcome, Tally};

#[derive(Debug, Default)]
pub(crate) struct PoolState {
    pub(crate) tally: Arc<Tally>,
    /// Of instances that left the plan; those of the present ones are theirs.
    pub(crate) former: Latencies,
    unserved: AtomicU64,
}

impl PoolState {
    /// A request that no instance could take.
    pub(crate) fn record_unserved(&self) {
        self.unserved.fetch_add(1, Ordering::Relaxed);
        self.tally.record(Outcome {
            failed: true,
            ..Outcome::default()
        });
    }

    pub(crate) fn unserved(&self) -> u64 {
        self.unserved.load(Ordering::Relaxed)
    }
}
