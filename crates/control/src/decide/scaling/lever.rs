//! Carries out a change that an explanation names.

use model::scaling::{Behavior, Direction, Lever, MILLI_MAX, Reading, ScalingHistory, ScalingObservation, ScalingPolicy, ScalingRules};

use super::{metrics::counted, milli::value};

/// Sets this lever to `to`; one that the policy does not have changes nothing. Time is Unix, ms.
pub fn apply(
    policy: &mut ScalingPolicy,
    observed: &mut ScalingObservation,
    history: &mut ScalingHistory,
    lever: &Lever,
    to: i64,
    now_ms: i64,
) {
    match lever {
        Lever::Wait => age(history, to),
        Lever::Metric { index, .. } => {
            let places = counted(policy, observed, *index, now_ms);
            set_total(observed, *index, &places, to);
        }
        Lever::Forecast => set_floor(observed, to),
        lever => set(policy, lever, to),
    }
}

/// Sets a lever of the policy.
pub(super) fn set(policy: &mut ScalingPolicy, lever: &Lever, to: i64) {
    let to = u32::try_from(to.max(0)).unwrap_or(u32::MAX);
    match lever {
        Lever::MinReplicas => policy.min_replicas = to,
        Lever::MaxReplicas => policy.max_replicas = to,
        Lever::StabilizationWindow { direction } => {
            if let Some(rules) = policy.behavior.as_mut().map(|behavior| rules(behavior, *direction)) {
                rules.stabilization_window_s = to;
            }
        }
        Lever::ChangeLimit { direction, index } => {
            let rules = policy.behavior.as_mut().map(|behavior| rules(behavior, *direction));
            if let Some(limit) = rules.and_then(|rules| rules.policies.get_mut(*index)) {
                limit.value = to;
            }
        }
        Lever::Metric { .. } | Lever::Forecast | Lever::Wait => {}
    }
}

/// As long ago as it will be in so many seconds. What is observed stays of now: waiting does not make readings old.
pub(super) fn age(history: &mut ScalingHistory, seconds: i64) {
    let by_ms = seconds.max(0).saturating_mul(1_000);
    for entry in &mut history.recommendations {
        entry.at_ms = entry.at_ms.saturating_sub(by_ms);
    }
    for entry in &mut history.changes {
        entry.at_ms = entry.at_ms.saturating_sub(by_ms);
    }
}

pub(super) fn set_floor(observed: &mut ScalingObservation, to: i64) {
    if let Some(floor) = &mut observed.forecast {
        floor.replicas = u32::try_from(to.max(0)).unwrap_or(u32::MAX);
    }
}

fn rules(behavior: &mut Behavior, direction: Direction) -> &mut ScalingRules {
    match direction {
        Direction::Up => &mut behavior.scale_up,
        Direction::Down => &mut behavior.scale_down,
    }
}

/// Makes the values at these places add up to `total_milli`, changing the first ones as far as they go.
pub(super) fn set_total(observed: &mut ScalingObservation, index: usize, places: &[(usize, i64)], total_milli: i64) {
    let now = places.iter().fold(0_i64, |sum, (_, milli)| sum.saturating_add(*milli));
    let mut rest = total_milli.saturating_sub(now);
    for (place, milli) in places {
        let new = milli.saturating_add(rest).clamp(0, MILLI_MAX);
        rest -= new - milli;
        match observed.readings.get_mut(index) {
            Some(Reading::PerPod { samples }) => samples[*place].value = value(new),
            Some(Reading::Whole { values, .. }) => values[*place] = value(new),
            Some(Reading::Failed { .. }) | None => {}
        }
    }
}
