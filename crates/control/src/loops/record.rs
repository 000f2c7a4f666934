//! The record loop: writes events to the journal and keeps the newest at hand. It also is how the console knows whether its database
//! answers. Events wait here while it does not; only the oldest of a very long outage are given up, and that is said.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use model::{Event, EventFilter, EventsView, NewEvent};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    decide::lead::Standing,
    ports::{Fence, StoreError},
    state::State,
};

/// Events that wait for the database: hours of a bad day.
const WAITING_MAX: usize = 10_000;

/// So long a follower holds what it saw: longer than it takes until another console leads.
const HELD_FOR_MS: i64 = 10_000;

pub(super) struct Record {
    state: Arc<State>,
    batches: mpsc::Receiver<Vec<NewEvent>>,
    waiting: VecDeque<NewEvent>,
    /// The term as the leader in which events were written last.
    term: Option<Fence>,
}

impl Record {
    pub(super) const fn new(state: Arc<State>, batches: mpsc::Receiver<Vec<NewEvent>>) -> Self {
        Self {
            state,
            batches,
            waiting: VecDeque::new(),
            term: None,
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

    /// The leader writes. A follower, which sees the same, holds what it saw last: should the leader end before it has written it, the next
    /// one does. While nobody leads, all of it waits.
    async fn write(&mut self) -> Result<(), StoreError> {
        let Some(fence) = self.state.fence() else {
            self.term = None;
            if matches!(*self.state.standing.borrow(), Standing::Follows { .. }) {
                let since_ms = self.state.now_ms() - HELD_FOR_MS;
                self.waiting.retain(|event| event.at_ms >= since_ms);
            }
            return Ok(());
        };
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.state.is_shared() && self.term != Some(fence) {
            let limit = u32::try_from(EventsView::MAX).unwrap_or(u32::MAX);
            let newest = self.state.ports.journal.read(&EventFilter::default(), limit).await?;
            self.drop_told(&newest.items);
        }
        self.term = Some(fence);
        match self.state.ports.fenced.journal.append(self.waiting.iter().cloned().collect()).await {
            Ok(_) => self.waiting.clear(),
            // Whoever leads now sees the same.
            Err(StoreError::Deposed) => self.term = None,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What another console has told.
    fn drop_told(&mut self, told: &[Event]) {
        let is_told = |event: &NewEvent| {
            told.iter().map(|told| &told.event).any(|told| {
                let same = NewEvent {
                    at_ms: told.at_ms,
                    ..event.clone()
                };
                same == *told && told.at_ms.abs_diff(event.at_ms) <= HELD_FOR_MS.unsigned_abs()
            })
        };
        self.waiting.retain(|event| !is_told(event));
    }

    /// Whether there is anything new.
    async fn write_and_read(&mut self) -> Result<bool, StoreError> {
        self.write().await?;
        let limit = u32::try_from(EventsView::MAX).unwrap_or(u32::MAX);
        let newest = self.state.ports.journal.read(&EventFilter::default(), limit).await?;
        if self.state.fence().is_none() {
            self.drop_told(&newest.items);
        }
        let changed = self.state.events.borrow().first().map(|e| e.id) != newest.items.first().map(|e| e.id);
        if changed {
            self.state.events.send_replace(newest.items.into());
        }
        Ok(changed)
    }
}
