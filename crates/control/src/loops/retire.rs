//! The retire loop: lets those go that a workload has chosen to stop, as far as their pool can do without, and stops them when nothing is
//! under way on them any more.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use model::{Actor, AdminState, EventKind, InstanceId, NewEvent, PoolId, PoolSnapshot, Severity};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::Loop;
use crate::{
    decide::{
        fleet::Leaver,
        retire::{DRAIN_MAX, Inputs, Outcome, Retired, retire},
    },
    state::State,
};

/// Whoever takes longer to stop one has not; the next round tries again.
const DEADLINE: Duration = Duration::from_secs(5);

pub(super) struct Retire {
    state: Arc<State>,
    settle: Duration,
    to_record: mpsc::Sender<Vec<NewEvent>>,
    /// Since when the balancer shows that it sends nothing new to one.
    drained: HashMap<(PoolId, InstanceId, SocketAddr), Instant>,
}

impl Retire {
    /// `settle`: as long as a collection takes to show what was under way before.
    pub(super) fn new(state: Arc<State>, settle: Duration, to_record: mpsc::Sender<Vec<NewEvent>>) -> Self {
        Self {
            state,
            settle,
            to_record,
            drained: HashMap::new(),
        }
    }

    /// What is to be done in one pool; `None` where nobody leaves, or nothing is known.
    fn decide(&mut self, id: &PoolId, leavers: &[Leaver], now: Instant) -> Option<Outcome> {
        let state = self.state.clone();
        let pool = state.seen(id).filter(|_| !leavers.is_empty())?;
        let policy = state.intents.read().get(id)?.policy.clone();
        let drained = self.watch(&pool, leavers, now);
        let before = state.draining.read().get(id).cloned().unwrap_or_default();
        let snapshot = state.snapshot.borrow().clone();
        Some(retire(Inputs {
            pool: &pool,
            policy: &policy,
            gateways: &snapshot.gateways,
            leavers,
            drained: &drained,
            draining: &before,
            settle: self.settle,
        }))
    }

    fn watch(&mut self, pool: &PoolSnapshot, leavers: &[Leaver], now: Instant) -> BTreeMap<InstanceId, Duration> {
        let mut drained = BTreeMap::new();
        for leaver in leavers {
            let key = (pool.id.clone(), leaver.id.clone(), leaver.address);
            let mut seen = pool.instances.iter().filter(|i| i.id == leaver.id && i.address == leaver.address);
            if seen.any(|i| i.admin != AdminState::Ready) {
                let since = *self.drained.entry(key).or_insert(now);
                drained.insert(leaver.id.clone(), now.duration_since(since));
            } else {
                self.drained.remove(&key);
            }
        }
        drained
    }

    async fn stop(&self, pool: &PoolId, leaver: &Leaver, retired: &Retired) -> Result<(), String> {
        let Some(workloads) = self.state.ports.workloads.get(leaver.source) else {
            return Ok(());
        };
        // A follower gives it nothing new either; who drains is for the leader to stop.
        if self.state.fence().is_none() {
            return Ok(());
        }
        let answer = tokio::time::timeout(DEADLINE, workloads.retire(&leaver.workload, &leaver.id)).await;
        let answer = answer.map_err(|_| format!("{} was not stopped within {} s", leaver.id, DEADLINE.as_secs()))?;
        answer.map_err(|error| format!("{} could not be stopped: {error}", leaver.id))?;
        if retired.cut > 0 {
            self.tell_of_cut(pool, retired);
        }
        Ok(())
    }

    fn tell_of_cut(&self, pool: &PoolId, Retired { id, cut }: &Retired) {
        let event = NewEvent {
            at_ms: self.state.now_ms(),
            kind: EventKind::InstanceDraining,
            severity: Severity::Warning,
            pool: Some(pool.clone()),
            instance: Some(id.clone()),
            summary: format!("{id} of pool {pool} is stopped with {cut} still under way"),
            cause: format!("it has drained for {} s, which is as long as it may", DRAIN_MAX.as_secs()),
            actor: Actor::system("retire loop"),
        };
        if self.to_record.try_send(vec![event]).is_err() {
            tracing::error!(%pool, instance = %id, cut, "an instance is stopped with something under way");
        }
    }
}

impl Loop for Retire {
    const NAME: &'static str = "retire";

    fn wake(state: &State) -> Option<&Notify> {
        Some(&state.retire_now)
    }

    async fn round(&mut self) -> Result<(), String> {
        let (state, now) = (self.state.clone(), Instant::now());
        let (mut draining, mut waits, mut stop): (BTreeMap<_, BTreeSet<_>>, _, _) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut leaving = BTreeSet::new();
        for setup in &state.pools {
            let leavers: Vec<Leaver> = state.fleet.read().leavers(&setup.id).collect();
            leaving.extend(leavers.iter().map(|l| (setup.id.clone(), l.id.clone(), l.address)));
            let Some(outcome) = self.decide(&setup.id, &leavers, now) else {
                continue;
            };
            draining.insert(setup.id.clone(), outcome.drain);
            waits.extend(outcome.waits);
            for retired in outcome.retire {
                let leaver = leavers.iter().find(|leaver| leaver.id == retired.id);
                stop.extend(leaver.map(|leaver| (setup.id.clone(), leaver.clone(), retired)));
            }
        }
        self.drained.retain(|key, _| leaving.contains(key));
        let changed = *state.draining.read() != draining;
        if changed {
            *state.draining.write() = draining;
            state.reconcile_now.notify_one();
        }
        state.statuses.waits(Self::NAME, (!waits.is_empty()).then(|| waits.join("; ")));
        let mut failures = Vec::new();
        for (pool, leaver, retired) in &stop {
            failures.extend(self.stop(pool, leaver, retired).await.err());
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
    }
}
