//! Removes what has expired.

use std::sync::Arc;

use tokio::sync::Notify;

use super::Loop;
use crate::state::State;

pub(super) struct Housekeeping {
    state: Arc<State>,
}

impl Housekeeping {
    pub(super) const fn new(state: Arc<State>) -> Self {
        Self { state }
    }
}

impl Loop for Housekeeping {
    const NAME: &'static str = "housekeeping";

    fn wake(_state: &State) -> Option<&Notify> {
        None
    }

    async fn round(&mut self) -> Result<(), String> {
        self.state.accounts.forget_old_attempts();
        let removed = self
            .state
            .ports
            .identity
            .remove_expired(self.state.now_ms())
            .await
            .map_err(|e| e.to_string())?;
        if removed > 0 {
            tracing::info!(removed, "expired sessions were removed");
        }
        Ok(())
    }
}
