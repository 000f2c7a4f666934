//! Receipts of requests: drawn or asked for, written on the way, kept in memory.

mod draft;

use std::{collections::VecDeque, num::NonZeroU32, sync::Arc};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::{HeaderMap, HeaderName};
use model::{Receipt, ReceiptFilter, Receipts};
use parking_lot::Mutex;

pub(crate) use draft::{Draft, Head};

use crate::config::ReceiptConfig;

/// Any value but `0` asks for a receipt.
pub(crate) const ASK: HeaderName = HeaderName::from_static("x-evenkeel-receipt");

/// Receipts that may be asked for each second, over all clients: whoever asks for more shall not push out the others.
const ASKED_PER_S: NonZeroU32 = NonZeroU32::new(10).expect("not 0");

#[derive(Debug)]
pub(crate) struct ReceiptBook {
    config: ReceiptConfig,
    asked: DefaultDirectRateLimiter,
    kept: Mutex<Kept>,
}

/// Each oldest first.
#[derive(Debug, Default)]
struct Kept {
    asked_for: VecDeque<Arc<Receipt>>,
    drawn: VecDeque<Arc<Receipt>>,
}

impl Kept {
    fn len(&self) -> usize {
        self.asked_for.len() + self.drawn.len()
    }

    /// Those that are asked for, which anybody may do, do not push those that were drawn below half of the book, nor the other way round.
    fn take(&mut self, receipt: Receipt, at_most: usize) -> Option<Arc<Receipt>> {
        let into = if receipt.asked_for { &mut self.asked_for } else { &mut self.drawn };
        into.push_back(Arc::new(receipt));
        if self.len() <= at_most {
            return None;
        }
        let from = if self.asked_for.len() > at_most.div_ceil(2) {
            &mut self.asked_for
        } else {
            &mut self.drawn
        };
        from.pop_front()
    }

    fn newest_first(&self) -> Vec<Arc<Receipt>> {
        let mut all: Vec<_> = self.asked_for.iter().chain(&self.drawn).cloned().collect();
        all.sort_by_key(|receipt| std::cmp::Reverse(receipt.at_ms));
        all
    }
}

impl ReceiptBook {
    pub(crate) fn new(config: ReceiptConfig) -> Self {
        Self {
            config,
            asked: RateLimiter::direct(Quota::per_second(ASKED_PER_S)),
            kept: Mutex::default(),
        }
    }

    /// Whether this request gets one: `Some(true)` because it asked, `Some(false)` because it was drawn.
    pub(crate) fn wants(&self, headers: &HeaderMap) -> Option<bool> {
        if self.config.kept == 0 {
            return None;
        }
        let asks = self.config.on_request && headers.get(ASK).is_some_and(|value| value != "0");
        if asks && self.asked.check().is_ok() {
            return Some(true);
        }
        let drawn = self.config.sample > 0.0 && rand::random::<f64>() < self.config.sample;
        drawn.then_some(false)
    }

    pub(crate) fn keep(&self, receipt: Receipt) {
        // Dropped after the lock.
        let _oldest = self.kept.lock().take(receipt, self.config.kept);
    }

    /// Newest first.
    pub(crate) fn read(&self, filter: &ReceiptFilter, limit: usize) -> Receipts {
        let kept = self.kept.lock().newest_first();
        Receipts {
            items: kept
                .iter()
                .filter(|receipt| filter.takes(receipt))
                .take(limit)
                .map(|receipt| receipt.as_ref().clone())
                .collect(),
            kept: u32::try_from(kept.len()).unwrap_or(u32::MAX),
            sample: self.config.sample,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn book(sample: f64, on_request: bool, kept: usize) -> ReceiptBook {
        ReceiptBook::new(ReceiptConfig { sample, on_request, kept })
    }

    fn headers(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ASK, http::HeaderValue::from_static(value))])
    }

    fn receipt(id: &str, asked_for: bool, at_ms: i64) -> Receipt {
        let head = Head {
            request_id: id.to_owned(),
            asked_for,
            client: [127, 0, 0, 1].into(),
            method: "GET",
            host: "h",
            path: "/",
        };
        let receipt = Draft::new(head, Instant::now()).finish(Some(200), None);
        Receipt { at_ms, ..receipt }
    }

    #[test]
    fn who_asks_gets_one_but_not_without_end() {
        let asked = book(0.0, true, 10);
        assert_eq!(asked.wants(&headers("1")), Some(true));
        assert_eq!(asked.wants(&headers("0")), None);
        assert_eq!(asked.wants(&HeaderMap::new()), None);
        let got = (0..1_000).filter(|_| asked.wants(&headers("1")).is_some()).count();
        assert!(got < 100, "{got} of 1,000 at once");
        assert_eq!(book(0.0, false, 10).wants(&headers("1")), None, "it can be switched off");
        assert_eq!(
            book(1.0, true, 0).wants(&headers("1")),
            None,
            "where nothing is kept nothing is written"
        );
        assert_eq!(book(1.0, false, 1).wants(&HeaderMap::new()), Some(false));
    }

    #[test]
    fn the_newest_are_kept_and_found_by_id() {
        let book = book(1.0, true, 3);
        for (at_ms, id) in (0..).zip(["a", "b", "c", "d"]) {
            book.keep(receipt(id, false, at_ms));
        }
        let all = book.read(&ReceiptFilter::default(), 2);
        let ids: Vec<_> = all.items.iter().map(|r| r.request_id.as_str()).collect();
        assert_eq!((ids, all.kept), (vec!["d", "c"], 3));
        let by_id = ReceiptFilter {
            request_id: Some("b".to_owned()),
            ..ReceiptFilter::default()
        };
        assert_eq!(book.read(&by_id, 10).items.len(), 1);
    }

    #[test]
    fn asking_does_not_push_out_what_was_drawn() {
        let book = book(1.0, true, 4);
        for at_ms in 0..4 {
            book.keep(receipt("drawn", false, at_ms));
        }
        for at_ms in 4..100 {
            book.keep(receipt("asked", true, at_ms));
        }
        let all = book.read(&ReceiptFilter::default(), 10);
        let kept: Vec<_> = all.items.iter().map(|r| (r.at_ms, r.asked_for)).collect();
        assert_eq!(kept, [(99, true), (98, true), (3, false), (2, false)]);
    }
}
