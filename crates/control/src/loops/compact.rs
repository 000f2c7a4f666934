//! The compact loop: brings complete quarters of an hour into their final form.

use std::sync::Arc;

use tokio::sync::Notify;

use super::Loop;
use crate::state::State;

pub(super) struct Compact {
    state: Arc<State>,
}

impl Compact {
    pub(super) const fn new(state: Arc<State>) -> Self {
        Self { state }
    }
}

impl Loop for Compact {
    const NAME: &'static str = "compact";
    const LEADS: bool = true;

    fn wake(_state: &State) -> Option<&Notify> {
        None
    }

    async fn round(&mut self) -> Result<(), String> {
        let done = self.state.ports.fenced.samples.compact().await.map_err(|e| e.to_string())?;
        if done.blocks > 0 {
            tracing::debug!(
                rows = done.rows,
                blocks = done.blocks,
                bytes = done.bytes,
                "measured values were compacted"
            );
        }
        Ok(())
    }
}
