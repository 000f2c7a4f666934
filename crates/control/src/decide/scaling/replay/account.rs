//! What a course of replicas cost, and what it missed.

use model::scaling::{Direction, Fidelity, LostDemand, Trace, TraceSignal, WhatIfCaveat, WhatIfOutcome, WhatIfPoint};

/// A change this soon after an opposite one turns it back.
const REVERSAL_MS: i64 = 900_000;
const REQUESTS: &str = "requests_per_minute";
const HOUR_S: f64 = 3_600.0;

pub(super) struct Account<'a> {
    trace: &'a Trace,
    requests: Option<&'a TraceSignal>,
    outcome: WhatIfOutcome,
    last: Option<(i64, Direction)>,
    /// In instances, each for a step.
    demand: f64,
    lost: f64,
    existed: u64,
    short_steps: u64,
    lost_requests: f64,
    beside: Beside,
}

#[derive(Default)]
struct Beside {
    steps: u64,
    sum: u64,
    largest: u32,
    within_one: u64,
}

impl<'a> Account<'a> {
    pub(super) fn new(trace: &'a Trace, name: &str, caveats: Vec<WhatIfCaveat>) -> Self {
        Self {
            trace,
            requests: trace.signal(REQUESTS),
            outcome: WhatIfOutcome {
                name: name.to_owned(),
                course: Vec::new(),
                end_ms: trace.end_ms(),
                instance_hours: 0.0,
                under_provisioned_s: 0,
                lost: LostDemand::default(),
                changes: 0,
                reversals: 0,
                peak_replicas: 0,
                beside_recorded: None,
                caveats,
            },
            last: None,
            demand: 0.0,
            lost: 0.0,
            existed: 0,
            short_steps: 0,
            lost_requests: 0.0,
            beside: Beside::default(),
        }
    }

    pub(super) fn change(&mut self, at_ms: i64, from: u32, to: u32) {
        let direction = if to > from { Direction::Up } else { Direction::Down };
        self.outcome.changes += 1;
        if self
            .last
            .is_some_and(|(last_ms, last)| last != direction && at_ms - last_ms <= REVERSAL_MS)
        {
            self.outcome.reversals += 1;
        }
        self.last = Some((at_ms, direction));
    }

    /// So many are asked for when a step begins.
    pub(super) fn begin(&mut self, step: usize, desired: u32) {
        if let Some(recorded) = self.trace.recorded(step) {
            let away = recorded.abs_diff(desired);
            self.beside.steps += 1;
            self.beside.sum += u64::from(away);
            self.beside.largest = self.beside.largest.max(away);
            self.beside.within_one += u64::from(away <= 1);
        }
    }

    /// One step with so many asked for, all of which exist, and so many of them ready.
    pub(super) fn step(&mut self, step: usize, desired: u32, ready: u32) {
        let at_ms = self.trace.at_ms(step);
        let is_new = |last: &WhatIfPoint| (last.desired, last.ready) != (desired, ready);
        if self.outcome.course.last().is_none_or(is_new) {
            self.outcome.course.push(WhatIfPoint { at_ms, desired, ready });
        }
        self.outcome.peak_replicas = self.outcome.peak_replicas.max(desired);
        self.existed += u64::from(desired);
        let demands = self.trace.signals.iter().filter_map(|signal| signal.instances(step));
        let Some(demand) = demands.reduce(f64::max) else { return };
        let lost = (demand - f64::from(ready)).max(0.0);
        self.demand += demand;
        self.lost += lost;
        if lost > 0.0 {
            self.short_steps += 1;
            let requests = self.requests.and_then(|signal| signal.values[step]).unwrap_or(0.0);
            self.lost_requests += requests / 60.0 * f64::from(self.trace.step_s) * lost / demand;
        }
    }

    pub(super) fn close(self, caveat: Option<WhatIfCaveat>) -> WhatIfOutcome {
        let step_s = f64::from(self.trace.step_s);
        let mut outcome = self.outcome;
        outcome.caveats.extend(caveat);
        outcome.instance_hours = self.existed as f64 * step_s / HOUR_S;
        outcome.under_provisioned_s = self.short_steps * u64::from(self.trace.step_s);
        outcome.lost = LostDemand {
            share: if self.demand > 0.0 { self.lost / self.demand } else { 0.0 },
            instance_hours: self.lost * step_s / HOUR_S,
            requests: self.requests.map(|_| self.lost_requests),
        };
        let steps = self.beside.steps as f64;
        outcome.beside_recorded = (self.beside.steps > 0).then(|| Fidelity {
            largest: self.beside.largest,
            mean: self.beside.sum as f64 / steps,
            within_one: self.beside.within_one as f64 / steps,
        });
        outcome
    }
}
