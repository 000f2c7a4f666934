//! Answers that are kept for when a pool cannot give better ones.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;

use super::{Key, SharedAnswer};

/// Over all routes of a pool; the least recently used go first.
const BYTES_MAX: u64 = 32 * 1024 * 1024;
/// What an entry costs besides its bytes, about.
const ENTRY_BYTES: usize = 512;
/// Longer than any route may ask for.
const AGE_MAX: Duration = Duration::from_secs(model::ReusePolicy::STALE_S_MAX as u64);

#[derive(Debug)]
pub(crate) struct Kept(Cache<Key, Arc<SharedAnswer>>);

impl Default for Kept {
    fn default() -> Self {
        let weight = |key: &Key, answer: &Arc<SharedAnswer>| {
            let headers: usize = answer
                .head
                .headers
                .iter()
                .map(|(name, value)| name.as_str().len() + value.len())
                .sum();
            u32::try_from(ENTRY_BYTES + key.len() + answer.body.len() + headers).unwrap_or(u32::MAX)
        };
        Self(
            Cache::builder()
                .max_capacity(BYTES_MAX)
                .weigher(weight)
                .time_to_live(AGE_MAX)
                .build(),
        )
    }
}

impl Kept {
    pub(crate) fn keep(&self, key: Key, answer: Arc<SharedAnswer>) {
        self.0.insert(key, answer);
    }

    pub(crate) fn find(&self, key: &Key, at_most: Duration) -> Option<Arc<SharedAnswer>> {
        self.0.get(key).filter(|answer| answer.age() <= at_most)
    }
}
