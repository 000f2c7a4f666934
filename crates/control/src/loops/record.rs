//! The record loop: writes events to the journal and keeps the newest at hand. It also is how the console knows whether its database
//! answers. Events wait here while it does not; only the oldest of a very long outage are given up, and that is said.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use model::{EventFilter, EventsView, NewEvent};
use tokio::{sync::mpsc, time::Instant};

use crate::{ports::StoreError, state::State};

/// Events that wait for the database: hours of a bad day.
const WAITING_MAX: usize = 10_000;

pub(super) struct Record {
    state: Arc<State>,
    batches: mpsc::Receiver<Vec<NewEvent>>,
    waiting: VecDeque<NewEvent>,
}

impl Record {
    pub(super) const fn new(state: Arc<State>, batches: mpsc::Receiver<Vec<NewEvent>>) -> Self {
        Self {
            state,
            batches,
            waiting: VecDeque::new(),
        }
    }

    pub(super) async fn run(&mut self, state: &State, interval: Duration) {
        let mut timer = tokio::time::interval(interval);
        loop {
            tokio::select! {
                () = state.stop.cancelled() => break,
                _ = timer.tick() => {}
                batch = self.batches.recv() => match batch {
                    Some(batch) => self.take(batch),
                    None => break,
                },
            }
            let started = Instant::now();
            let outcome = self.round(started).await;
            state.statuses.ran("record", state.now_ms(), started.elapsed(), outcome);
        }
        // What happened in the last second is told too.
        while let Ok(batch) = self.batches.try_recv() {
            self.take(batch);
        }
        if let Err(error) = self.write().await {
            tracing::error!(%error, events = self.waiting.len(), "the last events could not be written");
        }
    }

    fn take(&mut self, batch: Vec<NewEvent>) {
        self.waiting.extend(batch);
        let over = self.waiting.len().saturating_sub(WAITING_MAX);
        if over > 0 {
            tracing::error!(
                lost = over,
                "the database has been away for so long that the oldest waiting events are given up"
            );
            self.waiting.drain(..over);
        }
    }

    async fn round(&mut self, started: Instant) -> Result<(), String> {
        let outcome = self.write_and_read().await;
        let now_ms = self.state.now_ms();
        let mut database = self.state.database.write();
        database.took_us = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        match outcome {
            Ok(changed) => {
                database.failing = None;
                database.answered_at_ms = Some(now_ms);
                if changed {
                    self.state.collect_now.notify_one();
                }
                Ok(())
            }
            Err(error) => {
                let since = database.failing.as_ref().map_or(now_ms, |(since, _)| *since);
                database.failing = Some((since, error.to_string()));
                Err(error.to_string())
            }
        }
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        if !self.waiting.is_empty() {
            self.state.ports.journal.append(self.waiting.iter().cloned().collect()).await?;
            self.waiting.clear();
        }
        Ok(())
    }

    /// Whether there is anything new.
    async fn write_and_read(&mut self) -> Result<bool, StoreError> {
        self.write().await?;
        let limit = u32::try_from(EventsView::MAX).unwrap_or(u32::MAX);
        let newest = self.state.ports.journal.read(&EventFilter::default(), limit).await?;
        let changed = self.state.events.borrow().first().map(|e| e.id) != newest.items.first().map(|e| e.id);
        if changed {
            self.state.events.send_replace(newest.items.into());
        }
        Ok(changed)
    }
}
