//! What is measured: figures that are not there, and requests they would be measured against.

use std::collections::BTreeSet;

use model::{
    Severity,
    cluster::{Certainty, Finding, FindingCode, Fix},
    scaling::{MetricFailure, MetricProof, PodObservation, PodPhase, ScalingReason},
};

use super::told::{advice, at, capital, count, kubectl, line, some, told};
use crate::{
    decide::cluster::{
        Case,
        observation::{key, lasting},
    },
    ports::cluster::{Container, HpaMetric, Pod},
};

/// A request that is proposed is never less.
const CPU_MIN_MILLI: i64 = 10;
const MEMORY_MIN_MIB: i64 = 16;
const MIB: i64 = 1 << 20;
/// metrics-server looks every 15 s, and its first answer about a pod takes some of them.
const MEASURED_WITHIN_MS: i64 = 60_000;

pub(super) fn metrics(case: &Case<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(evaluation) = case.evaluated() {
        // A fault of the whole, not of one metric, is told of once.
        for (index, proof) in evaluation.decision.proof.metrics.iter().enumerate() {
            found.extend(failed(case, index, proof));
        }
        found.extend(without_figures(case));
    }
    if found.is_empty() {
        found.extend(as_the_controller_says(case));
    }
    found.dedup_by(|a, b| a.code == b.code && a.title == b.title);
    found
}

/// Whether the controller could read it too, as its status shows; nothing where it does not tell.
fn is_read_there(case: &Case<'_>, index: usize) -> Option<bool> {
    if case.says("ScalingActive", "False", "Failed*").is_some() {
        return Some(false);
    }
    let (spec, current) = (&case.hpa?.spec.metrics, case.hpa?.status.current_metrics.as_ref()?);
    (spec.len().max(1) == current.len()).then(|| !current[index].kind.is_empty())
}

/// What the controller does without it: nothing, or only up.
fn effect(case: &Case<'_>) -> (Severity, &'static str) {
    if case
        .decision()
        .is_some_and(|decision| decision.reason == ScalingReason::FailedMetrics)
    {
        (Severity::Critical, "Not scaling")
    } else {
        (Severity::Warning, "Not scaling in")
    }
}

fn failed(case: &Case<'_>, index: usize, proof: &MetricProof) -> Option<Finding> {
    let failure = proof.failure.as_ref()?;
    let there = is_read_there(case, index);
    let certainty = if there == Some(false) {
        Certainty::Observed
    } else {
        Certainty::Estimated
    };
    let hpa = case.hpa?;
    let metric = hpa.spec.metrics.get(index);
    let field = format!("spec.metrics[{index}]");
    let (severity, effect) = effect(case);
    let finding = match failure {
        MetricFailure::Unreadable { .. } if case.shared() => return None,
        MetricFailure::Unreadable { why } if there == Some(true) => told(
            FindingCode::NotReadable,
            Severity::Info,
            Certainty::Unknown,
            format!("{} is read by the controller, and not from here", proof.name),
            format!("{}: what our engine would decide is not known.", line(why)),
            vec![advice(
                "Give the console's account the right to read it",
                "get and list in metrics.k8s.io, custom.metrics.k8s.io and external.metrics.k8s.io.",
            )],
        ),
        MetricFailure::Unreadable { why } if is_api_missing(case, metric, why) => {
            api_missing(metric, &format!("{effect}: "), why, severity, certainty)
        }
        MetricFailure::MissingRequest { resource, .. } => request_missing(case, resource, metric, effect, certainty)?,
        MetricFailure::MissingContainer { container, .. } => told(
            FindingCode::MetricMissing,
            severity,
            certainty,
            format!("{effect}: no pod has a container {}", line(container)),
            format!("{} measures it: {failure}.", proof.name),
            vec![advice("Name a container that there is", containers(case))],
        ),
        MetricFailure::NoReading | MetricFailure::NoReadyPods | MetricFailure::NoMatch | MetricFailure::NoPods if is_of_pods(metric) => {
            return None;
        }
        failure => told(
            FindingCode::MetricMissing,
            severity,
            certainty,
            format!("{effect}: {} has no value", proof.name),
            format!("{}.", capital(&line(&failure.to_string()))),
            ask(case, metric),
        ),
    };
    Some(at(field, finding))
}

/// From figures of containers, so that requests and readiness matter.
fn is_of_pods(metric: Option<&HpaMetric>) -> bool {
    metric.is_none_or(|metric| matches!(&*metric.kind, "Resource" | "ContainerResource"))
}

fn is_api_missing(case: &Case<'_>, metric: Option<&HpaMetric>, why: &str) -> bool {
    let of_pods = is_of_pods(metric);
    (of_pods && case.space.look.figures.is_err()) || (!of_pods && says_api_missing(why))
}

/// As the API server and the controller put it.
fn says_api_missing(why: &str) -> bool {
    let phrases = [
        "could not find the requested resource",
        "is currently unable to handle the request",
        "metrics.k8s.io) registered",
        "no matches for kind",
        "503",
    ];
    phrases.iter().any(|phrase| why.contains(phrase))
}

fn api_missing(metric: Option<&HpaMetric>, effect: &str, why: &str, severity: Severity, certainty: Certainty) -> Finding {
    let (group, fixes) = match metric.map_or("Resource", |metric| &*metric.kind) {
        "Resource" | "ContainerResource" => (
            "metrics.k8s.io",
            vec![
                kubectl("See whether it is registered", &["get", "apiservice", "v1beta1.metrics.k8s.io"]),
                kubectl(
                    "Install metrics-server",
                    &[
                        "apply",
                        "-f",
                        "https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml",
                    ],
                ),
            ],
        ),
        kind => {
            let group = if kind == "External" {
                "external.metrics.k8s.io"
            } else {
                "custom.metrics.k8s.io"
            };
            let fixes = vec![
                kubectl("See what is registered", &["get", "apiservices"]),
                advice(
                    "Install an adapter",
                    format!("{group} comes from one: prometheus-adapter, KEDA, or that of a cloud."),
                ),
            ];
            (group, fixes)
        }
    };
    told(
        FindingCode::MetricsApiMissing,
        severity,
        certainty,
        format!("{effect}{group} does not answer"),
        format!("{}.", capital(line(why).trim_end_matches('.'))),
        fixes,
    )
}

fn ask(case: &Case<'_>, metric: Option<&HpaMetric>) -> Vec<Fix> {
    let namespace = case.namespace();
    let of = |metric: &HpaMetric| {
        let path = match &*metric.kind {
            "External" => format!(
                "/apis/external.metrics.k8s.io/v1beta1/namespaces/{namespace}/{}",
                metric.external.as_ref()?.metric.name
            ),
            "Object" => {
                let of = metric.object.as_ref()?;
                let described = of.described_object.as_ref()?;
                format!(
                    "/apis/custom.metrics.k8s.io/v1beta1/namespaces/{namespace}/{}s/{}/{}",
                    described.kind.to_lowercase(),
                    described.name,
                    of.metric.name
                )
            }
            _ => format!(
                "/apis/custom.metrics.k8s.io/v1beta1/namespaces/{namespace}/pods/*/{}",
                metric.pods.as_ref()?.metric.name
            ),
        };
        Some(kubectl("Ask the API as the controller does", &["get", "--raw", &path]))
    };
    metric.and_then(of).into_iter().collect()
}

/// Containers of a pod without a request for the resource.
fn lacking<'p>(pod: &'p Pod, resource: &str, only: Option<&str>) -> impl Iterator<Item = &'p Container> {
    let lacks = move |container: &&Container| {
        only.is_none_or(|name| name == &*container.name) && !container.resources.requests.contains_key(resource)
    };
    lasting(pod).filter(lacks)
}

fn request_missing(case: &Case<'_>, resource: &str, metric: Option<&HpaMetric>, effect: &str, certainty: Certainty) -> Option<Finding> {
    let only = metric
        .and_then(|metric| metric.container_resource.as_ref())
        .and_then(|of| of.container.as_deref());
    let lacking_in: Vec<(&Pod, &Container)> = case
        .pods
        .iter()
        .flat_map(|pod| lacking(pod, resource, only).map(|container| (*pod, container)))
        .collect();
    let names: BTreeSet<&str> = lacking_in.iter().map(|(_, container)| &*container.name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let pods: BTreeSet<&str> = lacking_in.iter().map(|(pod, _)| &*pod.metadata.name).collect();
    let target = case.target_name()?;
    let set = |name: &&str| {
        let requests = format!("--requests={resource}={}", proposed(case, resource, name));
        let arguments = ["-n", case.namespace(), "set", "resources", &target, "-c", name, &requests];
        kubectl(&format!("Give {} a request", line(name)), &arguments)
    };
    let s = if names.len() == 1 { "container" } else { "containers" };
    let has = if names.len() == 1 { "has" } else { "have" };
    let (severity, _) = self::effect(case);
    Some(told(
        FindingCode::RequestMissing,
        severity,
        certainty,
        format!("{effect}: {s} {} {has} no {resource} request", some(&names)),
        format!(
            "Utilisation is measured against the requests of all containers, and {} of {} lack one: the controller reads none of them.",
            pods.len(),
            count(case.pods.len(), "pod")
        ),
        names.iter().take(3).map(set).collect(),
    ))
}

/// About what its containers of that name use now, a fifth more.
fn proposed(case: &Case<'_>, resource: &str, container: &str) -> String {
    let figures = case.space.look.figures.as_ref().ok();
    let used = |pod: &&Pod| {
        let of = figures?.get(&key(pod))?.containers.iter().find(|(name, ..)| **name == *container)?;
        Some(if resource == "cpu" { of.1 } else { of.2 / MIB })
    };
    let most = case.pods.iter().filter_map(used).max().unwrap_or_default();
    let proposed = most.saturating_mul(6) / 5;
    if resource == "cpu" {
        let milli = if most == 0 { 100 } else { proposed.max(CPU_MIN_MILLI) };
        format!("{}m", (milli + 9) / 10 * 10)
    } else {
        let mib = if most == 0 { 128 } else { proposed.max(MEMORY_MIN_MIB) };
        format!("{mib}Mi")
    }
}

fn containers(case: &Case<'_>) -> String {
    let names: BTreeSet<&str> = case.pods.iter().flat_map(|pod| lasting(pod)).map(|c| &*c.name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    format!("There are: {}.", line(&some(&names)))
}

/// Running pods of which nothing is measured.
fn unmeasured<'c>(case: &Case<'c>) -> Vec<&'c Pod> {
    let figures = case.space.look.figures.as_ref().ok();
    let is_measured = |pod: &Pod| figures.is_some_and(|all| all.contains_key(&key(pod)));
    let runs = |pod: &Pod| &*pod.status.phase == "Running" && pod.metadata.deleted_at_ms.is_none();
    case.pods.iter().copied().filter(|pod| runs(pod) && !is_measured(pod)).collect()
}

fn without_figures(case: &Case<'_>) -> Option<Finding> {
    let evaluation = case.evaluated()?;
    let proofs = evaluation.decision.proof.metrics.iter().enumerate();
    let of_pods = |(index, _): &(usize, &MetricProof)| is_of_pods(case.hpa.and_then(|hpa| hpa.spec.metrics.get(*index)));
    let is_blocked = |proof: &MetricProof| matches!(proof.failure, Some(MetricFailure::NoReading | MetricFailure::NoReadyPods));
    let (_, proof) = proofs.filter(of_pods).find(|(_, proof)| proof.missing > 0 || is_blocked(proof))?;
    let is_running = |pod: &&PodObservation| pod.phase == PodPhase::Running && !pod.is_being_deleted;
    let running: Vec<_> = evaluation.observation.pods.iter().filter(is_running).collect();
    if running.is_empty() {
        // That is told of as pods that wait or fail.
        return None;
    }
    let pods = count(evaluation.observation.pods.len(), "pod");
    let is_new = |started_at_ms: Option<i64>| started_at_ms.is_none_or(|at| case.now_ms.saturating_sub(at) < MEASURED_WITHIN_MS);
    let fixes = vec![
        kubectl("See what is measured", &["-n", case.namespace(), "top", "pods", "--containers"]),
        advice(
            "Wait, or look at the kubelet",
            "A new pod has figures after 15 to 60 s. If it stays so, metrics-server cannot reach the kubelet of its node.",
        ),
    ];
    let code = FindingCode::PodsWithoutMetrics;
    if is_blocked(proof) {
        let severity = if running.iter().all(|pod| is_new(pod.started_at_ms)) {
            Severity::Warning
        } else {
            Severity::Critical
        };
        let certainty = if case.says("ScalingActive", "False", "Failed*").is_some() {
            Certainty::Observed
        } else {
            Certainty::Estimated
        };
        let title = format!("Not scaling: {} without figures that count", count(running.len(), "running pod"));
        let why = format!("None of the figures of {pods} counts yet: the controller keeps the replicas as they are.");
        return Some(told(code, severity, certainty, title, why, fixes));
    }
    let severity = if unmeasured(case).iter().all(|pod| is_new(pod.status.started_at_ms)) {
        Severity::Info
    } else {
        Severity::Warning
    };
    let title = format!("{} without figures", count(proof.missing as usize, "pod"));
    let why = format!(
        "{} of {pods} without {} figures: the controller takes them for idle before it scales out, and for busy before it scales in.",
        proof.missing, proof.name
    );
    Some(told(code, severity, Certainty::Estimated, title, why, fixes))
}

/// Where our engine sees no fault, and the controller does.
fn as_the_controller_says(case: &Case<'_>) -> Option<Finding> {
    let condition = case
        .says("ScalingActive", "False", "Failed*")
        .or_else(|| case.says("ScalingActive", "False", "Invalid*"))?;
    let said = line(&condition.message);
    let kind = match &*condition.reason {
        "FailedGetExternalMetric" => "External",
        "FailedGetObjectMetric" => "Object",
        "FailedGetPodsMetric" => "Pods",
        _ => "Resource",
    };
    let metric = case
        .hpa
        .and_then(|hpa| hpa.spec.metrics.iter().find(|metric| &*metric.kind == kind));
    let finding = if condition.message.contains("missing request for") {
        told(
            FindingCode::RequestMissing,
            Severity::Critical,
            Certainty::Observed,
            "Not scaling: a container has no request",
            format!("The controller says: {said}"),
            vec![kubectl("See the requests", &["-n", case.namespace(), "describe", "pods"])],
        )
    } else if says_api_missing(&condition.message) {
        api_missing(metric, "Not scaling: ", &said, Severity::Critical, Certainty::Observed)
    } else if kind == "Resource" {
        told(
            FindingCode::PodsWithoutMetrics,
            Severity::Critical,
            Certainty::Observed,
            "Not scaling: the controller has no figures",
            format!("It says: {said}"),
            vec![kubectl(
                "See what is measured",
                &["-n", case.namespace(), "top", "pods", "--containers"],
            )],
        )
    } else {
        told(
            FindingCode::MetricMissing,
            Severity::Critical,
            Certainty::Observed,
            "Not scaling: a metric has no value",
            format!("The controller says: {said}"),
            ask(case, metric),
        )
    };
    Some(finding)
}
