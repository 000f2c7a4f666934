//! What is intended and known of each workload, for those who show it.

use std::collections::{BTreeMap, VecDeque};

use model::{
    InstanceState, Metric, PoolSnapshot, SeriesKey, Snapshot, WorkloadId, WorkloadSnapshot,
    scaling::{
        DecisionSpan, FlapStep, Flapping, Forecast, ForecastFloor, ScalingEvent, ScalingHistory, ScalingIntent, ScalingOutcome,
        ScheduledBounds, WorkloadView,
    },
};

use crate::decide::scaling::{Progress, Schedule, flappings, progress};

/// So long a flapping is shown after its last change.
const FLAPPING_FOR_MS: i64 = 3_600_000;

/// One workload with a policy.
#[derive(Debug, Clone)]
pub(crate) struct Governed {
    /// Written by commands, and by the autoscale loop when another console changed it.
    pub(crate) intent: ScalingIntent,
    /// The intent's schedule, parsed; empty where a stored one cannot be read any more.
    pub(crate) schedule: Schedule,
    /// Unix time since when it is known, ms.
    pub(crate) since_ms: i64,
    /// Bounds as of the last evaluation.
    pub(crate) bounds: ScheduledBounds,
    /// The policy's memory of itself.
    pub(crate) history: ScalingHistory,
    /// Absent while nothing is forecast.
    pub(crate) forecast: Option<Forecast>,
    /// What the forecast asks for.
    pub(crate) floor: Option<ForecastFloor>,
    /// The line of the ledger that is being written.
    pub(crate) last: Option<DecisionSpan>,
    /// Newest first.
    pub(crate) events: VecDeque<ScalingEvent>,
}

impl Governed {
    pub(crate) fn new(intent: ScalingIntent, since_ms: i64) -> Self {
        let schedule = parsed(&intent);
        let bounds = schedule.bounds(&intent.plan.policy, since_ms);
        Self {
            intent,
            schedule,
            since_ms,
            bounds,
            history: ScalingHistory::default(),
            forecast: None,
            floor: None,
            last: None,
            events: VecDeque::new(),
        }
    }

    pub(crate) fn intend(&mut self, intent: ScalingIntent) {
        self.schedule = parsed(&intent);
        self.intent = intent;
    }

    /// The latest stretch in which changes turned each other back, if it is of the last hour.
    pub(crate) fn flapping(&self, now_ms: i64) -> Option<Flapping> {
        let carried_out = self.events.iter().filter(|e| !matches!(e.outcome, ScalingOutcome::Failed(_)));
        let steps: Vec<_> = carried_out
            .map(|e| FlapStep {
                at_ms: e.at_ms,
                from: e.from,
                to: e.to,
                leading: e.leading.clone(),
            })
            .collect();
        let last = flappings(&self.intent.plan.policy, &steps).pop()?;
        (now_ms.saturating_sub(last.to_ms) <= FLAPPING_FOR_MS).then_some(last)
    }

    /// A change that is new, or one that came to something.
    pub(crate) fn note(&mut self, event: ScalingEvent) {
        match self.events.iter_mut().find(|known| known.at_ms == event.at_ms) {
            Some(known) => *known = event,
            None => self.events.push_front(event),
        }
        // One that is under way is waited for, however many came after it.
        let mut room = WorkloadView::EVENTS_MAX;
        self.events.retain(|event| {
            let stays = room > 0 || event.outcome == ScalingOutcome::Pending;
            room = room.saturating_sub(1);
            stays
        });
    }
}

fn parsed(intent: &ScalingIntent) -> Schedule {
    Schedule::parse(&intent.plan.schedule).unwrap_or_else(|error| {
        tracing::error!(workload = %intent.workload, %error, "a stored schedule cannot be read and is left out");
        Schedule::default()
    })
}

/// By workload.
#[derive(Debug, Default)]
pub(crate) struct Book(pub(crate) BTreeMap<WorkloadId, Governed>);

impl Book {
    /// What history keeps of workloads. What a source that is down last said is not measured again.
    pub(crate) fn values(&self, snapshot: &Snapshot) -> Vec<(SeriesKey, Option<f32>)> {
        let mut out = Vec::new();
        for workload in snapshot.workloads.iter().filter(|w| w.is_fresh) {
            let id = &workload.observed.workload;
            let bounds = self.0.get(id).map(|governed| &governed.bounds);
            let pool = snapshot.pools.iter().find(|p| p.id == workload.observed.pool);
            let values = of_workload(workload).into_iter().chain([
                (Metric::ReplicasMin, bounds.map(|b| b.min_replicas as f32)),
                (Metric::ReplicasMax, bounds.map(|b| b.max_replicas as f32)),
            ]);
            let values = values.chain(pool.map(of_its_pool).unwrap_or_default());
            out.extend(values.map(|(metric, value)| (SeriesKey::workload(metric, id), value)));
        }
        out
    }
}

fn of_workload(workload: &WorkloadSnapshot) -> [(Metric, Option<f32>); 3] {
    let Progress { ready, coming, leaving } = progress(&workload.observed);
    [
        (Metric::ReplicasDesired, Some(workload.observed.desired as f32)),
        (Metric::Replicas, Some((ready + coming + leaving) as f32)),
        (Metric::ReplicasReady, Some(ready as f32)),
    ]
}

#[expect(clippy::cast_possible_truncation, reason = "a chart needs no more than 24 bits")]
const fn narrow(value: f64) -> f32 {
    value as f32
}

/// Averages over the instances that report, and the sums of the pool.
fn of_its_pool(pool: &PoolSnapshot) -> Vec<(Metric, Option<f32>)> {
    if pool.instances.iter().all(|i| i.state == InstanceState::Unknown) {
        return Vec::new();
    }
    let serving = || pool.instances.iter().filter(|i| i.state.gets_requests()).filter_map(|i| i.load);
    let mean = |of: fn(&model::LoadReport) -> Option<f32>| {
        let values: Vec<f32> = serving().filter_map(|load| of(&load)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f32>() / values.len() as f32)
    };
    let percent = |share: Option<f32>| share.map(|share| share * 100.0);
    vec![
        (Metric::CpuPercent, percent(mean(|l| l.cpu))),
        (Metric::MemoryPercent, percent(mean(|l| l.memory))),
        (Metric::GpuPercent, percent(mean(|l| l.gpu))),
        (Metric::Sessions, mean(|l| l.sessions.map(|n| n as f32))),
        (Metric::RequestsPerS, Some(narrow(pool.totals.requests_per_s))),
        (Metric::P95Ms, pool.totals.latency.map(|l| l.p95_ms)),
        (Metric::InFlight, Some(pool.totals.in_flight as f32)),
    ]
}
