//! The retain loop: lets go of measured values that are not kept so finely any more. It does so whatever becomes of compaction: a disk that
//! is full gets room.

use std::sync::Arc;

use model::Resolution;
use tokio::sync::Notify;

use super::Loop;
use crate::{ports::KeptTable, state::State};

pub(super) struct Retain {
    state: Arc<State>,
}

impl Retain {
    pub(super) const fn new(state: Arc<State>) -> Self {
        Self { state }
    }
}

impl Loop for Retain {
    const NAME: &'static str = "retain";
    const LEADS: bool = true;

    fn wake(_state: &State) -> Option<&Notify> {
        None
    }

    async fn round(&mut self) -> Result<(), String> {
        let (state, now_ms) = (&self.state, self.state.now_ms());
        let believed = state.cleaning.believes(now_ms).map_err(|ahead| ahead.to_string());
        state.statuses.waits(Self::NAME, believed.clone().err());
        if believed.is_err() {
            return Ok(());
        }
        let mut failed = Vec::new();
        for resolution in Resolution::ALL {
            let before_ms = now_ms.saturating_sub(state.retention.samples.ms(resolution));
            if let Err(error) = state.ports.fenced.upkeep.forget(KeptTable::Samples(resolution), before_ms).await {
                failed.push(format!("samples by {}: {error}", resolution.label()));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }
}
