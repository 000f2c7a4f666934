//! The autoscale loop: evaluates every workload's policy, carries out what follows, and keeps why.
//!
//! It goes on while the database is away: what it has to write waits, bounded. It does nothing on what it does not see: a workload whose
//! source is down keeps what it has.

mod said;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use model::{
    InstanceId, Metric, NewEvent, PoolSnapshot, ScaleAccess, SeriesKey, Snapshot, WorkloadId, WorkloadSnapshot,
    scaling::{DecisionSpan, Prediction, PredictionMode, ScalingDecision, ScalingEvent, ScalingOutcome, ScalingPlan},
};
use tokio::sync::Notify;

use super::{
    Loop,
    outbox::{self, DATABASE_WITHIN, Outbox, in_time},
};
use crate::{
    decide::scaling::{decide, explain, floor, fold, forecast, hold, outcome, remember, seen, sharpen},
    ports::{ChangeRecord, Workloads},
    scaling::{Governed, demand},
    start::restore_scaling,
    state::State,
};

/// A source that takes longer has not scaled; the next round tries again.
const DEADLINE: Duration = Duration::from_secs(5);
/// Between two forecasts: the time that one of its values stands for.
const FORECAST_EVERY_MS: i64 = 300_000;
/// After one that could not be made.
const FORECAST_AGAIN_MS: i64 = 30_000;

pub(super) struct Autoscale {
    state: Arc<State>,
    outbox: Outbox,
    /// When each workload's forecast was made, Unix ms, and by what.
    foreseen: BTreeMap<WorkloadId, (i64, Prediction)>,
    /// The snapshot at which a workload was last scaled.
    scaled_at: BTreeMap<WorkloadId, u64>,
    /// The last change of the flapping that was last told of, by workload.
    flapping_told: BTreeMap<WorkloadId, i64>,
    /// The end of the hold that was last told of, by workload.
    holds_told: BTreeMap<WorkloadId, i64>,
    /// What the leader before was about to do and may not have told.
    inherited: BTreeMap<WorkloadId, ScalingEvent>,
}

/// What one evaluation needs, taken at one moment.
struct Case {
    workload: WorkloadSnapshot,
    pool: Option<PoolSnapshot>,
    governed: Governed,
}

impl Autoscale {
    pub(super) fn new(state: Arc<State>) -> Self {
        let now_ms = state.now_ms();
        let book = state.scaling.read();
        let over = |governed: &Governed| governed.intent.plan.hold.filter(|hold| hold.is_over(now_ms)).map(|h| h.until_ms);
        let holds_told = book.0.iter().filter_map(|(id, g)| Some((id.clone(), over(g)?))).collect();
        drop(book);
        Self {
            state,
            outbox: Outbox::default(),
            foreseen: BTreeMap::new(),
            scaled_at: BTreeMap::new(),
            flapping_told: BTreeMap::new(),
            holds_told,
            inherited: BTreeMap::new(),
        }
    }

    /// Nothing is scaled that is not written down first, by whoever leads: the next leader finds it. So long it may take.
    async fn begin(&self, event: &ScalingEvent) -> Result<Duration, String> {
        if !self.state.is_shared() {
            return Ok(DEADLINE);
        }
        in_time(self.state.ports.fenced.ledger.begin(event)).await?;
        // The process may have stood still meanwhile.
        match self.state.leads_for().min(DEADLINE) {
            Duration::ZERO => Err("this console does not lead any more: nothing was scaled".to_owned()),
            left => Ok(left),
        }
    }

    async fn evaluate(&mut self, case: Case) -> Result<(), String> {
        let now_ms = self.state.now_ms();
        let Case {
            workload,
            pool,
            mut governed,
        } = case;
        let id = workload.observed.workload.clone();
        if let Some(begun) = self.inherited.remove(&id) {
            self.note(&mut governed, &workload, begun);
        }
        self.settle(&workload, &mut governed, now_ms);
        self.tell_ended_hold(&id, &governed, now_ms);
        let Some(source) = self.source(&workload) else { return Ok(()) };
        let capabilities = source.capabilities();
        let plan = governed.intent.plan.clone();
        governed.bounds = governed.schedule.bounds(&plan.policy, now_ms);
        let mut policy = plan.policy.clone();
        policy.min_replicas = governed.bounds.min_replicas.min(capabilities.max_replicas);
        policy.max_replicas = governed.bounds.max_replicas.min(capabilities.max_replicas);

        self.foresee(&id, &plan, &mut governed, now_ms).await;
        let mut observed = {
            let ring = self.state.ring.read();
            let pool_id = &workload.observed.pool;
            let mean = |instance: &InstanceId, metric: Metric, window_s: u32| {
                ring.mean(
                    &SeriesKey::instance(metric, pool_id, instance),
                    now_ms - i64::from(window_s) * 1_000,
                )
            };
            seen(&policy, &workload, pool.as_ref(), now_ms, &mean)
        };
        observed.forecast = governed.floor.take();
        let policy = sharpen(&policy, &plan.prediction, &mut observed, now_ms);
        governed.floor.clone_from(&observed.forecast);
        let in_force = plan.hold_at(now_ms);
        let decision = hold(&policy, in_force, decide(&policy, &observed, &governed.history, now_ms));
        let is_wanted = decision.is_change() && capabilities.scale == ScaleAccess::Live;
        if is_wanted && !self.is_still_meant(&id, &governed) {
            // A command came in between: what it says counts, at once, and nothing of this is written down.
            self.put_back(&id, governed);
            self.state.scale_now.notify_one();
            return Ok(());
        }
        let span = governed
            .last
            .as_ref()
            .and_then(|span| fold(span, &decision))
            .unwrap_or_else(|| DecisionSpan {
                id: 0,
                workload: id.clone(),
                // Its name in the ledger.
                from_ms: outbox::next_name(governed.last.as_ref(), now_ms),
                to_ms: now_ms,
                evaluations: 1,
                would_change: explain(&policy, &observed, &governed.history, now_ms).1,
                decision: decision.clone(),
            });
        self.outbox.line(span.clone());
        governed.last = Some(span);

        let mut failure = None;
        // What was not carried out, and what an operator did, does not use up the policy's limits; what was proposed counts all the same.
        let mut own = ScalingDecision {
            to: decision.from,
            ..decision.clone()
        };
        if is_wanted {
            let event = said::asked_for(&id, &plan, &governed, &decision, in_force);
            let within = match self.begin(&event).await {
                Ok(within) => within,
                Err(why) => {
                    remember(&policy, &mut governed.history, &own);
                    self.put_back(&id, governed);
                    return Err(format!("{id}: {why}"));
                }
            };
            let answer = tokio::time::timeout(within, source.scale(&id, decision.to)).await;
            let answer = answer.map_err(|_| format!("no answer within {} s", within.as_secs_f32()));
            let event = match answer.and_then(|scaled| scaled.map_err(|e| e.to_string())) {
                Ok(()) => {
                    self.scaled_at.insert(id.clone(), self.state.snapshot.borrow().seq);
                    if !said::is_held(&decision) {
                        own.to = decision.to;
                    }
                    event
                }
                Err(why) => {
                    failure = Some(format!("{id}: {why}"));
                    ScalingEvent {
                        outcome: ScalingOutcome::Failed(why),
                        ended_at_ms: Some(now_ms),
                        ..event
                    }
                }
            };
            if !said::is_told(&governed, &event) {
                self.note(&mut governed, &workload, event);
                self.tell_flapping(&id, &governed, &workload, now_ms);
            }
            self.state.collect_now.notify_one();
        }
        remember(&policy, &mut governed.history, &own);
        self.put_back(&id, governed);
        failure.map_or(Ok(()), Err)
    }

    /// Makes the forecast anew when it is due; without history, or while it cannot be read, there is none.
    async fn foresee(&mut self, id: &WorkloadId, plan: &ScalingPlan, governed: &mut Governed, now_ms: i64) {
        let Some((signal, _)) = plan
            .prediction
            .target(&plan.policy)
            .filter(|_| plan.prediction.mode != PredictionMode::Off)
        else {
            (governed.forecast, governed.floor) = (None, None);
            return;
        };
        let made = self.foreseen.get(id);
        let is_due = made.is_none_or(|(at_ms, with)| now_ms - at_ms >= FORECAST_EVERY_MS || now_ms < *at_ms || *with != plan.prediction);
        if !is_due {
            return;
        }
        let read = demand(&self.state, id, &signal, plan.prediction.season_s, now_ms);
        let read = tokio::time::timeout(DATABASE_WITHIN, read).await;
        let late = |_| "the database does not answer in time".to_owned();
        match read.map_err(late).and_then(|read| read.map_err(|e| e.to_string())) {
            Ok(series) => {
                self.foreseen.insert(id.clone(), (now_ms, plan.prediction.clone()));
                let made = forecast(&plan.prediction, &series, plan.prediction.season_s);
                governed.floor = floor(&plan.policy, &plan.prediction, &made, governed.floor.as_ref());
                governed.forecast = Some(made);
            }
            Err(error) => {
                // What was foreseen stands until it is asked for again, soon.
                let again_ms = now_ms - FORECAST_EVERY_MS + FORECAST_AGAIN_MS;
                self.foreseen.insert(id.clone(), (again_ms, plan.prediction.clone()));
                tracing::warn!(workload = %id, %error, "the demand of the past could not be read: the forecast stays as it was");
                let ends_ms = governed.forecast.as_ref().and_then(|f| f.points.last()).map_or(now_ms, |p| p.at_ms);
                if ends_ms <= now_ms {
                    (governed.forecast, governed.floor) = (None, None);
                }
            }
        }
    }

    fn is_still_meant(&self, id: &WorkloadId, governed: &Governed) -> bool {
        let book = self.state.scaling.read();
        book.0.get(id).is_some_and(|known| known.intent.version == governed.intent.version)
    }

    fn source(&self, workload: &WorkloadSnapshot) -> Option<Arc<dyn Workloads>> {
        self.state.ports.workloads.iter().find(|w| w.source() == workload.source).cloned()
    }

    /// Pending changes that came to something.
    fn settle(&mut self, workload: &WorkloadSnapshot, governed: &mut Governed, now_ms: i64) {
        let pending = governed.events.iter().filter(|e| e.outcome == ScalingOutcome::Pending);
        let ended: Vec<_> = pending
            .filter_map(|event| {
                let outcome = outcome(event, &workload.observed, now_ms)?;
                Some(ScalingEvent {
                    outcome,
                    ended_at_ms: Some(now_ms),
                    ..event.clone()
                })
            })
            .collect();
        for event in ended {
            self.note(governed, workload, event);
        }
    }

    fn note(&mut self, governed: &mut Governed, workload: &WorkloadSnapshot, event: ScalingEvent) {
        governed.note(event.clone());
        let told = said::change(&event, workload);
        self.outbox.change(ChangeRecord { event, told });
    }

    /// Once for each stretch, with what is likely to be the cause.
    fn tell_flapping(&mut self, id: &WorkloadId, governed: &Governed, workload: &WorkloadSnapshot, now_ms: i64) {
        let Some(flapping) = governed.flapping(now_ms) else { return };
        let told = self.flapping_told.insert(id.clone(), flapping.to_ms);
        if told.is_some_and(|told_ms| told_ms >= flapping.from_ms) {
            return;
        }
        self.tell(said::flaps(workload, &flapping, now_ms));
    }

    fn tell_ended_hold(&mut self, id: &WorkloadId, governed: &Governed, now_ms: i64) {
        let Some(over) = governed.intent.plan.hold.filter(|hold| hold.is_over(now_ms)) else {
            return;
        };
        if self.holds_told.insert(id.clone(), over.until_ms) == Some(over.until_ms) {
            return;
        }
        self.tell(said::hold_ended(id, over, now_ms));
    }

    fn tell(&self, event: NewEvent) {
        let summary = event.summary.clone();
        if self.state.to_record.try_send(vec![event]).is_err() {
            tracing::warn!(summary, "an event could not be told");
        }
    }

    /// What a command changed meanwhile stays as the command left it.
    fn put_back(&self, id: &WorkloadId, governed: Governed) {
        if let Some(known) = self.state.scaling.write().0.get_mut(id) {
            let (intent, schedule) = (known.intent.clone(), known.schedule.clone());
            *known = Governed {
                intent,
                schedule,
                ..governed
            };
        }
    }

    fn cases(&self) -> Vec<Case> {
        let snapshot: Arc<Snapshot> = self.state.snapshot.borrow().clone();
        let book = self.state.scaling.read();
        let fresh = snapshot.workloads.iter().filter(|w| w.is_fresh);
        // What was seen while it was scaled does not show it yet: it would be scaled twice.
        let shows = |id: &WorkloadId| self.scaled_at.get(id).is_none_or(|seq| snapshot.seq > seq + 1);
        fresh
            .filter(|w| shows(&w.observed.workload))
            .filter_map(|workload| {
                Some(Case {
                    workload: workload.clone(),
                    pool: snapshot.pools.iter().find(|p| p.id == workload.observed.pool).cloned(),
                    governed: book.0.get(&workload.observed.workload)?.clone(),
                })
            })
            .collect()
    }
}

impl Loop for Autoscale {
    const NAME: &'static str = "autoscale";
    const LEADS: bool = true;

    fn wake(state: &State) -> Option<&Notify> {
        Some(&state.scale_now)
    }

    /// What the leader before knew of the workloads, as far as it is written down.
    async fn take_up(&mut self) -> Result<(), String> {
        let now_ms = self.state.now_ms();
        let restored = restore_scaling(&self.state.ports, &self.state.workloads, now_ms).await;
        *self.state.scaling.write() = restored.map_err(|e| e.to_string())?;
        *self = Self::new(self.state.clone());
        let book = self.state.scaling.read();
        let newest = book
            .0
            .iter()
            .filter_map(|(id, governed)| Some((id.clone(), governed.events.front()?.clone())));
        self.inherited = newest.filter(|(_, event)| event.id == 0).collect();
        Ok(())
    }

    async fn round(&mut self) -> Result<(), String> {
        let mut failures = Vec::new();
        for case in self.cases() {
            if let Err(error) = self.evaluate(case).await {
                failures.push(error);
            }
        }
        match self.outbox.write(self.state.ports.fenced.ledger.as_ref()).await {
            // An empty batch: the record loop reads what was just written.
            Ok(true) => _ = self.state.to_record.try_send(Vec::new()),
            Ok(false) => {}
            Err(error) => failures.push(error),
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
    }
}
