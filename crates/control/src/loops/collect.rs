//! The collect loop: asks every source once a second and publishes the snapshot.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::future::join_all;
use model::{BalancerObservation, NewEvent, Snapshot, SourceId, SourceState, SourceStatus, WorkloadObservation, WorkloadSnapshot};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::{Loop, inherited::Inherited, samples::Measured};
use crate::{
    cluster::source_of as cluster_source,
    decide::{
        fleet::Fleet,
        gateways,
        snapshot::{Answers, Inputs, assemble},
        transitions,
    },
    ports::SourceError,
    replica,
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
    to_keep: mpsc::Sender<Measured>,
    balancers: Vec<Memory<BalancerObservation>>,
    /// By balancer, the number of the last of its events that was passed on.
    told: Vec<u64>,
    workloads: Vec<Memory<Vec<WorkloadObservation>>>,
    /// The leader's snapshot that was shown last: its number and moment.
    followed: Option<(u64, i64)>,
    inherited: Inherited,
}

impl Collect {
    pub(super) fn new(state: Arc<State>, to_record: mpsc::Sender<Vec<NewEvent>>, to_keep: mpsc::Sender<Measured>) -> Self {
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
            to_keep,
            told: vec![0; balancers.len()],
            balancers,
            workloads,
            followed: None,
            inherited: Inherited::default(),
        }
    }

    /// What the leader sees, as this console shows it. `None` when that is shown already.
    fn follow(&mut self, leader: &Snapshot, previous: &Snapshot) -> Option<Snapshot> {
        let is_new = self.followed.replace((leader.seq, leader.at_ms)) != Some((leader.seq, leader.at_ms));
        is_new.then(|| {
            let database = self.database();
            let mut next = Snapshot {
                seq: previous.seq + 1,
                ..leader.clone()
            };
            // These two a console knows for itself.
            next.sources
                .retain(|source| source.id != database.id && source.id.as_str() != replica::LEADER);
            next.sources.push(database);
            next
        })
    }

    /// Who is run by workloads now, for everybody who asks who belongs to a pool.
    fn tell_fleet(&self) {
        let state = &self.state;
        let said = self
            .workloads
            .iter()
            .map(|memory| memory.answers.back().map(|(_, said)| (**said).clone()));
        let fleet = Fleet::new(said);
        let before = std::mem::replace(&mut *state.fleet.write(), fleet.clone());
        let mut pools = state.pools.iter().map(|setup| &setup.id);
        if pools.clone().any(|pool| !before.members(pool).eq(fleet.members(pool))) {
            state.reconcile_now.notify_one();
        }
        if !before.present().eq(fleet.present()) {
            state.forget_now.notify_one();
        }
        // Also when the last one has gone, to be forgotten.
        if !state.draining.read().is_empty() || pools.any(|pool| fleet.leavers(pool).next().is_some()) {
            state.retire_now.notify_one();
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
        sources.extend(self.state.ports.clusters.iter().map(|c| cluster_source(c.as_ref())));
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
        self.tell_fleet();
        let mut previous = state.snapshot.borrow().clone();
        // Here or elsewhere: what the balancers here tell is told.
        let news: Vec<NewEvent> = self
            .balancers
            .iter()
            .zip(&mut self.told)
            .flat_map(|(memory, told)| news(memory, told))
            .collect();
        let (mut next, news) = if let Some(leader) = state.followed() {
            let Some(next) = self.follow(&leader, &previous) else {
                return Ok(());
            };
            (next, Vec::new())
        } else {
            if self.followed.take().is_some() {
                // The gateway here was one of those elsewhere, to the leader.
                let previous = Arc::make_mut(&mut previous);
                previous.gateways.retain(|g| Some(&g.facts.id) != state.own_gateway.as_ref());
                self.inherited = Inherited::of(previous, now);
            }
            let mut next = self.assemble(&previous, now_ms);
            self.inherited.add_to(&mut next, now);
            (next, news)
        };
        let mut values = views::values(&next);
        values.extend(state.scaling.read().values(&next));
        values.extend(state.board.read().clone().values());
        state.ring.write().push(next.seq, next.at_ms, &values);
        // The leader's moments are the same here: whoever leads next has those that it did not bring to the store.
        let kept = self.to_keep.try_send((next.at_ms, values)).is_ok();
        let mut events = if previous.seq == 0 {
            Vec::new()
        } else {
            transitions::between(&previous, &next)
        };
        events.extend(news);
        next.sources.extend(state.leader_source(now_ms).filter(|_| state.is_shared()));
        state.snapshot.send_replace(Arc::new(next));
        if !events.is_empty() && self.to_record.try_send(events).is_err() {
            return Err("the journal is so far behind that events of this second are lost".to_owned());
        }
        if !kept {
            return Err("the history is so far behind that the values of this second are not kept".to_owned());
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
