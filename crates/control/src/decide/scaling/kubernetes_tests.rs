//! The cases of Kubernetes' `pkg/controller/podautoscaler/replica_calculator_test.go`: names, inputs and expected results, from commit
//! 00067268 (release 1.20) and, where later tests say more, from a later version of the file. Its tests have two containers in each pod, a request and a
//! level per container. Its overflow tests have values that are refused here.

use model::scaling::{MetricFailure, MetricSource, MetricSpec, MetricTarget, ScalingObservation, ScalingPolicy, Tolerance};

use super::{
    fixtures::{NOW_MS, container, per_pod, pod, whole},
    metrics::metric,
};

#[derive(Clone, Copy)]
enum Kind {
    /// Utilisation of `cpu`, with the request per container of each pod; the last one stands for those that follow.
    Cpu(&'static [i64]),
    /// The same of one container, with a request of one core.
    Container,
    Pods,
    Object,
    ObjectPerPod,
    External,
    ExternalPerPod,
}
use Kind::{Container, Cpu, External, ExternalPerPod, Object, ObjectPerPod, Pods};

const CORE: Kind = Cpu(&[1_000]);
const UNEQUAL: Kind = Cpu(&[900, 1_000, 1_100]);
/// Ten pods that request about twice what they use.
const JITTER: Kind = Cpu(&[400, 200, 310, 290, 302, 298, 301, 299, 300, 300]);
const BUSY: &[i64] = &[150; 10];

/// Name, replicas, pods (all ready when empty), kind, levels, target, expected replicas, expected current value.
type Case = (&'static str, u32, &'static str, Kind, &'static [i64], i64, u32, i64);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("ScaleUp", 3, "", CORE, &[300, 500, 700], 30, 5, 50),
    ("ScaleUpUnreadyLessScale", 3, "u r r", CORE, &[300, 500, 700], 30, 4, 60),
    ("ScaleUpHotCpuLessScale", 3, "rh rc rc", CORE, &[300, 500, 700], 30, 4, 60),
    ("ScaleUpUnreadyNoScale", 3, "r u u", CORE, &[400, 500, 700], 30, 3, 40),
    ("ScaleHotCpuNoScale", 3, "rc uh uh", CORE, &[400, 500, 700], 30, 3, 40),
    ("ScaleUpIgnoresFailedPods", 2, "r r f f", CORE, &[500, 700], 30, 4, 60),
    ("ScaleUpIgnoresDeletionPods", 2, "r r d d", CORE, &[500, 700], 30, 4, 60),
    ("ScaleUpCM", 3, "", Pods, &[20_000, 10_000, 30_000], 15_000, 4, 20_000),
    ("ScaleUpCMUnreadyHotCpuNoLessScale", 3, "rc rc uh", Pods, &[50_000, 10_000, 30_000], 15_000, 6, 30_000),
    ("ScaleUpCMUnreadyHotCpuScaleWouldScaleDown", 3, "uh rc uh", Pods, &[50_000, 15_000, 30_000], 15_000, 7, 31_666),
    ("ScaleUpCMObject", 3, "", Object, &[20_000], 15_000, 4, 20_000),
    ("ScaleUpCMPerPodObject", 3, "", ObjectPerPod, &[20_000], 5_000, 4, 6_667),
    ("ScaleUpCMObjectIgnoresUnreadyPods", 3, "u r u", Object, &[50_000], 10_000, 5, 50_000),
    ("ScaleUpCMExternal", 1, "", Pods, &[8_600], 4_400, 2, 8_600),
    ("ScaleUpCMExternalIgnoresUnreadyPods", 3, "u r u", External, &[8_600], 4_400, 2, 8_600),
    ("ScaleUpCMExternalNoLabels", 1, "", Pods, &[8_600], 4_400, 2, 8_600),
    ("ScaleUpPerPodCMExternal", 3, "", ExternalPerPod, &[8_600], 2_150, 4, 2_867),
    ("ScaleDown", 5, "", CORE, &[100, 300, 500, 250, 250], 50, 3, 28),
    ("ScaleDownCM", 5, "", Pods, &[12_000, 12_000, 12_000, 12_000, 12_000], 20_000, 3, 12_000),
    ("ScaleDownPerPodCMObject", 5, "", ObjectPerPod, &[6_000], 2_000, 3, 1_200),
    ("ScaleDownCMObject", 5, "", Object, &[12_000], 20_000, 3, 12_000),
    ("ScaleDownCMExternal", 5, "", External, &[8_600], 14_334, 3, 8_600),
    ("ScaleDownPerPodCMExternal", 5, "", ExternalPerPod, &[8_600], 2_867, 3, 1_720),
    ("ScaleDownIncludeUnreadyPods", 5, "r r r u u", CORE, &[100, 300, 500, 250, 250], 50, 2, 30),
    ("ScaleDownExcludeUnscheduledPods", 5, "r p p p p", CORE, &[100], 50, 1, 10),
    ("ScaleDownIgnoreHotCpuPods", 5, "rc rc rc rh rh", CORE, &[100, 300, 500, 250, 250], 50, 2, 30),
    ("ScaleDownIgnoresFailedPods", 5, "r r r r r f f", CORE, &[100, 300, 500, 250, 250], 50, 3, 28),
    ("ScaleDownIgnoresDeletionPods", 5, "r r r r r d d", CORE, &[100, 300, 500, 250, 250], 50, 3, 28),
    ("Tolerance", 3, "", Cpu(&[900, 1_000, 1_100]), &[1_010, 1_030, 1_020], 100, 3, 102),
    ("ToleranceCM", 3, "", Pods, &[20_000, 21_000, 21_000], 20_000, 3, 20_666),
    ("ToleranceCMObject", 3, "", Object, &[20_666], 20_000, 3, 20_666),
    ("TolerancePerPodCMObject", 4, "", ObjectPerPod, &[20_166], 5_000, 4, 5_042),
    ("ToleranceCMExternal", 3, "", External, &[8_600], 8_888, 3, 8_600),
    ("TolerancePerPodCMExternal", 3, "", ExternalPerPod, &[8_600], 2_900, 3, 2_867),
    ("SuperfluousMetrics", 4, "", CORE, &[4_000, 9_500, 3_000, 7_000, 3_200, 2_000], 100, 24, 587),
    ("MissingMetrics", 4, "", CORE, &[400, 95], 100, 3, 24),
    ("MissingMetricsNoChangeEq", 2, "", CORE, &[1_000], 100, 2, 100),
    ("MissingMetricsNoChangeGt", 2, "", CORE, &[1_900], 100, 2, 190),
    ("MissingMetricsNoChangeLt", 2, "", CORE, &[600], 100, 2, 60),
    ("MissingMetricsUnreadyChange", 3, "u r r", CORE, &[100, 450], 50, 3, 45),
    ("MissingMetricsHotCpuNoChange", 3, "rh rc rc", CORE, &[100, 450], 50, 3, 45),
    ("MissingMetricsUnreadyScaleUp", 3, "u r r", CORE, &[100, 2_000], 50, 4, 200),
    ("MissingMetricsHotCpuScaleUp", 3, "uh rc rc", CORE, &[100, 2_000], 50, 4, 200),
    ("MissingMetricsUnreadyScaleDown", 4, "u r r r", CORE, &[100, 100, 100], 50, 3, 10),
    ("DuringRollingUpdateWithMaxSurge", 2, "r r r", CORE, &[100, 100], 50, 2, 10),
    // Targets computed there from the tolerance: 1 / (2 x 0.9) + 0.01 and + 0.004.
    ("ComputedToleranceAlgImplementation", 10, "", JITTER, BUSY, 56, 9, 50),
    ("ComputedToleranceAlgImplementation, within", 10, "", JITTER, BUSY, 55, 10, 50),
    ("MissingMetricsScaleDownTargetOver100", 4, "u r r r", Cpu(&[1_000, 1_000, 2_000, 2_000]), &[200, 100, 100], 300, 2, 6),
    ("DuringRollingUpdateWithMaxSurgeCM", 2, "r r r", Pods, &[10_000, 10_000], 17_000, 2, 10_000),
    ("PlainMetricReplicaCalcMissingMetricsNoChangeEq", 5, "", Pods, &[20_000, 19_000, 21_000], 20_000, 5, 20_000),
    ("scale up: container metric", 3, "", Container, &[300, 500, 700], 30, 5, 50),
    ("scale up: hot-CPU container scales less", 3, "rh rc rc", Container, &[300, 500, 700], 30, 4, 60),
    ("scale up: container metrics with failed pods ignored", 2, "r r f f", Container, &[500, 700], 30, 4, 60),
    ("scale up: container metrics with pods being deleted ignored", 2, "r r d d", Container, &[500, 700], 30, 4, 60),
    ("scale down: container metric", 5, "", Container, &[100, 300, 500, 250, 250], 50, 3, 28),
    ("scale down: container metric excludes unready pods", 5, "r r r u u", Container, &[100, 300, 500, 250, 250], 50, 2, 30),
    ("scale down: container metric excludes unscheduled pods", 5, "r p p p p", Container, &[100, 300, 500, 250, 250], 50, 1, 10),
    ("scale down: container metric ignores hot-CPU pods", 5, "rc rc rc rh rh", Container, &[100, 300, 500, 1_000, 1_000], 50, 2, 30),
    ("scale down: container metric with failed pods ignored", 5, "r r r r r f f", Container, &[100, 300, 500, 250, 250], 50, 3, 28),
    ("scale down: still-running pods being deleted are ignored", 5, "r r r r r d d", Container, &[100, 300, 500, 250, 250], 50, 3, 28),
];

/// Tolerance down and up in millionths, then as above.
#[rustfmt::skip]
const TOLERANCES: &[(u32, u32, Case)] = &[
    (0, 0, ("Outside of a 0% tolerance", 3, "", UNEQUAL, &[909, 1_010, 1_111], 100, 4, 101)),
    (100_000, 2_000_000, ("Within a 200% scale-up tolerance", 3, "", UNEQUAL, &[1_890, 1_910, 1_900], 100, 3, 190)),
    (2_000_000, 80_000, ("Outside 8% scale-up tolerance", 3, "", UNEQUAL, &[1_100, 1_080, 1_090], 100, 4, 109)),
    (360_000, 100_000, ("Within a 36% scale-down tolerance", 3, "", UNEQUAL, &[660, 640, 650], 100, 3, 65)),
    (340_000, 100_000, ("Outside a 34% scale-down tolerance", 3, "", UNEQUAL, &[660, 640, 650], 100, 2, 65)),
    (100_000, 10_000, ("ConfigurableToleranceCM", 3, "", Pods, &[20_000, 21_000, 21_000], 20_000, 4, 20_666)),
    (100_000, 10_000, ("ConfigurableToleranceCMObject", 3, "", Object, &[20_666], 20_000, 4, 20_666)),
    (100_000, 10_000, ("ConfigurableTolerancePerPodCMObject", 4, "", ObjectPerPod, &[20_208], 5_000, 5, 5_052)),
    (100_000, 10_000, ("ConfigurableToleranceCMExternal", 3, "", External, &[8_900], 8_800, 4, 8_900)),
    (100_000, 10_000, ("ConfigurableTolerancePerPodCMExternal", 3, "", ExternalPerPod, &[8_600], 2_800, 4, 2_867)),
];

fn spec(kind: Kind, target: i64) -> MetricSpec {
    let qps = || "qps".to_owned();
    let object = || MetricSource::Object {
        described_object: "some-deployment".to_owned(),
        metric: qps(),
    };
    let average = MetricTarget::AverageValue {
        average_value_milli: target,
    };
    let value = MetricTarget::Value { value_milli: target };
    let (source, target) = match kind {
        Cpu(_) => return MetricSpec::utilization("cpu", u32::try_from(target).unwrap()),
        Container => (
            MetricSource::ContainerResource {
                name: "cpu".to_owned(),
                container: "b".to_owned(),
            },
            MetricTarget::Utilization {
                average_utilization: u32::try_from(target).unwrap(),
            },
        ),
        Pods => (MetricSource::Pods { metric: qps() }, average),
        Object => (object(), value),
        ObjectPerPod => (object(), average),
        External => (MetricSource::External { metric: qps() }, value),
        ExternalPerPod => (MetricSource::External { metric: qps() }, average),
    };
    MetricSpec { source, target }
}

fn policy() -> ScalingPolicy {
    ScalingPolicy {
        cpu_initialization_period_s: 120,
        initial_readiness_delay_s: 10,
        metric_max_age_s: 0,
        ..ScalingPolicy::hpa(1, 100, Vec::new())
    }
}

fn observed((_, replicas, pods, kind, levels, ..): &Case) -> ScalingObservation {
    let all_ready = "r ".repeat(*replicas as usize);
    let letters = if pods.is_empty() { all_ready.as_str() } else { pods };
    let reading = match kind {
        // The levels are per container.
        Cpu(_) => per_pod(&levels.iter().map(|milli| milli * 2).collect::<Vec<_>>(), 0),
        Container | Pods => per_pod(levels, 0),
        _ => whole(levels[0], 0),
    };
    let mut pods: Vec<_> = letters.split_whitespace().enumerate().map(|(n, letters)| pod(n, letters)).collect();
    if let Cpu(requests) = kind {
        for (n, pod) in pods.iter_mut().enumerate() {
            let request = *requests.get(n).or(requests.last()).unwrap();
            pod.containers = vec![container("a", request), container("b", request)];
        }
    }
    ScalingObservation {
        spec_replicas: *replicas,
        status_replicas: *replicas,
        pods,
        readings: vec![reading],
        forecast: None,
    }
}

#[test]
fn every_case_of_the_replica_calculator_gives_the_same_replicas() {
    for case in CASES {
        let (name, _, _, kind, _, target, replicas, current) = case;
        let proof = metric(&policy(), &spec(*kind, *target), &observed(case), 0, NOW_MS);
        assert_eq!(
            (proof.proposal, proof.current),
            (Some(*replicas), Some(*current)),
            "{name}: {proof:?}"
        );
    }
}

#[test]
fn every_case_of_configurable_tolerance_gives_the_same_replicas() {
    for (scale_down_ppm, scale_up_ppm, case) in TOLERANCES {
        let (name, _, _, kind, _, target, replicas, current) = case;
        let mut policy = policy();
        policy.tolerance = Tolerance {
            scale_up_ppm: *scale_up_ppm,
            scale_down_ppm: *scale_down_ppm,
        };
        let proof = metric(&policy, &spec(*kind, *target), &observed(case), 0, NOW_MS);
        assert_eq!(
            (proof.proposal, proof.current),
            (Some(*replicas), Some(*current)),
            "{name}: {proof:?}"
        );
    }
}

#[test]
fn what_cannot_be_computed_says_why() {
    let failure = |change: fn(&mut ScalingObservation)| {
        let mut observed = observed(&("", 1, "", CORE, &[200], 100, 0, 0));
        change(&mut observed);
        metric(&policy(), &spec(CORE, 100), &observed, 0, NOW_MS).failure
    };
    // DisjointResourcesMetrics, EmptyMetrics, EmptyCPURequest.
    assert_eq!(failure(|o| o.pods[0].name = "another".to_owned()), Some(MetricFailure::NoMatch));
    assert_eq!(failure(|o| o.readings[0] = per_pod(&[], 0)), Some(MetricFailure::NoReading));
    assert!(matches!(
        failure(|o| o.pods[0].containers[0].requests_milli.clear()),
        Some(MetricFailure::MissingRequest { .. })
    ));
    assert_eq!(failure(|o| o.pods.clear()), Some(MetricFailure::NoPods));
    assert_eq!(failure(|o| o.readings.clear()), Some(MetricFailure::NoReading));
    assert_eq!(failure(|o| o.readings[0] = whole(1, 0)), Some(MetricFailure::WrongKind));
}

#[test]
fn one_container_is_held_against_its_own_request() {
    let mut observed = observed(&("", 2, "", Container, &[300, 300], 0, 0, 0));
    // The other container asks for nothing, which only whole instances mind.
    observed.pods[0].containers[0].requests_milli.clear();
    let proof = metric(&policy(), &spec(Container, 15), &observed, 0, NOW_MS);
    assert_eq!((proof.current, proof.proposal), (Some(30), Some(4)));
    observed.pods[0].containers.pop();
    let proof = metric(&policy(), &spec(Container, 15), &observed, 0, NOW_MS);
    assert!(matches!(proof.failure, Some(MetricFailure::MissingContainer { .. })), "{proof:?}");
}
