//! What happened inside the gateway, for the control plane to read: the last events, numbered.

use std::collections::VecDeque;

use model::{Actor, BalancerEvent, EventKind, InstanceId, NewEvent, PoolId, Severity};
use parking_lot::Mutex;

use super::unix_ms;

#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    seq: u64,
    events: VecDeque<BalancerEvent>,
}

/// An event without its time and number.
#[derive(Debug)]
pub(crate) struct Happened<'a> {
    pub(crate) kind: EventKind,
    pub(crate) severity: Severity,
    /// Absent: it is the gateway's own.
    pub(crate) pool: Option<&'a PoolId>,
    pub(crate) instance: Option<&'a InstanceId>,
    pub(crate) summary: String,
    pub(crate) cause: String,
    /// The part of the gateway: "breaker".
    pub(crate) by: &'static str,
}

impl Journal {
    pub(crate) fn tell(&self, happened: Happened<'_>) {
        tracing::info!(
            pool = happened.pool.map(PoolId::as_str),
            cause = happened.cause,
            "{}",
            happened.summary
        );
        let mut kept = self.0.lock();
        kept.seq += 1;
        let seq = kept.seq;
        if kept.events.len() == BalancerEvent::KEPT {
            kept.events.pop_front();
        }
        kept.events.push_back(BalancerEvent {
            seq,
            event: NewEvent {
                at_ms: unix_ms(),
                kind: happened.kind,
                severity: happened.severity,
                pool: happened.pool.cloned(),
                instance: happened.instance.cloned(),
                summary: happened.summary,
                cause: happened.cause,
                actor: Actor::system(happened.by),
            },
        });
    }

    /// Oldest first.
    pub(crate) fn events(&self) -> Vec<BalancerEvent> {
        self.0.lock().events.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_and_the_numbers_go_on() {
        let journal = Journal::default();
        let pool = PoolId::new("p").unwrap();
        for _ in 0..BalancerEvent::KEPT + 3 {
            journal.tell(Happened {
                kind: EventKind::BreakerOpened,
                severity: Severity::Warning,
                pool: Some(&pool),
                instance: None,
                summary: String::new(),
                cause: String::new(),
                by: "breaker",
            });
        }
        let events = journal.events();
        assert_eq!((events.len(), events[0].seq), (BalancerEvent::KEPT, 4));
    }
}
