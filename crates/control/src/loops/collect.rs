//! The collect loop: asks every source once a second and publishes the snapshot.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::future::join_all;
use model::{BalancerObservation, NewEvent, Snapshot, SourceId, SourceState, SourceStatus, WorkloadObservation, WorkloadSnapshot};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::Loop;
use crate::{
    decide::{
        gateways,
        snapshot::{Answers, Inputs, assemble},
        transitions,
    },
    ports::SourceError,
    state::State,
    views,
};

/// A source that takes longer has not answered: the next round is due by then.
const DEADLINE: Duration = Duration::from_millis(800);

/// The stretch that shares are taken over.
const WINDOW: Duration = Duration::from_secs(10);

/// Rates are of the time since the newest answer that is at least so old. A round that somebody wakes comes a moment after the one before:
/// what happened to be reported in between is no rate.
const RATE_OVER: Duration = Duration::from_millis(750);

/// What is remembered of a source between rounds.
struct Memory<T> {
    id: SourceId,
    what: String,
    /// Oldest first, from one window ago to now.
    answers: VecDeque<(Instant, Arc<T>)>,
    down: Option<(i64, String)>,
    answered_at_ms: Option<i64>,
    took: Duration,
    since_ms: i64,
}

/// What a balancer tells beyond numbers, each once.
fn news(memory: &Memory<BalancerObservation>, told: &mut u64) -> Vec<NewEvent> {
    let Some((_, now)) = memory.answers.back().filter(|_| memory.down.is_none()) else {
        return Vec::new();
    };
    if now.events.last().is_some_and(|last| last.seq < *told) {
        // It was started again and counts anew.
        *told = 0;
    }
    let new: Vec<_> = now.events.iter().filter(|e| e.seq > *told).map(|e| e.event.clone()).collect();
    *told = now.events.last().map_or(*told, |last| last.seq);
    new
}

impl Memory<BalancerObservation> {
    /// What came to light late belongs to the observations before.
    fn settle(&mut self) {
        let Some((_, now)) = self.answers.back().filter(|_| self.down.is_none()) else {
            return;
        };
        if now.late.is_empty() {
            return;
        }
        let late = now.late.clone();
        let before = self.answers.len() - 1;
        for (_, answer) in self.answers.iter_mut().take(before) {
            gateways::settle(Arc::make_mut(answer), &late);
        }
    }
}

impl<T> Memory<T> {
    fn new(id: SourceId, what: String, since_ms: i64) -> Self {
        Self {
            id,
            what,
            answers: VecDeque::new(),
            down: None,
            answered_at_ms: None,
            took: Duration::ZERO,
            since_ms,
        }
    }

    fn heard(&mut self, answer: Result<T, SourceError>, took: Duration, now: Instant, now_ms: i64) {
        self.took = took;
        match answer {
            Ok(answer) => {
                if self.down.take().is_some() {
                    // Rates over an outage would be invented.
                    self.answers.clear();
                }
                self.answered_at_ms = Some(now_ms);
                self.answers.push_back((now, Arc::new(answer)));
                while self.answers.len() > 2 && self.answers.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
                    self.answers.pop_front();
                }
            }
            Err(error) => {
                let since = self.down.as_ref().map_or(now_ms, |(since, _)| *since);
                self.down = Some((since, error.0));
            }
        }
    }

    /// The answer that rates are taken from: the oldest one while none is old enough.
    fn earlier(&self) -> Option<&(Instant, Arc<T>)> {
        let (now, _) = self.answers.back()?;
        let before = self.answers.len() - 1;
        let is_old_enough = |(at, _): &&(Instant, Arc<T>)| now.duration_since(*at) >= RATE_OVER;
        let mut earlier = self.answers.iter().take(before);
        earlier.clone().rev().find(is_old_enough).or_else(|| earlier.next())
    }

    fn status(&self) -> SourceStatus {
        let state = match (&self.down, self.answered_at_ms) {
            (Some((since_ms, why)), _) => SourceState::Down {
                since_ms: *since_ms,
                why: why.clone(),
            },
            (None, Some(_)) => SourceState::Up,
            (None, None) => SourceState::Waiting { since_ms: self.since_ms },
        };
        SourceStatus {
            id: self.id.clone(),
            what: self.what.clone(),
            state,
            answered_at_ms: self.answered_at_ms,
            took_us: u32::try_from(self.took.as_micros()).unwrap_or(u32::MAX),
        }
    }
}

pub(super) struct Collect {
    state: Arc<State>,
    to_record: mpsc::Sender<Vec<NewEvent>>,
    balancers: Vec<Memory<BalancerObservation>>,
    /// By balancer, the number of the last of its events that was passed on.
    told: Vec<u64>,
    workloads: Vec<Memory<Vec<WorkloadObservation>>>,
}

impl Collect {
    pub(super) fn new(state: Arc<State>, to_record: mpsc::Sender<Vec<NewEvent>>) -> Self {
        let now = state.now_ms();
        let balancers: Vec<Memory<BalancerObservation>> = state
            .ports
            .balancers
            .iter()
            .map(|b| Memory::new(b.source(), b.describe(), now))
            .collect();
        let workloads = state
            .ports
            .workloads
            .iter()
            .map(|w| Memory::new(w.source(), w.describe(), now))
            .collect();
        Self {
            state,
            to_record,
            told: vec![0; balancers.len()],
            balancers,
            workloads,
        }
    }

    fn assemble(&self, previous: &Snapshot, now_ms: i64) -> Snapshot {
        let answers: Vec<Answers<'_>> = self
            .balancers
            .iter()
            .filter_map(|memory| {
                let (now_at, now) = memory.answers.back()?;
                Some(Answers {
                    source: &memory.id,
                    now,
                    last: memory
                        .earlier()
                        .map(|(at, o)| (o.as_ref(), now_at.duration_since(*at).as_secs_f64())),
                    window: memory.answers.front().filter(|_| memory.answers.len() > 1).map(|(_, o)| o.as_ref()),
                    fresh: memory.down.is_none(),
                })
            })
            .collect();
        let workloads: Vec<WorkloadSnapshot> = self
            .workloads
            .iter()
            .filter_map(|m| m.answers.back().map(|(_, told)| (m, told)))
            .flat_map(|(memory, told)| {
                told.iter().map(|observed| WorkloadSnapshot {
                    source: memory.id.clone(),
                    is_fresh: memory.down.is_none(),
                    observed: observed.clone(),
                })
            })
            .collect();
        let mut sources: Vec<SourceStatus> = self
            .balancers
            .iter()
            .map(Memory::status)
            .chain(self.workloads.iter().map(Memory::status))
            .collect();
        sources.push(self.database());
        let roster = self.state.roster.read();
        assemble(Inputs {
            roster: &roster,
            seq: previous.seq + 1,
            at_ms: now_ms,
            balancers: &answers,
            workloads,
            sources,
            zones: &self.state.zones,
            previous: (previous.seq > 0).then_some(previous),
        })
    }

    fn database(&self) -> SourceStatus {
        let database = self.state.database.read().clone();
        SourceStatus {
            id: SourceId::new("database").expect("a constant name is valid"),
            what: "database".to_owned(),
            state: database
                .failing
                .map_or(SourceState::Up, |(since_ms, why)| SourceState::Down { since_ms, why }),
            answered_at_ms: database.answered_at_ms,
            took_us: database.took_us,
        }
    }
}

impl Loop for Collect {
    const NAME: &'static str = "collect";

    fn wake(state: &State) -> Option<&Notify> {
        Some(&state.collect_now)
    }

    async fn round(&mut self) -> Result<(), String> {
        let state = self.state.clone();
        let (balancers, workloads) = tokio::join!(
            join_all(state.ports.balancers.iter().map(|b| timed(b.observe()))),
            join_all(state.ports.workloads.iter().map(|w| timed(w.observe()))),
        );
        let (now, now_ms) = (Instant::now(), state.now_ms());
        for (memory, (answer, took)) in self.balancers.iter_mut().zip(balancers) {
            memory.heard(answer, took, now, now_ms);
            memory.settle();
        }
        for (memory, (answer, took)) in self.workloads.iter_mut().zip(workloads) {
            memory.heard(answer, took, now, now_ms);
        }
        let previous = state.snapshot.borrow().clone();
        let next = self.assemble(&previous, now_ms);
        let values = views::values(&next).into_iter().chain(state.scaling.read().values(&next));
        state.ring.write().push(next.seq, next.at_ms, values);
        let mut events = if previous.seq == 0 {
            Vec::new()
        } else {
            transitions::between(&previous, &next)
        };
        for (memory, told) in self.balancers.iter().zip(&mut self.told) {
            events.extend(news(memory, told));
        }
        state.snapshot.send_replace(Arc::new(next));
        if !events.is_empty() && self.to_record.try_send(events).is_err() {
            return Err("the journal is so far behind that events of this second are lost".to_owned());
        }
        Ok(())
    }
}

async fn timed<T>(answer: impl Future<Output = Result<T, SourceError>>) -> (Result<T, SourceError>, Duration) {
    let started = Instant::now();
    let answer = tokio::time::timeout(DEADLINE, answer).await;
    let answer = answer.unwrap_or_else(|_| Err(SourceError(format!("no answer within {} ms", DEADLINE.as_millis()))));
    (answer, started.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_was_woken_is_no_stretch_to_take_rates_over() {
        let mut memory: Memory<u32> = Memory::new(SourceId::new("gateway").unwrap(), String::new(), 0);
        let start = Instant::now();
        let mut earlier = |ms: u64, answer: u32| {
            memory.heard(Ok(answer), Duration::ZERO, start + Duration::from_millis(ms), 0);
            memory.earlier().map(|(_, answer)| **answer)
        };
        for (ms, answer, expected) in [
            (0, 1, None),
            (50, 2, Some(1)),
            (1_000, 3, Some(2)),
            (1_998, 4, Some(3)),
            (2_040, 5, Some(3)),
            (2_090, 6, Some(3)),
            (3_001, 7, Some(6)),
        ] {
            assert_eq!(earlier(ms, answer), expected, "{ms} ms");
        }
    }
}
