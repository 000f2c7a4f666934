//! The learn loop: what other consoles on the same database changed.

use std::sync::Arc;

use model::scaling::LedgerFilter;
use tokio::{sync::Notify, time::Instant};

use super::Loop;
use crate::{decide::lead::Standing, start::restore_scaling, state::State};

/// Rounds between two looks for what the leader decided, which it does every other second.
const DECISIONS_EVERY: u32 = 2;

pub(super) struct Learn {
    state: Arc<State>,
    rounds: u32,
}

impl Learn {
    pub(super) const fn new(state: Arc<State>) -> Self {
        Self { state, rounds: 0 }
    }

    async fn policies(&self) -> Result<(), String> {
        let stored = self.state.ports.policies.list().await.map_err(|e| e.to_string())?;
        let mut is_new = false;
        let mut intents = self.state.intents.write();
        for intent in stored {
            if let Some(known) = intents.get_mut(&intent.pool)
                && known.version < intent.version
            {
                *known = intent;
                is_new = true;
            }
        }
        drop(intents);
        if is_new {
            self.state.reconcile_now.notify_one();
        }
        Ok(())
    }

    async fn scaling(&self) -> Result<(), String> {
        let stored = self.state.ports.scaling.list().await.map_err(|e| e.to_string())?;
        let mut is_new = false;
        let mut book = self.state.scaling.write();
        for intent in stored {
            if let Some(known) = book.0.get_mut(&intent.workload)
                && known.intent.version < intent.version
            {
                known.intend(intent);
                is_new = true;
            }
        }
        drop(book);
        if is_new {
            self.state.scale_now.notify_one();
        }
        Ok(())
    }

    /// What the leader decided, for those who look here. The leader itself knows better.
    async fn decisions(&self) -> Result<(), String> {
        let state = &self.state;
        if state.workloads.is_empty() || !matches!(*state.standing.borrow(), Standing::Follows { .. }) {
            return Ok(());
        }
        let restored = restore_scaling(&state.ports, &state.workloads, state.now_ms()).await;
        let mut book = restored.map_err(|e| e.to_string())?;
        for (id, governed) in &mut book.0 {
            let newest = LedgerFilter {
                workload: id.clone(),
                from_ms: None,
                to_ms: None,
                changes_only: false,
                before_id: None,
            };
            let page = state.ports.ledger.decisions(&newest, 1).await.map_err(|e| e.to_string())?;
            governed.last = page.items.into_iter().next();
        }
        let mut known = state.scaling.write();
        for (id, governed) in book.0 {
            // A command may have come in between.
            if known
                .0
                .get(&id)
                .is_none_or(|before| before.intent.version <= governed.intent.version)
            {
                known.0.insert(id, governed);
            }
        }
        Ok(())
    }

    /// Who registered with another console, or left there. Behind `registering`, so that nobody is between database and memory.
    async fn roster(&self) -> Result<(), String> {
        let state = &self.state;
        if state.registry.is_none() {
            return Ok(());
        }
        let _one_at_a_time = state.registering.lock().await;
        let stored = state.ports.registry.list().await.map_err(|e| e.to_string())?;
        let changed = state.roster.write().adopt(stored, Instant::now().into_std(), state.now_ms());
        if changed {
            state.reconcile_now.notify_one();
        }
        Ok(())
    }
}

impl Loop for Learn {
    const NAME: &'static str = "learn";

    fn wake(_state: &State) -> Option<&Notify> {
        None
    }

    async fn round(&mut self) -> Result<(), String> {
        let (policies, scaling, roster) = (self.policies().await, self.scaling().await, self.roster().await);
        self.rounds = self.rounds.wrapping_add(1);
        let decisions = if self.rounds.is_multiple_of(DECISIONS_EVERY) {
            self.decisions().await
        } else {
            Ok(())
        };
        policies.and(scaling).and(roster).and(decisions)
    }
}
