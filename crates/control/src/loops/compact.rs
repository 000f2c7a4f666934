//! The compact loop: brings complete quarters of an hour into their final form, and lets go of what is not kept so finely any more.

use std::sync::Arc;

use model::Resolution;
use tokio::sync::Notify;

use super::Loop;
use crate::{ports::KeptTable, state::State};

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

    fn wake(_state: &State) -> Option<&Notify> {
        None
    }

    async fn round(&mut self) -> Result<(), String> {
        let (ports, retention) = (&self.state.ports, self.state.retention.samples);
        let done = ports.samples.compact().await.map_err(|e| e.to_string())?;
        if done.blocks == 0 {
            return Ok(());
        }
        tracing::debug!(
            rows = done.rows,
            blocks = done.blocks,
            bytes = done.bytes,
            "measured values were compacted"
        );
        for resolution in Resolution::ALL {
            let before_ms = self.state.now_ms().saturating_sub(retention.ms(resolution));
            let table = KeptTable::Samples(resolution);
            ports.upkeep.forget(table, before_ms).await.map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}
