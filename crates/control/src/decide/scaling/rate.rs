//! How far the replicas may go in one decision: `convertDesiredReplicasWithBehaviorRate` of Kubernetes' `horizontal.go`, and what it does
//! without `behavior`.

use model::scaling::{
    Behavior, ChangeLimit, ChangeLimitType, Clamp, Direction, LimitProof, RateProof, RateRule, ReplicaBound, ReplicaChange, ScalingRules,
    SelectPolicy,
};

use super::milli::{before, ceil};

/// Kubernetes' `scaleUpLimitFactor` and `scaleUpLimitMinimum`.
const DOUBLE: u32 = 2;
const AT_LEAST: u32 = 4;

/// What is left of `desired`, and what cut it.
pub(super) struct Allowed {
    pub(super) replicas: u32,
    pub(super) rate: Option<RateProof>,
    pub(super) clamp: Option<Clamp>,
}

pub(super) fn limit(
    behavior: Option<&Behavior>,
    changes: &[ReplicaChange],
    (min, max): (u32, u32),
    current: u32,
    desired: u32,
    now_ms: i64,
) -> Allowed {
    let direction = if desired > current { Direction::Up } else { Direction::Down };
    let (reach, rule) = match (behavior, direction) {
        (None, Direction::Up) => (current.saturating_mul(DOUBLE).max(AT_LEAST), RateRule::Double),
        (None, Direction::Down) => (0, RateRule::Double),
        (Some(behavior), direction) => rules(behavior, direction, changes, current, now_ms),
    };
    let (allowed, bound, is_rate) = match direction {
        Direction::Up => (desired.min(max).min(reach), ReplicaBound::Max, reach < max),
        Direction::Down => (desired.max(min).max(reach), ReplicaBound::Min, reach > min),
    };
    let cut = allowed != desired;
    Allowed {
        replicas: allowed,
        rate: (cut && is_rate).then_some(RateProof {
            direction,
            before: desired,
            after: allowed,
            rule,
        }),
        clamp: (cut && !is_rate).then_some(Clamp {
            bound,
            before: desired,
            after: allowed,
        }),
    }
}

/// How far the rules of this direction reach, never to the other side of `current`.
fn rules(behavior: &Behavior, direction: Direction, changes: &[ReplicaChange], current: u32, now_ms: i64) -> (u32, RateRule) {
    let rules = match direction {
        Direction::Up => &behavior.scale_up,
        Direction::Down => &behavior.scale_down,
    };
    let limits: Vec<_> = rules
        .policies
        .iter()
        .map(|limit| reach(*limit, direction, changes, current, now_ms))
        .collect();
    let chosen = choose(rules, direction, &limits);
    let allows = chosen.map_or(current, |n| u32::try_from(limits[n].allows.max(0)).unwrap_or(u32::MAX));
    let reach = match direction {
        Direction::Up => allows.max(current),
        Direction::Down => allows.min(current),
    };
    let rule = RateRule::Limits {
        select: rules.select_policy,
        chosen,
        limits,
    };
    (reach, rule)
}

/// One limit: from the replicas at the start of its period, which are those of now without its own changes since.
fn reach(limit: ChangeLimit, direction: Direction, changes: &[ReplicaChange], current: u32, now_ms: i64) -> LimitProof {
    let cutoff_ms = before(now_ms, limit.period_s);
    let recent = || changes.iter().filter(|change| change.at_ms > cutoff_ms);
    let net: i64 = recent().map(|change| i64::from(change.to) - i64::from(change.from)).sum();
    let period_start = i64::from(current) - net;
    let value = i64::from(limit.value);
    let percent = f64::from(limit.value) / 100.0;
    let allows = match (direction, limit.kind) {
        (Direction::Up, ChangeLimitType::Pods) => period_start + value,
        // Rounded up, or one replica would never become two.
        (Direction::Up, ChangeLimitType::Percent) => ceil(period_start as f64 * (1.0 + percent)).into(),
        (Direction::Down, ChangeLimitType::Pods) => period_start - value,
        // Cut off, or two would never become one.
        (Direction::Down, ChangeLimitType::Percent) => ceil((period_start as f64 * (1.0 - percent)).trunc()).into(),
    };
    LimitProof {
        limit,
        period_start,
        allows,
        held_by: recent().next().copied(),
    }
}

fn choose(rules: &ScalingRules, direction: Direction, limits: &[LimitProof]) -> Option<usize> {
    let far = |n: &usize| match direction {
        Direction::Up => limits[*n].allows,
        Direction::Down => -limits[*n].allows,
    };
    match rules.select_policy {
        SelectPolicy::Max => (0..limits.len()).max_by_key(far),
        SelectPolicy::Min => (0..limits.len()).min_by_key(far),
        SelectPolicy::Disabled => None,
    }
}
