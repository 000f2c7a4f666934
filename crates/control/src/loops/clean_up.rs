//! The clean-up loop: once a day, at night by the server's clock on the wall.

use std::sync::Arc;

use tokio::sync::Notify;

use super::Loop;
use crate::{cleaning, state::State};

pub(super) struct CleanUp {
    state: Arc<State>,
}

impl CleanUp {
    pub(super) const fn new(state: Arc<State>) -> Self {
        Self { state }
    }
}

impl Loop for CleanUp {
    const NAME: &'static str = "clean-up";

    fn wake(_state: &State) -> Option<&Notify> {
        None
    }

    async fn round(&mut self) -> Result<(), String> {
        if !self.state.cleaning.is_due(self.state.now_ms()) {
            return Ok(());
        }
        let done = cleaning::run(&self.state, None).await;
        let failed: Vec<String> = done
            .tables
            .into_iter()
            .filter_map(|t| Some(format!("{}: {}", t.what, t.error?)))
            .collect();
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }
}
