//! The samples loop: brings every second's values to the store. They wait here while the database is away; only the oldest of a long
//! outage are given up, and that is said.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use model::SeriesKey;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior},
};

use crate::{
    decide::lead::Standing,
    ports::{Recorded, SampleRow, StoreError},
    state::State,
};

/// The values of one moment, Unix ms.
pub(super) type Measured = (i64, Vec<(SeriesKey, Option<f32>)>);

/// Values that wait for the database: half an hour of a thousand series, some 30 MB.
const WAITING_VALUES_MAX: usize = 2_000_000;

/// Moments that wait: an hour.
const WAITING_ROWS_MAX: usize = 3_600;

/// Moments that a follower holds: more than pass until another console leads.
const HELD_ROWS: usize = 10;

/// Moments of one transaction.
const ROWS_AT_ONCE: usize = 60;

/// Names at hand; instances come and go with new ones.
const NAMES_MAX: usize = 100_000;

pub(super) struct Keep {
    state: Arc<State>,
    measured: mpsc::Receiver<Measured>,
    waiting: VecDeque<SampleRow>,
    waiting_values: usize,
    given_up: u64,
    names: HashMap<SeriesKey, Arc<str>>,
}

impl Keep {
    pub(super) fn new(state: Arc<State>, measured: mpsc::Receiver<Measured>) -> Self {
        Self {
            state,
            measured,
            waiting: VecDeque::new(),
            waiting_values: 0,
            given_up: 0,
            names: HashMap::new(),
        }
    }

    pub(super) async fn run(&mut self, state: &State, interval: Duration) {
        // Tries again what could not be written.
        let mut again = tokio::time::interval(interval * 5);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = state.stop.cancelled() => break,
                measured = self.measured.recv() => match measured {
                    Some(measured) => self.take(measured),
                    None => break,
                },
                _ = again.tick(), if !self.waiting.is_empty() => {}
            }
            while let Ok(measured) = self.measured.try_recv() {
                self.take(measured);
            }
            let started = Instant::now();
            let outcome = self.write().await;
            state.statuses.ran("samples", state.now_ms(), started.elapsed(), outcome);
        }
        // The last second too.
        while let Ok(measured) = self.measured.try_recv() {
            self.take(measured);
        }
        if let Err(error) = self.write().await {
            tracing::error!(error, seconds = self.waiting.len(), "the last measured values could not be written");
        }
    }

    fn take(&mut self, (at_ms, values): Measured) {
        if self.names.len() > NAMES_MAX {
            self.names.clear();
        }
        let mut row = Vec::with_capacity(values.len());
        for (key, value) in values {
            let Some(value) = value.filter(|v| v.is_finite()) else { continue };
            let name = self.names.get(&key).cloned();
            let name = name.unwrap_or_else(|| {
                let name: Arc<str> = key.to_string().into();
                self.names.insert(key, name.clone());
                name
            });
            row.push((name, value));
        }
        self.waiting_values += row.len();
        self.waiting.push_back(SampleRow { at_ms, values: row });
        self.give_up();
    }

    /// What there is no room for, the oldest first.
    fn give_up(&mut self) {
        while self.waiting.len() > WAITING_ROWS_MAX || self.waiting_values > WAITING_VALUES_MAX {
            let Some(lost) = self.waiting.pop_front() else { break };
            self.waiting_values -= lost.values.len();
            self.given_up += 1;
        }
    }

    /// Writes the rows, and takes what is measured meanwhile: a slow database must not fill the channel.
    async fn record(&mut self, rows: &[SampleRow]) -> Result<Recorded, StoreError> {
        let samples = self.state.ports.fenced.samples.clone();
        let mut writing = samples.record(rows);
        loop {
            tokio::select! {
                done = &mut writing => return done,
                Some(measured) = self.measured.recv() => self.take(measured),
            }
        }
    }

    /// A follower holds the newest moments, which the leader has too: should it end before it has written them, the next one does, and a
    /// moment that is there already stays as it is.
    fn hold(&mut self) {
        if matches!(*self.state.standing.borrow(), Standing::Follows { .. }) {
            let over = self.waiting.len().saturating_sub(HELD_ROWS);
            let gone = self.waiting.drain(..over).map(|row| row.values.len()).sum::<usize>();
            self.waiting_values -= gone;
        }
    }

    async fn write(&mut self) -> Result<(), String> {
        if self.state.fence().is_none() {
            self.hold();
            return Ok(());
        }
        let mut refused = 0;
        while !self.waiting.is_empty() {
            let rows: Vec<SampleRow> = self.waiting.drain(..self.waiting.len().min(ROWS_AT_ONCE)).collect();
            self.waiting_values -= rows.iter().map(|row| row.values.len()).sum::<usize>();
            match self.record(&rows).await {
                Ok(done) => refused = refused.max(done.refused),
                Err(error) => {
                    let is_deposed = error == StoreError::Deposed;
                    for row in rows.into_iter().rev() {
                        self.waiting_values += row.values.len();
                        self.waiting.push_front(row);
                    }
                    self.give_up();
                    if is_deposed {
                        return Ok(());
                    }
                    return Err(match self.given_up {
                        0 => error.to_string(),
                        given_up => format!("{error}; the values of {given_up} moments were given up"),
                    });
                }
            }
        }
        if self.given_up > 0 {
            tracing::error!(
                lost = self.given_up,
                "the database was away for so long that the oldest waiting values are given up"
            );
            self.given_up = 0;
        }
        match refused {
            0 => Ok(()),
            _ => Err(format!(
                "the history has no room for more series: {refused} values are not kept; clean up, or give instances lasting names"
            )),
        }
    }
}
