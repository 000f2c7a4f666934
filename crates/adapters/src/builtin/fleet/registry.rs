//! What the gateways are to do, and the answer that waits until there is something to do.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use model::{BreakerTarget, GatewayId, GatewayPlan, PlanState, PoolId, PoolPlan};
use parking_lot::Mutex;
use tokio::{sync::watch, time::sleep};

use super::{
    Command, Orders, OrdersText, PROTOCOL, Remote, Report, SecretKey, SyncAnswer,
    known::{Known, Taken},
    receive::Planned,
};

/// How long a report is held when nobody looks at it and there is nothing to do: less than what counts as silence.
const HOLD: Duration = Duration::from_secs(2);
/// The next report follows at once; what is served meanwhile is in it.
const NEXT_MS: u32 = 0;

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
    #[error("{0} gateways report already and none of them is silent; raise gateways.max in the console's settings")]
    Full(usize),
}

/// The gateways elsewhere. Orders come from the balancer; reports from whoever terminates their connections.
#[derive(Debug)]
pub struct Fleet {
    limits: Limits,
    standing: Mutex<Standing>,
    known: Mutex<Known>,
    /// Bumped whenever an answer that is held may have become due.
    changed: watch::Sender<u64>,
    /// Bumped with each look. Held answers go out then, so that between two looks there is one report of each gateway: reports by a
    /// clock of their own would now and then be two, or none.
    looked: watch::Sender<u64>,
    commands: AtomicU64,
}

/// The orders every gateway is to follow.
#[derive(Debug)]
struct Standing {
    orders: Orders,
    planned: Planned,
    text: OrdersText,
    digest: String,
}

impl Standing {
    fn new(orders: Orders) -> Self {
        let text = orders.text();
        let members = |pool: &PoolPlan| pool.instances.iter().map(|i| (i.id.clone(), i.address)).collect::<HashMap<_, _>>();
        Self {
            planned: orders.plan.pools.iter().map(|pool| (pool.pool.clone(), members(pool))).collect(),
            digest: text.digest(),
            text,
            orders,
        }
    }

    /// What there is to do for a gateway.
    fn due(&self, remote: &Remote) -> Option<SyncAnswer> {
        let orders = (remote.plan(&self.digest) == PlanState::Behind).then(|| self.text.clone());
        let commands = remote.commands();
        (orders.is_some() || !commands.is_empty()).then(|| SyncAnswer {
            orders,
            commands,
            ..self.nothing()
        })
    }

    fn nothing(&self) -> SyncAnswer {
        SyncAnswer {
            protocol: PROTOCOL,
            wanted: Some(self.digest.clone()),
            orders: None,
            commands: Vec::new(),
            next_ms: NEXT_MS,
        }
    }
}

/// Everybody who reports, by name, and the last of those who do not any more. Events are handed over.
#[derive(Debug)]
pub(in crate::builtin) struct Look {
    pub(in crate::builtin) present: Vec<Remote>,
    pub(in crate::builtin) departed: Vec<Remote>,
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
            known: Mutex::default(),
            changed: watch::Sender::new(0),
            looked: watch::Sender::new(0),
            // Numbers of an earlier run of the console are not used again.
            commands: AtomicU64::new(rand::random::<u64>() >> 1),
        }
    }

    /// Takes a report and answers when there is something to do for the gateway, at the latest when somebody has looked.
    ///
    /// # Errors
    /// [`SyncRefused`] when the name or the place is not free.
    pub async fn sync(&self, id: &GatewayId, report: Report, now_ms: i64) -> Result<SyncAnswer, SyncRefused> {
        let (mut changed, mut looked) = (self.changed.subscribe(), self.looked.subscribe());
        let leaving = report.leaving;
        let taken = self.take(id, report, Instant::now(), now_ms)?;
        if leaving || taken == Taken::Late {
            return Ok(self.standing.lock().nothing());
        }
        let held = async {
            loop {
                if let Some(answer) = self.due(id) {
                    return answer;
                }
                // Fails when the sender is gone, and `self` holds it.
                let _ = changed.changed().await;
            }
        };
        tokio::select! {
            biased;
            answer = held => return Ok(answer),
            _ = looked.changed() => {}
            () = sleep(HOLD) => {}
        }
        Ok(self.standing.lock().nothing())
    }

    fn due(&self, id: &GatewayId) -> Option<SyncAnswer> {
        let standing = self.standing.lock();
        let known = self.known.lock();
        standing.due(known.present.get(id)?)
    }

    pub(in crate::builtin) fn take(&self, id: &GatewayId, mut report: Report, now: Instant, now_ms: i64) -> Result<Taken, SyncRefused> {
        if id == &own_id() {
            return Err(SyncRefused::Reserved(id.clone()));
        }
        report.keep(&self.standing.lock().planned);
        self.known.lock().take(id, report, self.limits, now, now_ms)
    }

    /// Of what every gateway is to follow, the console's own among them.
    pub fn digest(&self) -> String {
        self.standing.lock().digest.clone()
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
        for remote in self.known.lock().present.values_mut() {
            remote.command(Command {
                id: self.commands.fetch_add(1, Ordering::Relaxed),
                pool: pool.clone(),
                reset: targets.to_vec(),
            });
        }
        self.changed.send_modify(|n| *n += 1);
    }

    pub(in crate::builtin) fn look(&self, now: Instant) -> Look {
        let standing = self.standing.lock();
        let mut known = self.known.lock();
        known.forget(now);
        let look = |remote: &mut Remote| {
            remote.plan = remote.plan(&standing.digest);
            remote.is_silent = remote.is_silent_at(now, self.limits.silent_after);
            remote.look()
        };
        let look = Look {
            present: known.present.values_mut().map(look).collect(),
            departed: known.departing(),
        };
        drop(known);
        drop(standing);
        self.looked.send_modify(|n| *n += 1);
        look
    }

    /// Clients that gateways elsewhere remember for a pool; those of silent ones are not known.
    pub(in crate::builtin) fn pinned(&self, pool: &PoolId, now: Instant) -> u64 {
        let known = self.known.lock();
        let heard = known.present.values().filter(|r| !r.is_silent_at(now, self.limits.silent_after));
        let pools = heard.filter_map(|r| r.stats.as_ref()).flat_map(|s| &s.pools);
        let instances = pools.filter(|p| &p.pool == pool).flat_map(|p| &p.instances);
        instances.map(|i| u64::from(i.pinned.unwrap_or(0))).sum()
    }
}

#[cfg(test)]
mod tests;
