//! The registry loop: takes out who was not heard of any more.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use model::{Actor, EventKind, Registration};
use tokio::sync::Notify;

use super::Loop;
use crate::{registration::left, setup::RegistrySetup, state::State};

pub(super) struct Registry {
    state: Arc<State>,
    /// Between two rounds.
    every: Duration,
}

impl Registry {
    pub(super) const fn new(state: Arc<State>, every: Duration) -> Self {
        Self { state, every }
    }

    /// The store first: one that cannot be told of stays, and its health checks go on speaking for it. A heartbeat that comes meanwhile is
    /// told to register again.
    async fn expire(&self, registry: &RegistrySetup) -> Result<(), String> {
        let state = &self.state;
        let silent = {
            let (now, mut roster) = (Instant::now(), state.roster.write());
            roster.look(now, self.every);
            roster.silent(now, registry.expire)
        };
        if silent.is_empty() {
            return Ok(());
        }
        let _one_at_a_time = state.registering.lock().await;
        for entry in silent {
            let Registration { pool, id, .. } = &*entry.registration;
            // It may have come back while others were waited for.
            if !state.roster.write().leave(pool, id, Instant::now(), registry.expire) {
                continue;
            }
            let event = left(
                state.now_ms(),
                EventKind::InstanceExpired,
                pool,
                id,
                format!("no heartbeat for {} s", registry.expire.as_secs_f32()),
                Actor::system("registry"),
            );
            if let Err(error) = state.ports.fenced.registry.deregister(pool, id, None, &event).await {
                state.roster.write().stay(pool, id);
                return Err(error.to_string());
            }
            state.roster.write().remove(pool, id);
            state.reconcile_now.notify_one();
        }
        Ok(())
    }
}

impl Loop for Registry {
    const NAME: &'static str = "registry";
    const LEADS: bool = true;

    fn wake(_state: &State) -> Option<&Notify> {
        None
    }

    async fn take_up(&mut self) -> Result<(), String> {
        self.state.roster.write().all_heard(Instant::now());
        Ok(())
    }

    async fn round(&mut self) -> Result<(), String> {
        let state = self.state.clone();
        let Some(registry) = &state.registry else { return Ok(()) };
        self.expire(registry).await
    }
}
