//! Counters and in-flight number of a pool or an instance.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use model::Counters;

/// How a request, or one attempt of it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    /// Absent when nobody answered: the client went away, or the attempt failed.
    pub(crate) status: Option<u16>,
    /// Never answered properly.
    pub(crate) failed: bool,
    pub(crate) bytes_sent: u64,
    /// Absent for what has no meaningful latency: tunnels, refused connections, clients that left.
    pub(crate) latency: Option<Duration>,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    in_flight: AtomicU32,
    requests: AtomicU64,
    /// 2xx, 3xx, 4xx, 5xx.
    classes: [AtomicU64; 4],
    failed: AtomicU64,
    bytes_sent: AtomicU64,
}

impl Tally {
    /// One more in flight until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self.clone())
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(crate) fn record(&self, outcome: Outcome) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if outcome.failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
        } else if let Some(status @ 200..=599) = outcome.status {
            self.classes[usize::from(status / 100 - 2)].fetch_add(1, Ordering::Relaxed);
        }
        if outcome.bytes_sent > 0 {
            self.bytes_sent.fetch_add(outcome.bytes_sent, Ordering::Relaxed);
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            requests: read(&self.requests),
            status_2xx: read(&self.classes[0]),
            status_3xx: read(&self.classes[1]),
            status_4xx: read(&self.classes[2]),
            status_5xx: read(&self.classes[3]),
            failed: read(&self.failed),
            bytes_sent: read(&self.bytes_sent),
        }
    }
}

/// Counts one request in flight for as long as it lives, however the request ends.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Tally>);

impl InFlight {
    pub(crate) fn tally(&self) -> &Tally {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_land_in_one_class_each() {
        let tally = Tally::default();
        for status in [200, 204, 302, 404, 500, 101] {
            tally.record(Outcome {
                status: Some(status),
                bytes_sent: 10,
                ..Outcome::default()
            });
        }
        tally.record(Outcome {
            status: Some(200),
            failed: true,
            ..Outcome::default()
        });
        let expected = Counters {
            requests: 7,
            status_2xx: 2,
            status_3xx: 1,
            status_4xx: 1,
            status_5xx: 1,
            failed: 1,
            bytes_sent: 60,
        };
        assert_eq!(tally.counters(), expected);
    }

    #[test]
    fn the_guard_counts_while_it_lives() {
        let tally = Arc::new(Tally::default());
        let guards = [tally.enter(), tally.enter()];
        assert_eq!(tally.in_flight(), 2);
        drop(guards);
        assert_eq!(tally.in_flight(), 0);
    }
}
