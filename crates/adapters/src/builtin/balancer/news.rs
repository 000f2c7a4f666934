//! What the gateways tell, numbered anew as one balancer's events.

use std::collections::VecDeque;

use model::{Actor, BalancerEvent, EventKind, GatewayId, NewEvent, Severity};

use super::merge::told_by;

/// What one gateway elsewhere may tell at once. The journal is everybody's: one that tells without end silences nobody else.
const EACH_MAX: usize = 32;

#[derive(Default)]
pub(super) struct News {
    seq: u64,
    kept: VecDeque<BalancerEvent>,
    /// Number of the last event of the gateway here.
    told: u64,
}

impl News {
    /// Of the gateway here: everything it still has.
    pub(super) fn own(&mut self, events: &[BalancerEvent]) {
        for event in events {
            if event.seq > self.told {
                self.told = event.seq;
                self.push(event.event.clone());
            }
        }
    }

    /// Of a gateway elsewhere: what it has not told before, the newest of it when that is too much.
    pub(super) fn elsewhere(&mut self, gateway: &GatewayId, events: Vec<BalancerEvent>, now_ms: i64) {
        let over = events.len().saturating_sub(EACH_MAX);
        if over > 0 {
            self.push(NewEvent {
                at_ms: now_ms,
                kind: EventKind::EventsLeftOut,
                severity: Severity::Warning,
                pool: None,
                instance: None,
                summary: format!("{over} events of the gateway {gateway} are left out"),
                cause: format!("it told {} at once; the newest {EACH_MAX} follow", events.len()),
                actor: Actor::system("gateways"),
            });
        }
        for BalancerEvent { event, .. } in events.into_iter().skip(over) {
            self.push(NewEvent {
                cause: told_by(gateway, &event.cause),
                ..event
            });
        }
    }

    fn push(&mut self, event: NewEvent) {
        self.seq += 1;
        if self.kept.len() == BalancerEvent::KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(BalancerEvent { seq: self.seq, event });
    }

    /// Oldest first.
    pub(super) fn events(&self) -> Vec<BalancerEvent> {
        self.kept.iter().cloned().collect()
    }
}
