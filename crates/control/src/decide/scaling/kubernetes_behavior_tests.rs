//! The cases of Kubernetes' `horizontal_test.go` on limits and windows (`TestScalingWithRules`, `TestConvertDesiredReplicasWithRules`,
//! `TestNormalizeDesiredReplicas`, `TestNormalizeDesiredReplicasWithBehavior` and the two on `selectPolicy: Min`), by the names they have
//! there.

use model::scaling::{Behavior, ChangeLimit, Recommendation, ReplicaBound, ReplicaChange, ScalingRules, SelectPolicy};

use super::{fixtures::NOW_MS, rate::limit, stabilize::stabilize};

/// Pods and their period, per cent and their period; 0 is no such limit.
type Rules = (u32, u32, u32, u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    DesiredWithinRange,
    TooFewReplicas,
    TooManyReplicas,
    /// `ScaleUpLimit` or `ScaleDownLimit`.
    Limit,
}
use Said::{DesiredWithinRange, Limit, TooFewReplicas, TooManyReplicas};

struct Case {
    name: &'static str,
    /// Spread over the last two minutes, each in the middle of its share.
    ups: &'static [u32],
    downs: &'static [u32],
    bounds: (u32, u32),
    up: Option<Rules>,
    down: Option<Rules>,
    current: u32,
    desired: u32,
    expected: (u32, Said),
}

const CASE: Case = Case {
    name: "",
    ups: &[],
    downs: &[],
    bounds: (1, 1_000),
    up: None,
    down: None,
    current: 0,
    desired: 0,
    expected: (0, DesiredWithinRange),
};

const SOME: &[u32] = &[1, 5, 9];
const MANY: &[u32] = &[8, 12, 9, 11];

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { name: "prenormalized desired replicas within range", bounds: (3, 8), current: 5, desired: 7, expected: (7, DesiredWithinRange), ..CASE },
    Case { name: "prenormalized desired replicas < minReplicas", bounds: (2, 8), current: 3, desired: 1, expected: (2, TooFewReplicas), ..CASE },
    Case { name: "prenormalized desired replicas within range when minReplicas is 0", bounds: (0, 10), current: 1, desired: 0, expected: (0, DesiredWithinRange), ..CASE },
    Case { name: "maxReplicas is the limit because maxReplicas < scaleUpLimit", bounds: (1, 10), current: 20, desired: 1_000, expected: (10, TooManyReplicas), ..CASE },
    Case { name: "desired replica count is more than the maximum replica count", bounds: (100, 150), current: 100, desired: 1_000, expected: (150, TooManyReplicas), ..CASE },
    Case { name: "scaleUpLimit is the limit because scaleUpLimit < maxReplicas with user policies", bounds: (1, 2_000), up: Some((0, 0, 1, 60)), current: 3, desired: 1_000, expected: (4, Limit), ..CASE },
    Case { name: "scaleDownLimit is the limit because scaleDownLimit > minReplicas with user defined policies", bounds: (3, 2_000), down: Some((20, 60, 0, 0)), current: 1_000, desired: 3, expected: (980, Limit), ..CASE },
    Case { name: "scaleUp with default behavior", current: 10, desired: 50, expected: (20, Limit), ..CASE },
    Case { name: "scaleUp with pods policy larger than percent policy", up: Some((100, 60, 100, 60)), current: 10, desired: 500, expected: (110, Limit), ..CASE },
    Case { name: "scaleUp with percent policy larger than pods policy", up: Some((2, 60, 100, 60)), current: 10, desired: 500, expected: (20, Limit), ..CASE },
    Case { name: "scaleUp with spec MaxReplicas limitation with large pod policy", up: Some((100, 60, 0, 0)), current: 10, desired: 50, expected: (50, DesiredWithinRange), ..CASE },
    Case { name: "scaleUp with spec MaxReplicas limitation with large percent policy", up: Some((10_000, 60, 0, 0)), current: 10, desired: 50, expected: (50, DesiredWithinRange), ..CASE },
    Case { name: "scaleUp with pod policy limitation", up: Some((30, 60, 0, 0)), current: 10, desired: 50, expected: (40, Limit), ..CASE },
    Case { name: "scaleUp with percent policy limitation", up: Some((0, 0, 200, 60)), current: 10, desired: 50, expected: (30, Limit), ..CASE },
    Case { name: "scaleDown with percent policy larger than pod policy", down: Some((20, 60, 1, 60)), current: 100, desired: 2, expected: (80, Limit), ..CASE },
    Case { name: "scaleDown with pod policy larger than percent policy", down: Some((2, 60, 1, 60)), current: 100, desired: 2, expected: (98, Limit), ..CASE },
    Case { name: "scaleDown with spec MinReplicas=nil limitation with large pod policy", down: Some((100, 60, 0, 0)), current: 10, desired: 0, expected: (1, TooFewReplicas), ..CASE },
    Case { name: "scaleDown with spec MinReplicas limitation with large percent policy", bounds: (5, 1_000), down: Some((0, 0, 100, 60)), current: 10, desired: 2, expected: (5, TooFewReplicas), ..CASE },
    Case { name: "scaleDown with pod policy limitation", down: Some((5, 60, 0, 0)), current: 10, desired: 2, expected: (5, Limit), ..CASE },
    Case { name: "scaleDown with percent policy limitation", down: Some((0, 0, 50, 60)), current: 10, desired: 5, expected: (5, DesiredWithinRange), ..CASE },
    Case { name: "scaleUp with spec MaxReplicas limitation with large pod policy and events", ups: SOME, bounds: (1, 200), up: Some((300, 60, 0, 0)), current: 100, desired: 500, expected: (200, TooManyReplicas), ..CASE },
    Case { name: "scaleUp with spec MaxReplicas limitation with large percent policy and events", ups: SOME, bounds: (1, 200), up: Some((0, 0, 10_000, 60)), current: 100, desired: 500, expected: (200, TooManyReplicas), ..CASE },
    Case { name: "scaleUp with currentReplicas limitation with rate.PeriodSeconds with a lot of recent scale up events", ups: SOME, up: Some((5, 120, 0, 0)), current: 100, desired: 500, expected: (100, Limit), ..CASE },
    Case { name: "scaleUp with pod policy and previous scale up events", ups: SOME, up: Some((150, 120, 0, 0)), current: 100, desired: 500, expected: (235, Limit), ..CASE },
    Case { name: "scaleUp with percent policy and previous scale up events", ups: SOME, up: Some((0, 0, 200, 120)), current: 100, desired: 500, expected: (255, Limit), ..CASE },
    Case { name: "scaleUp with percent policy and previous scale up and down events", ups: &[4], downs: &[2], up: Some((0, 0, 300, 300)), current: 6, desired: 24, expected: (16, Limit), ..CASE },
    Case { name: "scaleDown with default policy and previous events", downs: SOME, current: 10, desired: 5, expected: (5, DesiredWithinRange), ..CASE },
    Case { name: "scaleDown with spec MinReplicas=nil limitation with large pod policy and previous events", downs: SOME, down: Some((115, 120, 0, 0)), current: 100, desired: 0, expected: (1, TooFewReplicas), ..CASE },
    Case { name: "scaleDown with spec MinReplicas limitation with large pod policy and previous events", downs: SOME, bounds: (5, 1_000), down: Some((130, 120, 0, 0)), current: 100, desired: 0, expected: (5, TooFewReplicas), ..CASE },
    Case { name: "scaleDown with spec MinReplicas limitation with large percent policy and previous events", downs: SOME, bounds: (5, 1_000), down: Some((0, 0, 100, 120)), current: 100, desired: 2, expected: (5, TooFewReplicas), ..CASE },
    Case { name: "scaleDown with pod policy limitation and previous events", downs: SOME, down: Some((5, 120, 0, 0)), current: 100, desired: 2, expected: (100, Limit), ..CASE },
    Case { name: "scaleDown with percent policy limitation and previous events", downs: &[2, 4, 6], down: Some((0, 0, 50, 120)), current: 100, desired: 0, expected: (56, Limit), ..CASE },
    Case { name: "scaleDown with percent policy and previous scale up and down events", ups: &[2], downs: &[4], down: Some((0, 0, 50, 180)), current: 10, desired: 1, expected: (6, Limit), ..CASE },
    Case { name: "scaleDown with previous events preventing further scale down", downs: &[10, 10, 10], down: Some((0, 0, 10, 120)), current: 100, desired: 0, expected: (100, Limit), ..CASE },
    Case { name: "scaleDown with with previous events still allowing more scale down", downs: &[10, 10, 10], down: Some((0, 0, 1_000, 120)), current: 10, desired: 5, expected: (5, DesiredWithinRange), ..CASE },
    Case { name: "check 'outdated' flag for events for one behavior for up", ups: MANY, up: Some((1_000, 60, 0, 0)), current: 100, desired: 200, expected: (200, DesiredWithinRange), ..CASE },
    Case { name: "check that events were not marked 'outdated' for two different policies in the behavior for up", ups: MANY, up: Some((1_000, 120, 100, 60)), current: 100, desired: 200, expected: (200, DesiredWithinRange), ..CASE },
    Case { name: "check that events were marked 'outdated' for two different policies in the behavior for up", ups: MANY, up: Some((1_000, 30, 100, 60)), current: 100, desired: 200, expected: (200, DesiredWithinRange), ..CASE },
    Case { name: "check 'outdated' flag for events for one behavior for down", downs: MANY, down: Some((1_000, 60, 0, 0)), current: 100, desired: 5, expected: (5, DesiredWithinRange), ..CASE },
    Case { name: "check that events were not marked 'outdated' for two different policies in the behavior for down", downs: MANY, down: Some((1_000, 120, 100, 60)), current: 100, desired: 5, expected: (5, DesiredWithinRange), ..CASE },
    Case { name: "check that events were marked 'outdated' for two different policies in the behavior for down", downs: MANY, down: Some((1_000, 30, 100, 60)), current: 100, desired: 5, expected: (5, DesiredWithinRange), ..CASE },
];

fn rules((pods, pods_s, percent, percent_s): Rules, select_policy: SelectPolicy) -> ScalingRules {
    let pods = (pods > 0).then(|| ChangeLimit::pods(pods, pods_s));
    let percent = (percent > 0).then(|| ChangeLimit::percent(percent, percent_s));
    ScalingRules {
        stabilization_window_s: 0,
        select_policy,
        policies: pods.into_iter().chain(percent).collect(),
    }
}

/// So many replicas each, spread evenly over the last two minutes.
fn spread(counts: &[u32], change: impl Fn(u32) -> (u32, u32)) -> Vec<ReplicaChange> {
    let share = 120_000 / i64::try_from(counts.len().max(1)).unwrap();
    let at = |(n, count): (i64, &u32)| {
        let (from, to) = change(*count);
        ReplicaChange {
            at_ms: NOW_MS - 120_000 + share * n + share / 2,
            from,
            to,
        }
    };
    (0..).zip(counts).map(at).collect()
}

#[test]
fn every_case_of_limits_gives_the_same_replicas_for_the_same_reason() {
    for case in CASES {
        let of = |rule: Option<Rules>, otherwise: ScalingRules| rule.map_or(otherwise, |rule| rules(rule, SelectPolicy::Max));
        let behavior = Behavior {
            scale_up: of(case.up, ScalingRules::default_up()),
            scale_down: of(case.down, ScalingRules::default_down()),
        };
        let mut changes = spread(case.ups, |count| (0, count));
        changes.extend(spread(case.downs, |count| (count, 0)));
        let allowed = limit(Some(&behavior), &changes, case.bounds, case.current, case.desired, NOW_MS);
        let said = match (allowed.rate, allowed.clamp.map(|clamp| clamp.bound)) {
            (Some(_), _) => Limit,
            (None, Some(ReplicaBound::Min)) => TooFewReplicas,
            (None, Some(ReplicaBound::Max)) => TooManyReplicas,
            (None, None) => DesiredWithinRange,
        };
        assert_eq!((allowed.replicas, said), case.expected, "{}", case.name);
    }
}

#[test]
fn the_slowest_limit_counts_where_it_is_selected() {
    let slowest = rules((2, 60, 50, 60), SelectPolicy::Min);
    let behavior = Behavior {
        scale_up: slowest.clone(),
        scale_down: slowest,
    };
    let to = |current, desired| limit(Some(&behavior), &[], (0, 1_000), current, desired, NOW_MS).replicas;
    assert_eq!((to(1, 100), to(5, 0)), (2, 3));
}

#[test]
fn without_behavior_twice_as_many_or_four_come_at_once() {
    let cases = [
        ((3, 8), 5, 7, 7),
        ((2, 8), 3, 1, 2),
        ((0, 10), 1, 0, 0),
        ((1, 10), 20, 1_000, 10),
        ((1, 2_000), 3, 1_000, 6),
    ];
    for (bounds, current, desired, expected) in cases {
        assert_eq!(
            limit(None, &[], bounds, current, desired, NOW_MS).replicas,
            expected,
            "{current} to {desired}"
        );
    }
}

/// Replicas and minutes ago.
type Log = &'static [(u32, i64)];

fn past(recommendations: &[(u32, i64)]) -> Vec<Recommendation> {
    let at = |(replicas, ago): &(u32, i64)| Recommendation {
        at_ms: NOW_MS - ago * 60_000,
        replicas: *replicas,
    };
    recommendations.iter().map(at).collect()
}

#[test]
fn without_behavior_the_highest_of_five_minutes_counts() {
    let cases: [(&str, Log, u32, u32); 5] = [
        ("empty log", &[], 5, 5),
        ("stabilize", &[(4, 2), (5, 1)], 3, 5),
        ("no stabilize", &[(1, 2), (2, 1)], 3, 3),
        ("no stabilize - old recommendations", &[(10, 10), (9, 9)], 3, 3),
        ("stabilize - old recommendations", &[(10, 10), (4, 1), (5, 2), (9, 9)], 3, 5),
    ];
    for (name, recommendations, desired, expected) in cases {
        assert_eq!(
            stabilize(None, 300, &past(recommendations), 10, desired, NOW_MS).0,
            expected,
            "{name}"
        );
    }
}

/// Name, recommendations, current, desired, windows up and down in seconds, expected.
type Window = (&'static str, Log, u32, u32, (u32, u32), u32);

#[rustfmt::skip]
const WINDOWS: &[Window] = &[
    ("empty recommendations for scaling down", &[], 100, 5, (0, 0), 5),
    ("simple scale down stabilization", &[(4, 2), (5, 1)], 100, 3, (0, 180), 5),
    ("simple scale up stabilization", &[(4, 2), (5, 1)], 1, 7, (300, 0), 4),
    ("no scale down stabilization", &[(1, 2), (2, 1)], 100, 3, (300, 0), 3),
    ("no scale up stabilization", &[(4, 2), (5, 1)], 1, 3, (0, 300), 3),
    ("no scale down stabilization, reuse recommendation element", &[(10, 10), (9, 9)], 100, 3, (0, 0), 3),
    ("no scale up stabilization, reuse recommendation element", &[(10, 10), (9, 9)], 1, 100, (0, 0), 100),
    ("scale down stabilization, reuse one of obsolete recommendation element", &[(10, 10), (4, 1), (5, 2), (9, 9)], 100, 3, (0, 180), 5),
    ("scale up stabilization, reuse one of obsolete recommendation element", &[(10, 100), (6, 1), (5, 2), (9, 3)], 1, 100, (300, 0), 5),
    ("scale up and down stabilization, do not scale up when prenormalized rec goes down", &[(2, 100), (3, 3)], 2, 1, (300, 300), 2),
    ("scale up and down stabilization, do not scale down when prenormalized rec goes up", &[(2, 100), (1, 3)], 2, 3, (300, 300), 2),
];

#[test]
fn every_case_of_windows_gives_the_same_replicas() {
    for (name, recommendations, current, desired, (up_s, down_s), expected) in WINDOWS {
        let mut behavior = Behavior::default();
        behavior.scale_up.stabilization_window_s = *up_s;
        behavior.scale_down.stabilization_window_s = *down_s;
        let (after, _) = stabilize(Some(&behavior), 300, &past(recommendations), *current, *desired, NOW_MS);
        assert_eq!(after, *expected, "{name}");
    }
}
