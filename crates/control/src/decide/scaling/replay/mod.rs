//! What a policy would have made of a demand: the trace plays the demand, an imagined workload the instances, and `decide` itself decides.
//!
//! The model of the workload, in full:
//!
//! - Demand is shared evenly over the ready instances. What they cannot take at 100 % is lost, not put off.
//! - A new instance exists at once and is ready `start_delay_s` later. Until then it is pending: it has no figures and takes no demand.
//! - Fewer replicas take effect at once, and the newest instances go first, so those that are still starting.
//! - A decision sees the demand of its own step. Nobody fails, and nobody else changes the replicas.
//! - An instance never reads more than its capacity, or than what was recorded, if that is more: a policy cannot see how much it loses.
//! - Where nothing was measured, every metric has failed: nothing is scaled down.
//! - A forecast knows what was measured since the trace began, and is made anew every five minutes.

mod account;
mod outlook;
mod source;
mod stage;

#[cfg(test)]
mod tests;

use model::{
    InvalidValue,
    scaling::{ScalingHistory, ScalingObservation, ScalingPolicy, ScheduledBounds, Trace, WhatIf, WhatIfOutcome, WhatIfPolicy},
};

use self::{account::Account, outlook::Outlook, source::Source, stage::Stage};
use super::{decide, remember, schedule::Schedule};

/// Steps between two looks at whether anybody still waits for the answer.
const LOOK_STEPS: usize = 256;
/// Most figures of instances that one replay reads, all steps together: some seconds of work.
const FIGURES_MAX: usize = 100_000_000;
/// Of a schedule, so much is computed ahead.
const AHEAD_MS: i64 = 86_400_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    #[error("nobody waits for the replay any more")]
    Cancelled,
    #[error("the replay takes too long: choose a shorter range, a wider step, or a lower max_replicas")]
    TooLong,
}

/// One policy and the circumstances it is replayed in.
#[derive(Debug, Clone, Copy)]
pub struct Replay<'a> {
    pub one: &'a WhatIfPolicy,
    pub start_delay_s: u32,
    pub sync_period_s: u32,
    /// Absent: what was recorded first, or the policy's minimum.
    pub initial_replicas: Option<u32>,
}

/// Replays the trace against each policy. Takes a while: `is_cancelled` is asked now and then.
///
/// # Errors
/// The first field that is wrong, by the name it has in the request or as `trace.signals[0].values`.
pub fn what_if(request: &WhatIf, trace: &Trace, is_cancelled: &dyn Fn() -> bool) -> Result<Vec<WhatIfOutcome>, ReplayError> {
    request.validate()?;
    trace
        .validate()
        .map_err(|invalid| InvalidValue::new(format!("trace.{}", invalid.field), invalid.reason))?;
    let each = |(n, one): (usize, &WhatIfPolicy)| {
        let setup = Replay {
            one,
            start_delay_s: request.start_delay_s,
            sync_period_s: request.sync_period_s,
            initial_replicas: request.initial_replicas,
        };
        replay(&setup, trace, is_cancelled).map_err(|error| match error {
            ReplayError::Invalid(invalid) => InvalidValue::new(format!("policies[{n}].{}", invalid.field), invalid.reason).into(),
            error => error,
        })
    };
    request.policies.iter().enumerate().map(each).collect()
}

/// What this policy would have done. Policy and trace are taken to be valid.
///
/// # Errors
/// A schedule that cannot be computed, or a policy none of whose metrics is in the trace.
pub fn replay(setup: &Replay<'_>, trace: &Trace, is_cancelled: &dyn Fn() -> bool) -> Result<WhatIfOutcome, ReplayError> {
    play(setup, trace, is_cancelled, FIGURES_MAX, &mut |_| {})
}

/// Reads `figures_max` figures at most. `seen` is told what the policy sees, before it decides.
fn play(
    setup: &Replay<'_>,
    trace: &Trace,
    is_cancelled: &dyn Fn() -> bool,
    figures_max: usize,
    seen: &mut dyn FnMut(&ScalingObservation),
) -> Result<WhatIfOutcome, ReplayError> {
    let source = Source::of(&setup.one.policy, trace)?;
    let mut calendar = Calendar::new(Schedule::parse(&setup.one.schedule)?, trace);
    let mut outlook = Outlook::new(&setup.one.prediction, &source, trace);
    let mut policy = source.policy.clone();
    let first = || trace.replicas.iter().flatten().next().copied();
    let initial = setup.initial_replicas.or_else(first).unwrap_or(policy.min_replicas);
    let mut stage = Stage::new(&source, trace.begin_ms, initial, setup.start_delay_s);
    let mut account = Account::new(trace, &setup.one.name, source.caveats(trace, setup.sync_period_s));
    let mut history = ScalingHistory::default();
    let (mut due_ms, mut figures) = (trace.begin_ms, 0_usize);
    for step in 0..trace.steps() {
        if step % LOOK_STEPS == 0 && is_cancelled() {
            return Err(ReplayError::Cancelled);
        }
        let now_ms = trace.at_ms(step);
        stage.start(now_ms);
        account.begin(step, stage.observed.spec_replicas);
        if outlook.look(trace, step, stage.ready()) {
            policy = outlook.sharpen(&source.policy);
            stage.observed.forecast = outlook.floor();
        }
        if now_ms >= due_ms {
            while due_ms <= now_ms {
                due_ms += i64::from(setup.sync_period_s) * 1_000;
            }
            stage.observe(trace, step);
            figures += stage.figures();
            if figures > figures_max {
                return Err(ReplayError::TooLong);
            }
            seen(&stage.observed);
            let bounds = calendar.bounds(&source.policy, now_ms);
            (policy.min_replicas, policy.max_replicas) = (bounds.min_replicas, bounds.max_replicas);
            let decision = decide(&policy, &stage.observed, &history, now_ms);
            remember(&policy, &mut history, &decision);
            if decision.is_change() {
                account.change(now_ms, decision.from, decision.to);
                stage.scale(now_ms, decision.to);
            }
        }
        account.step(step, stage.observed.spec_replicas, stage.ready());
    }
    Ok(account.close(outlook.caveat()))
}

/// What the recorded replicas made of their own demand; nothing where none were recorded. Beside it, replays can be compared with what was.
pub fn as_recorded(trace: &Trace) -> Option<WhatIfOutcome> {
    let mut account = Account::new(trace, "as recorded", Vec::new());
    let mut last = trace.replicas.iter().flatten().next().copied()?;
    for step in 0..trace.steps() {
        let now = trace.recorded(step).unwrap_or(last);
        if now != last {
            account.change(trace.at_ms(step), last, now);
        }
        account.begin(step, now);
        account.step(step, now, trace.recorded_ready(step).unwrap_or(now));
        last = now;
    }
    Some(account.close(None))
}

/// The bounds of a schedule, computed a day ahead instead of at each step.
struct Calendar {
    schedule: Schedule,
    spans: std::vec::IntoIter<(i64, i64, ScheduledBounds)>,
    now: Option<(i64, i64, ScheduledBounds)>,
    end_ms: i64,
}

impl Calendar {
    fn new(schedule: Schedule, trace: &Trace) -> Self {
        Self {
            schedule,
            spans: Vec::new().into_iter(),
            now: None,
            end_ms: trace.end_ms(),
        }
    }

    /// Times must not go back.
    fn bounds(&mut self, policy: &ScalingPolicy, now_ms: i64) -> ScheduledBounds {
        loop {
            if let Some((_, end_ms, bounds)) = &self.now
                && now_ms < *end_ms
            {
                return bounds.clone();
            }
            self.now = self.spans.next();
            if self.now.is_none() {
                let end_ms = now_ms.saturating_add(AHEAD_MS).min(self.end_ms);
                let mut spans = self.schedule.coming(now_ms, end_ms, policy).into_iter();
                self.now = spans.next();
                self.spans = spans;
                if self.now.is_none() {
                    return self.schedule.bounds(policy, now_ms);
                }
            }
        }
    }
}
