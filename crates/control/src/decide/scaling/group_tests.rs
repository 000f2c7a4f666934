//! The cases of `TestGroupPods` in a later version of Kubernetes' `replica_calculator_test.go`.

use model::scaling::{PodObservation, PodPhase, PodSample, ReadyCondition, ScalingPolicy};

use super::{fixtures::NOW_MS, group::group};

const MINUTE_MS: i64 = 60_000;

/// Name, started so long ago, and ready (or not) since so long ago.
type Pod = (&'static str, Option<i64>, Option<(bool, i64)>);
/// Of which instance, taken so long ago (absent: at the beginning of time), over so many seconds.
type Sample = (&'static str, Option<i64>, u32);

struct Case {
    name: &'static str,
    is_cpu: bool,
    phase: PodPhase,
    is_being_deleted: bool,
    pods: &'static [Pod],
    samples: &'static [Sample],
    ready: u32,
    unready: &'static [&'static str],
    ignored: &'static [&'static str],
    missing: &'static [&'static str],
}

const CASE: Case = Case {
    name: "void",
    is_cpu: true,
    phase: PodPhase::Succeeded,
    pods: &[],
    samples: &[],
    is_being_deleted: false,
    ready: 0,
    unready: &[],
    ignored: &[],
    missing: &[],
};

#[rustfmt::skip]
const CASES: &[Case] = &[
    CASE,
    Case { name: "count in a ready pod - memory", is_cpu: false, pods: &[("bentham", None, None)],
        samples: &[("bentham", Some(0), 60)], ready: 1, ..CASE },
    Case { name: "unready a pod without ready condition - CPU", pods: &[("lucretius", Some(0), None)],
        samples: &[("lucretius", None, 0)], unready: &["lucretius"], ..CASE },
    Case { name: "count in a ready pod with fresh metrics during initialization period - CPU",
        pods: &[("bentham", Some(MINUTE_MS), Some((true, 30_000)))], samples: &[("bentham", Some(0), 30)], ready: 1, ..CASE },
    Case { name: "unready a ready pod without fresh metrics during initialization period - CPU",
        pods: &[("bentham", Some(MINUTE_MS), Some((true, 30_000)))], samples: &[("bentham", Some(0), 60)], unready: &["bentham"], ..CASE },
    Case { name: "unready an unready pod during initialization period - CPU",
        pods: &[("lucretius", Some(10 * MINUTE_MS), Some((false, 9 * MINUTE_MS + 54_000)))],
        samples: &[("lucretius", None, 0)], unready: &["lucretius"], ..CASE },
    Case { name: "count in a ready pod without fresh metrics after initialization period - CPU",
        pods: &[("bentham", Some(3 * MINUTE_MS), Some((true, 3 * MINUTE_MS)))],
        samples: &[("bentham", Some(2 * MINUTE_MS), 60)], ready: 1, ..CASE },
    Case { name: "count in an unready pod that was ready after initialization period - CPU",
        pods: &[("lucretius", Some(10 * MINUTE_MS), Some((false, 9 * MINUTE_MS)))], samples: &[("lucretius", None, 0)], ready: 1, ..CASE },
    Case { name: "unready pod that has never been ready after initialization period - CPU",
        pods: &[("lucretius", Some(10 * MINUTE_MS), Some((false, 9 * MINUTE_MS + 50_000)))],
        samples: &[("lucretius", None, 0)], ready: 1, ..CASE },
    Case { name: "a missing pod", pods: &[("epicurus", Some(3 * MINUTE_MS), None)], missing: &["epicurus"], ..CASE },
    Case { name: "several pods", pods: &[("lucretius", Some(0), None), ("niccolo", Some(3 * MINUTE_MS), Some((true, 3 * MINUTE_MS))),
        ("epicurus", Some(3 * MINUTE_MS), None)], samples: &[("lucretius", None, 0), ("niccolo", None, 0)],
        ready: 1, unready: &["lucretius"], missing: &["epicurus"], ..CASE },
    Case { name: "pending pods are unreadied", phase: PodPhase::Pending, pods: &[("unscheduled", None, None)],
        unready: &["unscheduled"], ..CASE },
    Case { name: "ignore pods with deletion timestamps", phase: PodPhase::Pending, is_being_deleted: true, pods: &[("deleted", None, None)],
        samples: &[("deleted", None, 0)], ignored: &["deleted"], ..CASE },
    Case { name: "ignore pods in a failed state", phase: PodPhase::Failed, pods: &[("failed", None, None)],
        samples: &[("failed", None, 0)], ignored: &["failed"], ..CASE },
];

#[test]
fn instances_are_grouped_as_kubernetes_groups_them() {
    let policy = ScalingPolicy {
        cpu_initialization_period_s: 120,
        initial_readiness_delay_s: 10,
        metric_max_age_s: 0,
        ..ScalingPolicy::hpa(1, 10, Vec::new())
    };
    for case in CASES {
        let pods: Vec<_> = case
            .pods
            .iter()
            .map(|(name, started, ready)| PodObservation {
                name: (*name).to_owned(),
                phase: case.phase,
                is_being_deleted: case.is_being_deleted,
                started_at_ms: started.map(|ago| NOW_MS - ago),
                ready: ready.map(|(is_ready, ago)| ReadyCondition {
                    is_ready,
                    since_ms: NOW_MS - ago,
                }),
                containers: Vec::new(),
            })
            .collect();
        let samples: Vec<_> = case
            .samples
            .iter()
            .map(|(pod, ago, window_s)| PodSample {
                pod: (*pod).to_owned(),
                value: 0.001,
                at_ms: ago.map_or(0, |ago| NOW_MS - ago),
                window_s: *window_s,
            })
            .collect();
        let groups = group(&policy, &pods, &samples, case.is_cpu, NOW_MS);
        assert_eq!(
            (
                groups.ready,
                groups.unready.as_slice(),
                groups.missing.as_slice(),
                groups.ignored.as_slice()
            ),
            (case.ready, case.unready, case.missing, case.ignored),
            "{}",
            case.name
        );
    }
}
