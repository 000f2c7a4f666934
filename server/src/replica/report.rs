//! Tells the leader what the gateway in this console's process counts: to the leader it is one of those elsewhere. What it serves by is not
//! the leader's business: this console learns that from the database itself.

use std::{sync::Arc, time::Duration};

use adapters::builtin::fleet::{Command, Done, Fleet, PROTOCOL, SyncRequest};
use control::{
    Control,
    ports::{Clock as _, SystemClock},
};
use gateway::Gateway;
use model::GatewayId;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Peers, follow::followed};

/// The leader asks for the next report at once, and holds it until it has looked at the last one.
const NEXT_AFTER: Duration = Duration::from_millis(50);
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// The leader is told of the end, and is not waited for.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);
/// Commands that were carried out and are not confirmed; a leader sends those it misses again.
const DONE_MAX: usize = 64;

pub(crate) struct OwnGateway {
    id: GatewayId,
    gateway: Arc<Gateway>,
    /// Knows which plan the gateway serves by.
    fleet: Arc<Fleet>,
    peers: Peers,
    run: u64,
    started_at_ms: i64,
    sequence: u64,
    /// Number of the last event that a leader has.
    confirmed: u64,
    done: Vec<Done>,
}

impl OwnGateway {
    pub(crate) fn new(id: GatewayId, gateway: Arc<Gateway>, fleet: Arc<Fleet>, peers: Peers) -> Self {
        Self {
            id,
            gateway,
            fleet,
            peers,
            run: rand::random(),
            started_at_ms: SystemClock.now_ms(),
            sequence: 0,
            confirmed: 0,
            done: Vec::new(),
        }
    }

    /// While another console leads, until this one stops.
    pub(crate) async fn report(mut self, control: Control, stopping: CancellationToken) {
        let mut standing = control.standing();
        loop {
            let leader = followed(&standing.borrow_and_update()).and_then(|leader| leader.address);
            let Some(leader) = leader else {
                tokio::select! {
                    () = stopping.cancelled() => return,
                    changed = standing.changed() => if changed.is_err() { return },
                }
                continue;
            };
            let told = tokio::select! {
                biased;
                () = stopping.cancelled() => None,
                told = self.tell(&leader, false) => Some(told),
            };
            match told {
                None => {
                    // Who does not hear it will call this gateway silent.
                    let _ = timeout(FAREWELL_WITHIN, self.tell(&leader, true)).await;
                    return;
                }
                Some(Ok(())) => sleep(NEXT_AFTER).await,
                Some(Err(why)) => {
                    tracing::debug!(why, "the leading console did not take what the gateway here counted");
                    sleep(AGAIN_AFTER).await;
                }
            }
        }
    }

    async fn tell(&mut self, leader: &str, leaving: bool) -> Result<(), String> {
        let report = self.next(leaving);
        let answer = self.peers.sync(leader, &self.id, &report).await?;
        if answer.protocol != PROTOCOL {
            return Err("it speaks another version of the protocol".to_owned());
        }
        self.done.retain(|done| !report.done.contains(done));
        if let Some(last) = report.stats.as_ref().and_then(|stats| stats.events.last()) {
            self.confirmed = last.seq;
        }
        self.carry_out(answer.commands);
        Ok(())
    }

    fn next(&mut self, leaving: bool) -> SyncRequest {
        self.sequence += 1;
        let mut stats = self.gateway.observe();
        // Their files are this machine's business.
        stats.certificates = Vec::new();
        stats.events.retain(|event| event.seq > self.confirmed);
        SyncRequest {
            protocol: PROTOCOL,
            run: self.run,
            sequence: self.sequence,
            sent_at_ms: SystemClock.now_ms(),
            started_at_ms: self.started_at_ms,
            software: env!("CARGO_PKG_VERSION").to_owned(),
            addresses: self.gateway.local_addrs().to_vec(),
            tls_addresses: self.gateway.tls_addrs().to_vec(),
            in_force: Some(self.fleet.digest()),
            refused: None,
            troubles: Vec::new(),
            away_ms: None,
            leaving,
            done: self.done.clone(),
            stats: Some(stats),
        }
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        for Command { id, pool, reset } in commands {
            if self.done.iter().any(|done| done.id == id) {
                continue;
            }
            let result = self.gateway.reset_breakers(&pool, &reset);
            if self.done.len() < DONE_MAX {
                let error = result.err().map(|error| error.to_string());
                self.done.push(Done { id, error });
            }
        }
    }
}
