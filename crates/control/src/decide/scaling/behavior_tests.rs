//! Windows, limits, bounds and failures, one at a time.

use model::scaling::{
    Behavior, ChangeLimit, Hold, HoldKind, MetricSpec, MetricTarget, Reading, Recommendation, ReplicaBound, ReplicaChange,
    ScalingAlgorithm, ScalingDecision, ScalingHistory, ScalingObservation, ScalingPolicy, ScalingReason, ScalingRules, SelectPolicy,
};

use super::{
    decide,
    fixtures::{NOW_MS, external, fleet, per_pod, whole},
    hold, remember,
};

/// Wants what the queue says: so many thousandths for each replica.
fn by_queue(min: u32, max: u32) -> ScalingPolicy {
    ScalingPolicy::hpa(
        min,
        max,
        vec![external(MetricTarget::AverageValue {
            average_value_milli: 1_000,
        })],
    )
}

fn with(policy: &ScalingPolicy, change: impl FnOnce(&mut Behavior)) -> ScalingPolicy {
    let mut policy = policy.clone();
    change(policy.behavior.get_or_insert_default());
    policy
}

fn wants(current: u32, wanted: i64) -> ScalingObservation {
    fleet(current, vec![whole(wanted * 1_000, NOW_MS)])
}

fn past(recommendations: &[(i64, u32)], changes: &[(i64, u32, u32)]) -> ScalingHistory {
    ScalingHistory {
        recommendations: recommendations
            .iter()
            .map(|(ago_s, replicas)| Recommendation {
                at_ms: NOW_MS - ago_s * 1_000,
                replicas: *replicas,
            })
            .collect(),
        changes: changes
            .iter()
            .map(|(ago_s, from, to)| ReplicaChange {
                at_ms: NOW_MS - ago_s * 1_000,
                from: *from,
                to: *to,
            })
            .collect(),
    }
}

fn run(policy: &ScalingPolicy, observed: &ScalingObservation, history: &ScalingHistory) -> ScalingDecision {
    decide(policy, observed, history, NOW_MS)
}

#[test]
fn the_defaults_let_four_or_twice_as_many_come_in_15_s() {
    let policy = by_queue(1, 100);
    let nothing = past(&[], &[]);
    assert_eq!(run(&policy, &wants(1, 50), &nothing).to, 5);
    assert_eq!(run(&policy, &wants(10, 50), &nothing).to, 20);
    assert_eq!(
        run(&policy, &wants(20, 50), &past(&[], &[(14, 10, 20)])).to,
        20,
        "the period is not over"
    );
    assert_eq!(run(&policy, &wants(20, 50), &past(&[], &[(15, 10, 20)])).to, 40);
    let without = ScalingPolicy { behavior: None, ..policy };
    assert_eq!(run(&without, &wants(1, 50), &nothing).to, 4);
    assert_eq!(run(&without, &wants(10, 50), &nothing).to, 20);
}

#[test]
fn a_change_the_other_way_makes_room_again() {
    let policy = with(&by_queue(1, 100), |behavior| {
        behavior.scale_up.policies = vec![ChangeLimit::pods(4, 60)];
    });
    assert_eq!(run(&policy, &wants(12, 50), &past(&[], &[(30, 10, 14), (20, 14, 12)])).to, 14);
}

#[test]
fn limits_down_cut_percentages_off_and_select_the_slower_or_faster() {
    let rules = |select_policy| ScalingRules {
        stabilization_window_s: 0,
        select_policy,
        policies: vec![ChangeLimit::pods(4, 60), ChangeLimit::percent(10, 60)],
    };
    let down = |select, current| {
        let policy = with(&by_queue(1, 100), |behavior| behavior.scale_down = rules(select));
        run(&policy, &wants(current, 1), &past(&[], &[])).to
    };
    // The example of Kubernetes' documentation: 80 replicas, 10 % and 4.
    assert_eq!(down(SelectPolicy::Max, 80), 72);
    assert_eq!(down(SelectPolicy::Max, 72), 64, "7.2 less is 64.8, cut off");
    assert_eq!(down(SelectPolicy::Max, 30), 26, "below 40, four are more");
    assert_eq!(down(SelectPolicy::Min, 80), 76);
    assert_eq!(down(SelectPolicy::Disabled, 80), 80);
}

#[test]
fn the_most_cautious_proposal_of_the_window_counts_in_both_directions() {
    let policy = with(&by_queue(1, 100), |behavior| behavior.scale_up.stabilization_window_s = 60);
    let up = run(&policy, &wants(10, 18), &past(&[(61, 10), (59, 15), (30, 17)], &[]));
    assert_eq!(up.to, 15);
    assert_eq!(up.proof.stabilization.unwrap().held_by.replicas, 15);
    let down = run(&policy, &wants(10, 4), &past(&[(301, 10), (299, 8), (30, 5)], &[]));
    assert_eq!(down.to, 8);
    assert_eq!(
        run(&policy, &wants(10, 4), &past(&[], &[])).to,
        10,
        "a policy that is new first looks on"
    );
    let without = ScalingPolicy { behavior: None, ..policy };
    assert_eq!(
        run(&without, &wants(10, 4), &past(&[(300, 9), (30, 5)], &[])).to,
        9,
        "here the edge belongs to the window"
    );
}

#[test]
fn bounds_are_kept_even_before_the_metrics_are_read() {
    let failed = |current| fleet(current, vec![Reading::Failed { why: "timeout".to_owned() }]);
    let policy = by_queue(3, 10);
    let above = run(&policy, &failed(12), &past(&[], &[]));
    assert_eq!((above.to, above.reason), (10, ScalingReason::TooManyReplicas));
    let below = run(&policy, &failed(2), &past(&[], &[]));
    assert_eq!((below.to, below.reason), (3, ScalingReason::TooFewReplicas));
    let clamped = run(&policy, &wants(9, 50), &past(&[], &[]));
    assert_eq!((clamped.to, clamped.proof.clamp.unwrap().bound), (10, ReplicaBound::Max));
}

#[test]
fn zero_is_off_unless_the_policy_goes_there_itself() {
    let off = run(&by_queue(1, 10), &wants(0, 5), &past(&[], &[]));
    assert_eq!((off.to, off.reason), (0, ScalingReason::ScalingDisabled));
    assert_eq!(run(&by_queue(0, 10), &wants(0, 3), &past(&[], &[])).to, 3);
    assert_eq!(run(&by_queue(0, 10), &wants(0, 0), &past(&[], &[])).to, 0);
    assert_eq!(run(&by_queue(0, 10), &wants(2, 0), &past(&[(400, 2), (200, 0)], &[])).to, 0);
    let whole_queue = ScalingPolicy {
        algorithm: ScalingAlgorithm::Hpa {
            metrics: vec![external(MetricTarget::Value { value_milli: 1_000 })],
        },
        ..by_queue(0, 10)
    };
    assert_eq!(run(&whole_queue, &wants(0, 3), &past(&[], &[])).to, 3);
}

#[test]
fn a_failed_metric_forbids_less_but_not_more() {
    let policy = ScalingPolicy {
        algorithm: ScalingAlgorithm::Hpa {
            metrics: vec![
                external(MetricTarget::AverageValue {
                    average_value_milli: 1_000,
                }),
                MetricSpec::utilization("cpu", 50),
            ],
        },
        ..by_queue(1, 20)
    };
    let settled = past(&[(400, 1), (200, 1)], &[]);
    let decide = |queue: i64| {
        run(
            &policy,
            &fleet(4, vec![whole(queue * 1_000, NOW_MS), per_pod(&[], NOW_MS)]),
            &settled,
        )
    };
    assert_eq!(
        (decide(1).to, decide(1).reason, decide(1).recommendation),
        (4, ScalingReason::FailedMetrics, None)
    );
    assert_eq!(decide(6).to, 6);
}

#[test]
fn tolerance_has_two_sides() {
    let mut policy = by_queue(1, 100);
    policy.tolerance.scale_up_ppm = 0;
    policy.tolerance.scale_down_ppm = 500_000;
    let settled = past(&[(200, 1)], &[]);
    assert_eq!(run(&policy, &wants(10, 11), &settled).to, 11);
    assert_eq!(run(&policy, &wants(10, 5), &settled).to, 10);
    assert_eq!(run(&policy, &wants(10, 4), &settled).to, 4);
}

#[test]
fn a_hold_lasts_until_its_end_and_stays_within_bounds() {
    let policy = by_queue(2, 10);
    let held = |kind, wanted, until_ms| {
        let decision = run(&policy, &wants(5, wanted), &past(&[(200, 2)], &[]));
        hold(&policy, Some(Hold { kind, until_ms }), decision).to
    };
    let soon = NOW_MS + 1;
    assert_eq!(held(HoldKind::Pause, 9, soon), 5);
    assert_eq!(held(HoldKind::Pause, 9, NOW_MS), 9, "it is over");
    assert_eq!(
        (held(HoldKind::PauseScaleOut, 9, soon), held(HoldKind::PauseScaleOut, 3, soon)),
        (5, 3)
    );
    assert_eq!(
        (held(HoldKind::PauseScaleIn, 9, soon), held(HoldKind::PauseScaleIn, 3, soon)),
        (9, 5)
    );
    assert_eq!(
        (
            held(HoldKind::Pin { replicas: 7 }, 3, soon),
            held(HoldKind::Pin { replicas: 70 }, 3, soon)
        ),
        (7, 10)
    );
}

#[test]
fn memory_ends_with_the_longest_window_and_with_a_clock_set_back() {
    let policy = by_queue(1, 100);
    let mut history = past(&[(301, 9), (300, 8), (-3_600, 99)], &[(500, 1, 2)]);
    let decision = run(&policy, &wants(4, 4), &history);
    remember(&policy, &mut history, &decision);
    let kept: Vec<_> = history
        .recommendations
        .iter()
        .map(|entry| (entry.at_ms - NOW_MS, entry.replicas))
        .collect();
    assert_eq!(kept, [(-300_000, 8), (0, 99), (0, 4)]);
    assert!(history.changes.is_empty());
}
