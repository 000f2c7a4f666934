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

    /// The instance has said since that it is so no more.
    pub(crate) fn forget(&self, key: &Key) {
        self.0.invalidate(key);
    }

    pub(crate) fn find(&self, key: &Key, at_most: Duration) -> Option<Arc<SharedAnswer>> {
        self.0.get(key).filter(|answer| answer.age() <= at_most)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use pingora_http::ResponseHeader;

    use super::{super::Recorder, *};

    #[test]
    fn a_kept_answer_is_found_until_it_is_too_old_or_no_more_true() {
        let asked = Request::new(()).into_parts().0;
        let key = Key::new(&asked, false, "h").unwrap();
        let mut head = ResponseHeader::build(200, None).unwrap();
        head.insert_header("age", "60").unwrap();
        let answer = Recorder::begin(&asked, &head, None, Arc::default()).unwrap().finish().unwrap();
        let kept = Kept::default();
        kept.keep(key.clone(), Arc::new(answer));
        assert!(kept.find(&key, Duration::from_secs(600)).is_some());
        assert!(kept.find(&key, Duration::from_secs(59)).is_none());
        kept.forget(&key);
        assert!(kept.find(&key, Duration::from_secs(600)).is_none());
    }
}
