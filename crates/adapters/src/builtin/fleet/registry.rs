//! Who reports, what each is to do, and the answer that waits until there is something to do.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use gateway::GatewayStats;
use model::{BalancerEvent, BreakerTarget, GatewayId, GatewayPlan, PlanState, PoolId, PoolPlan};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Command, Done, Orders, OrdersText, PROTOCOL, Refusal, Report, SecretKey, SyncAnswer, line};

/// How long a report is held when there is nothing to do: about as often as the console looks.
const HOLD: Duration = Duration::from_secs(1);
/// The next report follows at once; what is served meanwhile is in it.
const NEXT_MS: u32 = 0;
/// How long a silent gateway is shown.
const FORGET_AFTER: Duration = Duration::from_secs(3_600);
/// Commands that wait for one gateway. The oldest go: a reset that is so late resets nothing.
const COMMANDS_MAX: usize = 64;
const WHY_MAX_CHARS: usize = 500;

/// The gateway in the console's own process.
pub(in crate::builtin) fn own_id() -> GatewayId {
    GatewayId::new("console").expect("a constant name is valid")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From then on a gateway counts as silent.
    pub silent_after: Duration,
    pub max: usize,
}

/// Why a report was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyncRefused {
    #[error("the name {0} is the console's own gateway's; start this one with another --id")]
    Reserved(GatewayId),
    #[error("another gateway named {0}, started later, reports here; start one of them with another --id")]
    Taken(GatewayId),
    #[error(
        "{0} gateways are known already; raise gateways.max in the console's settings, or wait an hour for silent ones to be forgotten"
    )]
    Full(usize),
}

/// The gateways elsewhere. Orders come from the balancer; reports from whoever terminates their connections.
#[derive(Debug)]
pub struct Fleet {
    limits: Limits,
    standing: Mutex<Standing>,
    remotes: Mutex<BTreeMap<GatewayId, Remote>>,
    /// Bumped whenever an answer that is held may have become due.
    changed: watch::Sender<u64>,
    commands: AtomicU64,
}

/// The orders every gateway is to follow.
#[derive(Debug)]
struct Standing {
    orders: Orders,
    text: OrdersText,
    digest: String,
}

impl Standing {
    fn new(orders: Orders) -> Self {
        let text = orders.text();
        Self {
            digest: text.digest(),
            text,
            orders,
        }
    }
}

/// What is known of one gateway.
#[derive(Debug, Clone)]
pub(in crate::builtin) struct Remote {
    pub(in crate::builtin) id: GatewayId,
    /// Start and draw: the process that reports.
    pub(in crate::builtin) run: (i64, u64),
    pub(in crate::builtin) software: String,
    pub(in crate::builtin) addresses: Vec<std::net::SocketAddr>,
    pub(in crate::builtin) heard: Instant,
    pub(in crate::builtin) heard_at_ms: i64,
    pub(in crate::builtin) away_ms: Option<u64>,
    pub(in crate::builtin) stats: Option<Arc<GatewayStats>>,
    pub(in crate::builtin) plan: PlanState,
    pub(in crate::builtin) is_silent: bool,
    /// Since the last look.
    pub(in crate::builtin) events: Vec<BalancerEvent>,
    in_force: Option<String>,
    refused: Option<Refusal>,
    /// Number of the last event taken over.
    told: u64,
    commands: VecDeque<Command>,
}

impl Remote {
    fn new(id: &GatewayId, run: (i64, u64), now: Instant) -> Self {
        Self {
            id: id.clone(),
            run,
            software: String::new(),
            addresses: Vec::new(),
            heard: now,
            heard_at_ms: 0,
            away_ms: None,
            stats: None,
            plan: PlanState::Behind,
            is_silent: false,
            events: Vec::new(),
            in_force: None,
            refused: None,
            told: 0,
            commands: VecDeque::new(),
        }
    }

    fn take(&mut self, report: Report, now: Instant, now_ms: i64) {
        let run = (report.started_at_ms, report.run);
        if self.run != run {
            *self = Self {
                commands: std::mem::take(&mut self.commands),
                events: std::mem::take(&mut self.events),
                ..Self::new(&self.id, run, now)
            };
        }
        self.heard = now;
        self.heard_at_ms = now_ms;
        self.software = report.software;
        self.addresses = report.addresses;
        self.in_force = report.in_force;
        self.refused = report.refused;
        if report.away_ms.is_some() {
            self.away_ms = report.away_ms;
        }
        for Done { id, error } in report.done {
            self.commands.retain(|command| command.id != id);
            if let Some(error) = error {
                tracing::warn!(gateway = %self.id, why = line(&error, WHY_MAX_CHARS), "a gateway could not carry out a command");
            }
        }
        if let Some(mut stats) = report.stats {
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

    fn plan(&self, digest: &str) -> PlanState {
        match &self.refused {
            _ if self.in_force.as_deref() == Some(digest) => PlanState::InForce,
            Some(refusal) if refusal.digest == digest => PlanState::Refused { why: refusal.why.clone() },
            _ => PlanState::Behind,
        }
    }

    /// What there is to do for it.
    fn due(&self, standing: &Standing) -> Option<SyncAnswer> {
        let orders = (self.plan(&standing.digest) == PlanState::Behind).then(|| standing.text.clone());
        (orders.is_some() || !self.commands.is_empty()).then(|| SyncAnswer {
            protocol: PROTOCOL,
            orders,
            commands: self.commands.iter().cloned().collect(),
            next_ms: NEXT_MS,
        })
    }
}

impl Fleet {
    /// `plan` is what the console's own gateway starts with.
    pub fn new(limits: Limits, plan: GatewayPlan, affinity_key: [u8; 32]) -> Self {
        Self {
            limits,
            standing: Mutex::new(Standing::new(Orders {
                plan,
                affinity_key: SecretKey(affinity_key),
            })),
            remotes: Mutex::default(),
            changed: watch::Sender::new(0),
            // Numbers of an earlier run of the console are not used again.
            commands: AtomicU64::new(rand::random::<u64>() >> 1),
        }
    }

    /// Takes a report and answers when there is something to do for the gateway, at the latest after a second.
    ///
    /// # Errors
    /// [`SyncRefused`] when the name or the place is not free.
    pub async fn sync(&self, id: &GatewayId, report: Report, now_ms: i64) -> Result<SyncAnswer, SyncRefused> {
        let mut changed = self.changed.subscribe();
        let leaving = report.leaving;
        self.take(id, report, Instant::now(), now_ms)?;
        let held = async {
            loop {
                if let Some(answer) = self.due(id) {
                    return answer;
                }
                // Fails when the sender is gone, and `self` holds it.
                let _ = changed.changed().await;
            }
        };
        let nothing = SyncAnswer {
            protocol: PROTOCOL,
            orders: None,
            commands: Vec::new(),
            next_ms: NEXT_MS,
        };
        if leaving {
            return Ok(nothing);
        }
        Ok(tokio::time::timeout(HOLD, held).await.unwrap_or(nothing))
    }

    fn due(&self, id: &GatewayId) -> Option<SyncAnswer> {
        let standing = self.standing.lock();
        self.remotes.lock().get(id)?.due(&standing)
    }

    pub(in crate::builtin) fn take(&self, id: &GatewayId, report: Report, now: Instant, now_ms: i64) -> Result<(), SyncRefused> {
        if id == &own_id() {
            return Err(SyncRefused::Reserved(id.clone()));
        }
        let mut remotes = self.remotes.lock();
        remotes.retain(|_, remote| now.duration_since(remote.heard) < FORGET_AFTER);
        let run = (report.started_at_ms, report.run);
        if let Some(known) = remotes.get(id) {
            let is_silent = now.duration_since(known.heard) > self.limits.silent_after;
            if known.run > run && !is_silent {
                return Err(SyncRefused::Taken(id.clone()));
            }
        } else if remotes.len() >= self.limits.max {
            return Err(SyncRefused::Full(remotes.len()));
        }
        if report.leaving {
            remotes.remove(id);
            return Ok(());
        }
        let remote = remotes.entry(id.clone()).or_insert_with(|| Remote::new(id, run, now));
        remote.take(report, now, now_ms);
        Ok(())
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether every gateway is told this already.
    pub(in crate::builtin) fn follows(&self, plan: &PoolPlan) -> bool {
        self.standing.lock().orders.plan.pools.contains(plan)
    }

    /// Tells every gateway; those that are silent, when they come back.
    pub(in crate::builtin) fn order(&self, plan: &PoolPlan) {
        let mut standing = self.standing.lock();
        let mut orders = standing.orders.clone();
        let Some(pool) = orders.plan.pools.iter_mut().find(|pool| pool.pool == plan.pool) else {
            return;
        };
        if pool != plan {
            *pool = plan.clone();
            *standing = Standing::new(orders);
            drop(standing);
            self.changed.send_modify(|n| *n += 1);
        }
    }

    pub(in crate::builtin) fn reset(&self, pool: &PoolId, targets: &[BreakerTarget]) {
        for remote in self.remotes.lock().values_mut() {
            if remote.commands.len() == COMMANDS_MAX {
                remote.commands.pop_front();
            }
            remote.commands.push_back(Command {
                id: self.commands.fetch_add(1, Ordering::Relaxed),
                pool: pool.clone(),
                reset: targets.to_vec(),
            });
        }
        self.changed.send_modify(|n| *n += 1);
    }

    /// Every gateway that is known, by name. The events are handed over.
    pub(in crate::builtin) fn look(&self, now: Instant) -> Vec<Remote> {
        let digest = self.standing.lock().digest.clone();
        let mut remotes = self.remotes.lock();
        remotes.retain(|_, remote| now.duration_since(remote.heard) < FORGET_AFTER);
        let look = |remote: &mut Remote| {
            remote.plan = remote.plan(&digest);
            remote.is_silent = now.duration_since(remote.heard) > self.limits.silent_after;
            let seen = remote.clone();
            remote.events.clear();
            seen
        };
        remotes.values_mut().map(look).collect()
    }

    /// Clients that gateways elsewhere remember for a pool.
    pub(in crate::builtin) fn pinned(&self, pool: &PoolId) -> u64 {
        let remotes = self.remotes.lock();
        let pools = remotes.values().filter_map(|r| r.stats.as_ref()).flat_map(|s| &s.pools);
        let instances = pools.filter(|p| &p.pool == pool).flat_map(|p| &p.instances);
        instances.map(|i| u64::from(i.pinned.unwrap_or(0))).sum()
    }
}

#[cfg(test)]
mod tests;
