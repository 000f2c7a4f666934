//! The smallest change that would alter a decision, lever by lever, found by asking the decision itself.

use std::collections::BTreeSet;

use model::scaling::{
    Lever, MILLI_MAX, MetricState, REPLICAS_MAX, RateRule, ReplicaBound, ScalingDecision, ScalingHistory, ScalingObservation,
    ScalingPolicy, ScalingReason, SmallestChange,
};

use super::{
    evaluate::decide,
    lever::{age, set, set_floor, set_total},
    metrics::counted,
};

/// Largest value of a change limit that is tried.
const LIMIT_MAX: i64 = 100_000;
/// Totals are tried up to here, where sums are still exact.
const TOTAL_MAX: i64 = i64::MAX / 4;

/// The decision with what would have altered it: first what held it back (bound, limit, window, and how long still), then the metrics, the leading one first.
/// Costs some hundred decisions: meant for those that are shown or kept, not for a replay.
pub fn explain(
    policy: &ScalingPolicy,
    observed: &ScalingObservation,
    history: &ScalingHistory,
    now_ms: i64,
) -> (ScalingDecision, Vec<SmallestChange>) {
    let decision = decide(policy, observed, history, now_ms);
    let mut changes = Vec::new();
    for (lever, from, end) in holding(policy, &decision) {
        let mut tried = policy.clone();
        let found = nearest(from, end, |to| {
            set(&mut tried, &lever, to);
            (MetricState::Within, decide(&tried, observed, history, now_ms).to)
        });
        if let Some((to, result)) = found {
            changes.push(SmallestChange { lever, from, to, result });
        }
    }
    changes.extend(of_time(policy, observed, history, &decision));
    changes.extend(of_forecast(policy, observed, history, &decision));
    let leading = decision.proof.leading;
    let mut order: Vec<_> = (0..decision.proof.metrics.len()).collect();
    order.sort_by_key(|index| Some(*index) != leading);
    for index in order {
        changes.extend(of_metric(policy, observed, history, &decision, index));
    }
    (decision, changes)
}

/// The settings that held the decision back, each with its value and how far it can be turned.
fn holding(policy: &ScalingPolicy, decision: &ScalingDecision) -> Vec<(Lever, i64, i64)> {
    let mut levers = Vec::new();
    let proof = &decision.proof;
    let (min, max) = (i64::from(policy.min_replicas), i64::from(policy.max_replicas));
    match (decision.reason, proof.clamp.map(|clamp| clamp.bound)) {
        // There the answer is the bound itself, as long as it stays on this side.
        (ScalingReason::TooManyReplicas, _) => levers.push((Lever::MaxReplicas, max, max + 1)),
        (ScalingReason::TooFewReplicas, _) => levers.push((Lever::MinReplicas, min, min - 1)),
        (_, Some(ReplicaBound::Max)) => levers.push((Lever::MaxReplicas, max, REPLICAS_MAX.into())),
        (_, Some(ReplicaBound::Min)) => levers.push((Lever::MinReplicas, min, 0)),
        (_, None) => {}
    }
    if let Some(rate) = &proof.rate
        && let RateRule::Limits { limits, .. } = &rate.rule
    {
        let direction = rate.direction;
        levers.extend(
            limits
                .iter()
                .enumerate()
                .map(|(index, limit)| (Lever::ChangeLimit { direction, index }, limit.limit.value.into(), LIMIT_MAX)),
        );
    }
    if let Some(held) = &proof.stabilization
        && policy.behavior.is_some()
    {
        let direction = held.direction;
        levers.push((Lever::StabilizationWindow { direction }, held.window_s.into(), 0));
    }
    levers
}

/// How long to wait until windows and limits let something else be decided. That happens only when an entry of the past stops to count, so
/// each of those moments is tried, in turn: nothing is monotone there.
fn of_time(
    policy: &ScalingPolicy,
    observed: &ScalingObservation,
    history: &ScalingHistory,
    decision: &ScalingDecision,
) -> Option<SmallestChange> {
    if decision.proof.stabilization.is_none() && decision.proof.rate.is_none() {
        return None;
    }
    let sides = policy
        .behavior
        .iter()
        .flat_map(|behavior| [&behavior.scale_up, &behavior.scale_down]);
    let mut windows_s = vec![policy.downscale_stabilization_s];
    windows_s.extend(sides.clone().map(|rules| rules.stabilization_window_s));
    let periods_s = || sides.clone().flat_map(|rules| rules.policies.iter().map(|limit| limit.period_s));
    let ends_ms = |at_ms: i64, seconds: u32| at_ms.saturating_add(i64::from(seconds) * 1_000).saturating_sub(decision.at_ms);
    let mut ends: BTreeSet<i64> = BTreeSet::new();
    for entry in &history.recommendations {
        ends.extend(windows_s.iter().map(|window_s| ends_ms(entry.at_ms, *window_s)));
    }
    for change in &history.changes {
        ends.extend(periods_s().map(|period_s| ends_ms(change.at_ms, period_s)));
    }
    // An entry at the very edge counts still, or does not, by the kind of window: the second after it, neither does.
    let seconds: BTreeSet<i64> = ends
        .into_iter()
        .flat_map(|ms| [ms.div_euclid(1_000), ms.div_euclid(1_000) + 1])
        .collect();
    let mut tried = history.clone();
    let mut waited = 0;
    for to in seconds.into_iter().filter(|seconds| *seconds > 0) {
        age(&mut tried, to - waited);
        waited = to;
        let result = decide(policy, observed, &tried, decision.at_ms).to;
        if result != decision.to {
            let lever = Lever::Wait;
            return Some(SmallestChange {
                lever,
                from: 0,
                to,
                result,
            });
        }
    }
    None
}

/// The nearest forecast above and the nearest below at which something else is decided.
fn of_forecast(
    policy: &ScalingPolicy,
    observed: &ScalingObservation,
    history: &ScalingHistory,
    decision: &ScalingDecision,
) -> Vec<SmallestChange> {
    let from = decision.proof.prediction.as_ref().and_then(|proof| proof.floor.in_force());
    let Some(from) = from.map(i64::from) else { return Vec::new() };
    let mut tried = observed.clone();
    let mut to_end = |end: i64| {
        let found = nearest(from, end, |to| {
            set_floor(&mut tried, to);
            (MetricState::Within, decide(policy, &tried, history, decision.at_ms).to)
        });
        let lever = Lever::Forecast;
        found.map(|(to, result)| SmallestChange { lever, from, to, result })
    };
    [to_end(u32::MAX.into()), to_end(0)].into_iter().flatten().collect()
}

/// The nearest total above and the nearest below at which something else is decided.
fn of_metric(
    policy: &ScalingPolicy,
    observed: &ScalingObservation,
    history: &ScalingHistory,
    decision: &ScalingDecision,
    index: usize,
) -> Vec<SmallestChange> {
    let metric = &decision.proof.metrics[index];
    let places = counted(policy, observed, index, decision.at_ms);
    if metric.state == MetricState::Failed || places.is_empty() {
        return Vec::new();
    }
    let from = metric.total_milli;
    let count = i64::try_from(places.len()).unwrap_or(i64::MAX);
    let mut tried = observed.clone();
    let mut changes = Vec::new();
    for end in [MILLI_MAX.saturating_mul(count).min(TOTAL_MAX), 0] {
        let found = nearest(from, end, |to| {
            set_total(&mut tried, index, &places, to);
            let decision = decide(policy, &tried, history, decision.at_ms);
            (decision.proof.metrics[index].state, decision.to)
        });
        let Some((to, result)) = found else { continue };
        set_total(&mut tried, index, &places, to);
        let then = decide(policy, &tried, history, decision.at_ms);
        changes.push(SmallestChange {
            lever: Lever::Metric {
                index,
                name: metric.name.clone(),
                target_type: metric.target_type,
                reads: then.proof.metrics[index].current.unwrap_or_default(),
            },
            from,
            to,
            result,
        });
    }
    changes
}

/// The value nearest to `from`, on the way to `end`, that gives another result.
///
/// The result need not be monotone on the whole way: an instance that is not ready makes a metric within its tolerance ask for more than
/// one just above it. But it is monotone while the metric stays in one state, and each state is one stretch of the way.
fn nearest(from: i64, end: i64, mut at: impl FnMut(i64) -> (MetricState, u32)) -> Option<(i64, u32)> {
    let base = at(from).1;
    let mut here = from;
    // Three states, so at most three stretches.
    for _ in 0..3 {
        let (state, result) = at(here);
        if result != base {
            return Some((here, result));
        }
        let last = if at(end).0 == state {
            end
        } else {
            halve(here, end, |value| at(value).0 != state).0
        };
        if at(last).1 != base {
            let to = halve(here, last, |value| at(value).1 != base).1;
            return Some((to, at(to).1));
        }
        if last == end {
            return None;
        }
        here = last + (end - last).signum();
    }
    None
}

/// Two neighbours between `no` and `yes`: the last that is not, and the first that is.
fn halve(mut no: i64, mut yes: i64, mut is: impl FnMut(i64) -> bool) -> (i64, i64) {
    while no.abs_diff(yes) > 1 {
        let middle = no + (yes - no) / 2;
        if is(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    (no, yes)
}
