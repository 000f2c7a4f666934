//! The reconcile loop: makes the balancers do what is intended, and tells when they do.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc, time::Duration};

use model::{Actor, EventKind, FieldDiff, NewEvent, PoolId, PoolIntent, PoolPlan, Severity};
use tokio::sync::{Notify, mpsc};

use super::{Loop, forget};
use crate::{
    decide::plan::pool_plan,
    ports::{ApplyError, Balancer},
    state::{State, Unannounced},
};

/// A balancer that takes longer has not taken the plan; the next round tries again.
const DEADLINE: Duration = Duration::from_secs(5);

/// How many audit rows back the last change of a pool is looked for.
const AUDIT_ROWS: u32 = 200;

pub(super) struct Reconcile {
    state: Arc<State>,
    to_record: mpsc::Sender<Vec<NewEvent>>,
    /// The plan each pool's balancer took last from this console.
    applied: HashMap<PoolId, PoolPlan>,
    /// The newest version the journal knows of, by pool.
    announced: BTreeMap<PoolId, u64>,
}

impl Reconcile {
    pub(super) fn new(state: Arc<State>, to_record: mpsc::Sender<Vec<NewEvent>>) -> Self {
        Self {
            state,
            to_record,
            applied: HashMap::new(),
            announced: BTreeMap::new(),
        }
    }

    async fn apply(&mut self, balancer: &dyn Balancer, plan: &PoolPlan) -> Result<(), ApplyError> {
        if self.applied.get(&plan.pool) == Some(plan) && self.in_force(plan) {
            return Ok(());
        }
        let answer = tokio::time::timeout(DEADLINE, balancer.apply(plan)).await;
        answer.unwrap_or_else(|_| Err(ApplyError::Unreachable(format!("no answer within {} s", DEADLINE.as_secs()))))?;
        let before = self.applied.insert(plan.pool.clone(), plan.clone());
        if before.is_some_and(|before| before.instances != plan.instances) {
            // Who has come or gone is shown at once.
            self.state.collect_now.notify_one();
        }
        self.state.refused.write().remove(&plan.pool);
        Ok(())
    }

    /// Whether the balancer itself says so: one that was restarted has forgotten.
    fn in_force(&self, plan: &PoolPlan) -> bool {
        let snapshot = self.state.snapshot.borrow();
        // A pool that has not been observed since cannot speak against it.
        snapshot
            .pools
            .iter()
            .find(|p| p.id == plan.pool)
            .is_none_or(|p| p.version >= plan.version)
    }

    async fn announce(&mut self, intent: &PoolIntent) -> Result<bool, String> {
        let policies = &self.state.ports.policies;
        let told = match self.announced.get(&intent.pool) {
            Some(told) => *told,
            None => policies.announced(&intent.pool).await.map_err(|e| e.to_string())?,
        };
        if told >= intent.version {
            self.announced.insert(intent.pool.clone(), told);
            return Ok(false);
        }
        for change in self.changes(intent, told).await? {
            let event = applied_event(self.state.now_ms(), &change);
            policies
                .announce(&change.pool, change.version, &event)
                .await
                .map_err(|e| e.to_string())?;
            self.announced.insert(change.pool.clone(), change.version);
        }
        self.state
            .unannounced
            .lock()
            .retain(|c| c.pool != intent.pool || c.version > intent.version);
        Ok(true)
    }

    /// Every change since version `told`, oldest first. Those this console made are remembered; of those made before a crash the audit
    /// log knows the last.
    async fn changes(&self, intent: &PoolIntent, told: u64) -> Result<Vec<Unannounced>, String> {
        let ours = |c: &&Unannounced| c.pool == intent.pool && (told + 1..=intent.version).contains(&c.version);
        let mut changes: Vec<Unannounced> = self.state.unannounced.lock().iter().filter(ours).cloned().collect();
        if changes.last().is_none_or(|c| c.version < intent.version) {
            let by = intent.changed_by.clone().unwrap_or_else(|| "settings file".to_owned());
            let diff = if intent.changed_by.is_some() {
                self.last_diff(&intent.pool).await?
            } else {
                Vec::new()
            };
            changes.push(Unannounced {
                pool: intent.pool.clone(),
                version: intent.version,
                by,
                diff,
            });
        }
        Ok(changes)
    }

    async fn last_diff(&self, pool: &PoolId) -> Result<Vec<FieldDiff>, String> {
        let page = self.state.ports.journal.audit(None, AUDIT_ROWS).await.map_err(|e| e.to_string())?;
        let last = page
            .items
            .into_iter()
            .find(|r| r.entry.action == "pool.change" && r.entry.target == pool.as_str());
        Ok(last.map(|r| r.entry.diff).unwrap_or_default())
    }

    fn refused(&self, intent: &PoolIntent, error: &ApplyError) {
        let ApplyError::Refused(why) = error else { return };
        let before = self.state.refused.write().insert(intent.pool.clone(), why.clone());
        if before.as_ref() == Some(why) {
            return;
        }
        let event = NewEvent {
            at_ms: self.state.now_ms(),
            kind: EventKind::PolicyRefused,
            severity: Severity::Critical,
            pool: Some(intent.pool.clone()),
            instance: None,
            summary: format!(
                "The balancer refused version {} of pool {}; the old plan stays in force",
                intent.version, intent.pool
            ),
            cause: why.clone(),
            actor: Actor::system("reconciler"),
        };
        if self.to_record.try_send(vec![event]).is_err() {
            tracing::error!(pool = %intent.pool, why, "a refused policy could not be told");
        }
    }
}

impl Loop for Reconcile {
    const NAME: &'static str = "reconcile";

    fn wake(state: &State) -> Option<&Notify> {
        Some(&state.reconcile_now)
    }

    async fn round(&mut self) -> Result<(), String> {
        let state = self.state.clone();
        let mut failures = Vec::new();
        let mut told = false;
        for setup in &state.pools {
            let Some(intent) = state.intents.read().get(&setup.id).cloned() else {
                continue;
            };
            let Some(balancer) = state.ports.balancers.iter().find(|b| b.source() == setup.balancer) else {
                continue;
            };
            if !balancer.is_own() && state.fence().is_none() {
                continue;
            }
            let members = state.members(&setup.id).unwrap_or_default();
            if members.is_empty() && !state.fleet.read().is_complete() {
                // Better those it has than nobody.
                failures.push(format!("nobody knows yet who serves pool {}", setup.id));
                continue;
            }
            let draining = state.draining.read().get(&setup.id).cloned().unwrap_or_default();
            let plan = pool_plan(setup, &members, &intent, &draining);
            match self.apply(balancer.as_ref(), &plan).await {
                Ok(()) => match self.announce(&intent).await {
                    Ok(new) => told |= new,
                    Err(error) => failures.push(error),
                },
                Err(error) => {
                    self.refused(&intent, &error);
                    failures.push(error.to_string());
                }
            }
        }
        if told {
            // An empty batch: the record loop reads what was just written, and the next snapshot shows it.
            let _ = self.to_record.try_send(Vec::new());
            state.collect_now.notify_one();
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
    }
}

fn applied_event(at_ms: i64, change: &Unannounced) -> NewEvent {
    let what: Vec<String> = change
        .diff
        .iter()
        .map(|d| format!("{} {} → {}", d.field, d.before, d.after))
        .collect();
    let (pool, version) = (&change.pool, change.version);
    let summary = if what.is_empty() {
        format!("Pool {pool} follows version {version} of its policy")
    } else {
        format!("Pool {pool}: {}", what.join(", "))
    };
    let actor = match change.by.as_str() {
        by @ ("settings file" | forget::BY) => Actor::system(by),
        by => Actor::User(by.to_owned()),
    };
    NewEvent {
        at_ms,
        kind: EventKind::PolicyApplied,
        severity: Severity::Info,
        pool: Some(pool.clone()),
        instance: None,
        summary,
        cause: format!("version {version}, changed by {}", change.by),
        actor,
    }
}
