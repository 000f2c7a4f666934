//! What is known of one gateway.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use gateway::GatewayStats;
use model::{BalancerEvent, GatewayId, PlanState};

use super::{Command, Done, Refusal, Report, SyncRequest, line, times::ClockOffset};

/// Commands that wait for one gateway. The oldest go: a reset that is so late resets nothing.
const COMMANDS_MAX: usize = 64;
const WHY_MAX_CHARS: usize = 500;

/// One process under its name.
#[derive(Debug, Clone)]
pub(in crate::builtin) struct Remote {
    pub(in crate::builtin) id: GatewayId,
    /// The process that reports.
    pub(in crate::builtin) run: u64,
    /// By the console's clock, as it was when the process was first heard.
    pub(in crate::builtin) started_at_ms: i64,
    pub(in crate::builtin) software: String,
    pub(in crate::builtin) addresses: Vec<SocketAddr>,
    pub(in crate::builtin) tls_addresses: Vec<SocketAddr>,
    pub(in crate::builtin) heard: Instant,
    pub(in crate::builtin) heard_at_ms: i64,
    pub(in crate::builtin) away_ms: Option<u64>,
    pub(in crate::builtin) troubles: Vec<String>,
    pub(in crate::builtin) stats: Option<Arc<GatewayStats>>,
    pub(in crate::builtin) plan: PlanState,
    pub(in crate::builtin) is_silent: bool,
    /// It said that it ends.
    pub(in crate::builtin) has_left: bool,
    /// Since the last look.
    pub(in crate::builtin) events: Vec<BalancerEvent>,
    /// Which of two processes of one name began later, by their own words. Compared with nothing else.
    pub(super) began: (i64, u64),
    /// Of the last report taken.
    pub(super) sequence: u64,
    /// Somebody has looked at the last report.
    pub(super) is_seen: bool,
    clock: ClockOffset,
    in_force: Option<String>,
    refused: Option<Refusal>,
    /// Number of the last event taken over.
    told: u64,
    commands: VecDeque<Command>,
}

impl Remote {
    pub(super) fn new(id: &GatewayId, report: &Report, now: Instant, now_ms: i64) -> Self {
        let mut clock = ClockOffset::default();
        clock.observe(report.sent_at_ms, now_ms);
        Self {
            id: id.clone(),
            run: report.run,
            started_at_ms: clock.started(report, now_ms),
            software: String::new(),
            addresses: Vec::new(),
            tls_addresses: Vec::new(),
            heard: now,
            heard_at_ms: now_ms,
            away_ms: None,
            troubles: Vec::new(),
            stats: None,
            plan: PlanState::Behind,
            is_silent: false,
            has_left: false,
            events: Vec::new(),
            began: (report.started_at_ms, report.run),
            sequence: 0,
            is_seen: false,
            clock,
            in_force: None,
            refused: None,
            told: 0,
            commands: VecDeque::new(),
        }
    }

    pub(super) fn take(&mut self, report: Report, now: Instant, now_ms: i64) {
        let SyncRequest {
            protocol: _,
            run: _,
            started_at_ms: _,
            sequence,
            sent_at_ms,
            software,
            addresses,
            tls_addresses,
            in_force,
            refused,
            troubles,
            away_ms,
            leaving,
            done,
            stats,
        } = report.into_request();
        self.heard = now;
        self.heard_at_ms = now_ms;
        self.sequence = sequence;
        self.is_seen = false;
        self.software = software;
        self.addresses = addresses;
        self.tls_addresses = tls_addresses;
        self.in_force = in_force;
        self.refused = refused;
        self.troubles = troubles;
        self.away_ms = away_ms.or(self.away_ms);
        self.has_left = leaving;
        self.clock.observe(sent_at_ms, now_ms);
        for Done { id, error } in done {
            self.commands.retain(|command| command.id != id);
            if let Some(error) = error {
                tracing::warn!(gateway = %self.id, why = line(&error, WHY_MAX_CHARS), "a gateway could not carry out a command");
            }
        }
        // Without counts those told before stand.
        if let Some(mut stats) = stats {
            self.clock.apply(&mut stats, now_ms);
            for event in stats.events.drain(..) {
                if event.seq > self.told {
                    self.told = event.seq;
                    self.events.push(event);
                }
            }
            let over = self.events.len().saturating_sub(BalancerEvent::KEPT);
            self.events.drain(..over);
            self.stats = Some(Arc::new(stats));
        }
    }

    pub(super) fn is_silent_at(&self, now: Instant, after: Duration) -> bool {
        now.duration_since(self.heard) > after
    }

    pub(super) fn command(&mut self, command: Command) {
        if self.commands.len() == COMMANDS_MAX {
            self.commands.pop_front();
        }
        self.commands.push_back(command);
    }

    /// What the process before it under this name was still to do.
    pub(super) fn inherit(&mut self, former: &mut Self) {
        self.commands = std::mem::take(&mut former.commands);
    }

    pub(super) fn commands(&self) -> Vec<Command> {
        self.commands.iter().cloned().collect()
    }

    /// Where it stands when `digest` is what all are to follow.
    pub(super) fn plan(&self, digest: &str) -> PlanState {
        match &self.refused {
            _ if self.in_force.as_deref() == Some(digest) => PlanState::InForce,
            Some(refusal) if refusal.digest == digest => PlanState::Refused { why: refusal.why.clone() },
            _ => PlanState::Behind,
        }
    }

    /// As it is, for whoever looks. Events are handed over.
    pub(super) fn look(&mut self) -> Self {
        let seen = self.clone();
        self.events.clear();
        self.is_seen = true;
        seen
    }

    /// As [`Remote::look`], for the last time: its counts are not needed any more.
    pub(super) fn look_last(&mut self) -> Self {
        let seen = self.look();
        self.stats = None;
        seen
    }
}
