//! What a new leader shows of gateways that reported to the one before and have not found it yet.

use std::time::Duration;

use model::{GatewaySnapshot, GatewayState, Snapshot};
use tokio::time::Instant;

/// How long they have to find the next leader, and how long they are remembered.
const SILENT_AFTER: Duration = Duration::from_secs(8);
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Inherited {
    since: Option<Instant>,
    gateways: Vec<GatewaySnapshot>,
}

impl Inherited {
    /// Of the leader's last snapshot.
    pub(super) fn of(last: &Snapshot, now: Instant) -> Self {
        Self {
            since: Some(now),
            gateways: last.gateways.iter().filter(|g| !g.facts.is_local).cloned().collect(),
        }
    }

    /// They are as they were for a moment, then silent, then unknown: no gateway has ended because a console has.
    pub(super) fn add_to(&mut self, next: &mut Snapshot, now: Instant) {
        let Some(age) = self.since.map(|since| now.duration_since(since)) else {
            return;
        };
        if age > FORGOTTEN_AFTER {
            *self = Self::default();
            return;
        }
        // One that has come speaks for itself from then on.
        self.gateways
            .retain(|gateway| next.gateways.iter().all(|there| there.facts.id != gateway.facts.id));
        for gateway in &self.gateways {
            let mut gateway = gateway.clone();
            if age > SILENT_AFTER {
                gateway.facts.state = GatewayState::Stale;
            }
            next.gateways.push(gateway);
        }
    }
}
