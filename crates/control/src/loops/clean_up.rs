//! The clean-up loop: once a day, at night by the server's clock on the wall. One that failed is tried again, one that was missed is made up
//! for.

use std::sync::Arc;

use model::{EventFilter, EventKind};
use tokio::{sync::Notify, time::Instant};

use super::Loop;
use crate::{
    cleaning::{self, DAY_MS},
    ports::StoreError,
    state::State,
};

/// Collections until the console has settled, for which what was missed waits: 5 min at one a second.
const SETTLES: u32 = 300;

/// Collections until one that failed is tried again: 10 min at one a second.
const AGAIN_AFTER: u32 = 600;

/// Events that are looked through for the newest clean-up that ran to its end.
const LOOKS_BACK: u32 = 50;

pub(super) struct CleanUp {
    state: Arc<State>,
    started: Instant,
    /// Whether it is known that none was missed.
    looked_back: bool,
    again_at: Option<Instant>,
}

impl CleanUp {
    pub(super) fn new(state: Arc<State>) -> Self {
        Self {
            state,
            started: Instant::now(),
            looked_back: false,
            again_at: None,
        }
    }

    async fn is_due(&mut self) -> Result<bool, StoreError> {
        let now = Instant::now();
        if self.again_at.is_some_and(|at| now < at) {
            return Ok(false);
        }
        if self.state.cleaning.is_due(self.state.now_ms()) {
            return Ok(true);
        }
        if self.looked_back || now.duration_since(self.started) < self.state.interval * SETTLES {
            return Ok(false);
        }
        let missed = self.was_missed().await?;
        self.looked_back = !missed;
        Ok(missed)
    }

    /// Whether the newest one that ran to its end lies more than a day back; without any, whether there is anything so old.
    async fn was_missed(&self) -> Result<bool, StoreError> {
        let (ports, day_ago) = (&self.state.ports, self.state.now_ms() - DAY_MS);
        let filter = EventFilter {
            kind: Some(EventKind::CleanedUp),
            ..EventFilter::default()
        };
        let told = ports.journal.read(&filter, LOOKS_BACK).await?.items;
        match told.iter().find(|e| cleaning::ran_to_its_end(&e.event)) {
            Some(done) => Ok(done.event.at_ms < day_ago),
            None => Ok(ports.samples.since_ms().await?.is_some_and(|since| since < day_ago)),
        }
    }
}

impl Loop for CleanUp {
    const NAME: &'static str = "clean-up";
    const LEADS: bool = true;

    fn wake(_state: &State) -> Option<&Notify> {
        None
    }

    /// What was missed may have been made up for by another console.
    async fn take_up(&mut self) -> Result<(), String> {
        (self.started, self.looked_back, self.again_at) = (Instant::now(), false, None);
        Ok(())
    }

    async fn round(&mut self) -> Result<(), String> {
        // Looked at in every round: a leap is measured from shortly before it.
        let believed = self.state.cleaning.believes(self.state.now_ms()).map_err(|ahead| ahead.to_string());
        self.state.statuses.waits(Self::NAME, believed.clone().err());
        if believed.is_err() || !self.is_due().await.map_err(|e| e.to_string())? {
            return Ok(());
        }
        // Also when it panics.
        self.again_at = Some(Instant::now() + self.state.interval * AGAIN_AFTER);
        let done = cleaning::run(&self.state, None).await;
        let failed: Vec<String> = done
            .tables
            .into_iter()
            .filter_map(|t| Some(format!("{}: {}", t.what, t.error?)))
            .collect();
        if !failed.is_empty() {
            return Err(failed.join("; "));
        }
        (self.looked_back, self.again_at) = (true, None);
        self.state.cleaning.done(self.state.now_ms());
        Ok(())
    }
}
