//! What happened, counted.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Counts since the start, or between two moments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests begun.
    pub sent: u64,
    /// Answered 2xx or 3xx, or a WebSocket that told its simulation to the end.
    pub ok: u64,
    /// Answered 4xx.
    pub refused: u64,
    /// Answered 5xx.
    pub failed: u64,
    /// Not answered: connection refused or broken, timed out.
    pub unanswered: u64,
    /// Not sent, because too much was under way.
    pub dropped: u64,
    /// `WebSockets` among `sent`.
    pub followed: u64,
    /// Time to the whole answer, over all but `WebSockets`.
    pub waited_us: u64,
    pub waited_for: u64,
}

impl Tally {
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            sent: self.sent - earlier.sent,
            ok: self.ok - earlier.ok,
            refused: self.refused - earlier.refused,
            failed: self.failed - earlier.failed,
            unanswered: self.unanswered - earlier.unanswered,
            dropped: self.dropped - earlier.dropped,
            followed: self.followed - earlier.followed,
            waited_us: self.waited_us - earlier.waited_us,
            waited_for: self.waited_for - earlier.waited_for,
        }
    }

    pub(super) fn log(&self) {
        let mean_ms = (self.waited_for > 0).then(|| self.waited_us as f64 / self.waited_for as f64 / 1e3);
        tracing::info!(
            sent = self.sent,
            ok = self.ok,
            refused = self.refused,
            failed = self.failed,
            unanswered = self.unanswered,
            dropped = self.dropped,
            followed = self.followed,
            mean_ms,
            "traffic summary"
        );
    }
}

pub(super) enum Ended<'a> {
    Status(u16),
    Unanswered(&'a str),
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    sent: AtomicU64,
    ok: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    unanswered: AtomicU64,
    dropped: AtomicU64,
    followed: AtomicU64,
    waited_us: AtomicU64,
    waited_for: AtomicU64,
    away: AtomicBool,
}

impl Counters {
    pub(super) fn sent(&self, follows: bool) {
        self.sent.fetch_add(1, Relaxed);
        self.followed.fetch_add(u64::from(follows), Relaxed);
    }

    pub(super) fn dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    pub(super) fn waited(&self, time: Duration) {
        self.waited_us
            .fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Relaxed);
        self.waited_for.fetch_add(1, Relaxed);
    }

    /// Logs only when the target goes or comes back: at 50 requests a second more would bury everything else.
    pub(super) fn ended(&self, how: &Ended<'_>) {
        let counter = match how {
            Ended::Status(..400) => &self.ok,
            Ended::Status(400..500) => &self.refused,
            Ended::Status(500..) => &self.failed,
            Ended::Unanswered(_) => &self.unanswered,
        };
        counter.fetch_add(1, Relaxed);
        match how {
            Ended::Unanswered(why) if !self.away.swap(true, Relaxed) => tracing::warn!(why, "the target does not answer; traffic goes on"),
            Ended::Status(_) if self.away.swap(false, Relaxed) => tracing::info!("the target answers again"),
            _ => {}
        }
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            sent: self.sent.load(Relaxed),
            ok: self.ok.load(Relaxed),
            refused: self.refused.load(Relaxed),
            failed: self.failed.load(Relaxed),
            unanswered: self.unanswered.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            followed: self.followed.load(Relaxed),
            waited_us: self.waited_us.load(Relaxed),
            waited_for: self.waited_for.load(Relaxed),
        }
    }
}
