//! What the gateways tell, numbered anew as one balancer's events.

use std::collections::VecDeque;

use model::{BalancerEvent, GatewayId, NewEvent};

use crate::builtin::fleet::merge::told_by;

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

    /// Of a gateway elsewhere: what it has not told before.
    pub(super) fn elsewhere(&mut self, gateway: &GatewayId, events: impl IntoIterator<Item = BalancerEvent>) {
        for BalancerEvent { event, .. } in events {
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
