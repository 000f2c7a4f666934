//! The forget loop: takes back what an operator said of an instance when its name passes to another process. A drained `sample-4` that was
//! scaled away must not leave the next `sample-4` drained.

use std::{collections::BTreeSet, sync::Arc};

use model::{InstanceId, PoolId, change};
use tokio::sync::Notify;

use super::Loop;
use crate::{
    decide::forget::{Names, without},
    ports::{AuditEntry, PutError, PutPolicy},
    state::{State, UNANNOUNCED_MAX, Unannounced},
};

/// Who it is in the audit log; no user can be called so.
pub(super) const BY: &str = "forget loop";

pub(super) struct Forget {
    state: Arc<State>,
    names: Names,
}

impl Forget {
    pub(super) fn new(state: Arc<State>) -> Self {
        Self {
            state,
            names: Names::default(),
        }
    }

    /// A change of intention like any other: one version more, with its audit row.
    async fn withdraw(&self, pool: &PoolId, ids: &BTreeSet<InstanceId>) -> Result<(), String> {
        let state = &self.state;
        let _one_at_a_time = state.commands.lock().await;
        let Some(current) = state.intents.read().get(pool).cloned() else {
            return Ok(());
        };
        let Some(policy) = without(&current.policy, ids) else {
            return Ok(());
        };
        let diff = change::diff(&current.policy, &policy);
        let put = PutPolicy {
            pool: pool.clone(),
            expected_version: current.version,
            policy,
            audit: AuditEntry {
                at_ms: state.now_ms(),
                who: BY.to_owned(),
                from: "console".to_owned(),
                action: "pool.change".to_owned(),
                target: pool.to_string(),
                diff: diff.clone(),
            },
        };
        let stored = match state.ports.fenced.policies.put(&put).await {
            Ok(stored) => stored,
            Err(PutError::Stale(newer)) => {
                let why = format!("pool {pool} was changed by another console meanwhile; the next round tries again");
                state.intents.write().insert(pool.clone(), *newer);
                return Err(why);
            }
            Err(PutError::Missing) => return Ok(()),
            Err(PutError::Store(error)) => return Err(error.to_string()),
        };
        let version = stored.version;
        state.intents.write().insert(pool.clone(), stored);
        let mut waiting = state.unannounced.lock();
        if waiting.len() < UNANNOUNCED_MAX {
            waiting.push_back(Unannounced {
                pool: pool.clone(),
                version,
                by: BY.to_owned(),
                diff,
            });
        }
        drop(waiting);
        state.reconcile_now.notify_one();
        Ok(())
    }
}

impl Loop for Forget {
    const NAME: &'static str = "forget";

    fn wake(state: &State) -> Option<&Notify> {
        Some(&state.forget_now)
    }

    async fn round(&mut self) -> Result<(), String> {
        {
            let fleet = self.state.fleet.read();
            if !fleet.is_complete() {
                return Ok(());
            }
            self.names.look(fleet.present());
        }
        // A follower looks too: it knows them when it leads.
        if self.state.fence().is_none() {
            return Ok(());
        }
        for (pool, ids) in self.names.passed() {
            self.withdraw(&pool, &ids).await?;
            self.names.settled(&pool);
        }
        Ok(())
    }
}
