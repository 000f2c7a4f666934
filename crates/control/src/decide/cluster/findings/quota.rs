//! A quota that leaves no room for more pods.

use model::{
    Severity,
    cluster::{Certainty, Finding, FindingCode},
    scaling::words,
};

use super::told::{advice, bytes, kubectl, line, told};
use crate::{
    decide::cluster::Case,
    ports::cluster::{Pod, PodSpec, Quota},
};

/// A refusal this old says nothing of now.
const REFUSED_MS: i64 = 600_000;
const REFUSAL: &str = "exceeded quota";

pub(super) fn quota(case: &Case<'_>) -> Vec<Finding> {
    refused(case).or_else(|| full(case)).into_iter().collect()
}

/// Pods are missing.
fn is_short(case: &Case<'_>) -> bool {
    case.target
        .workload()
        .is_some_and(|workload| workload.status.replicas < case.replicas())
}

fn finding(case: &Case<'_>, certainty: Certainty, title: &str, why: String) -> Finding {
    told(
        FindingCode::QuotaExceeded,
        Severity::Critical,
        certainty,
        title,
        why,
        vec![
            kubectl("See the quota", &["-n", case.namespace(), "describe", "resourcequota"]),
            advice(
                "Make room",
                "Raise the quota of the namespace, lower the requests, or lower maxReplicas to what there is room for.",
            ),
        ],
    )
}

/// The API server has said so.
fn refused(case: &Case<'_>) -> Option<Finding> {
    let workload = case.target.workload().filter(|_| is_short(case))?;
    let by_status = workload
        .status
        .conditions
        .iter()
        .find(|c| &*c.kind == "ReplicaFailure" && &*c.status == "True" && c.message.contains(REFUSAL))
        .map(|c| &*c.message);
    let by_event = || {
        let is_ours = |name: &str| {
            let rest = name.strip_prefix(&*workload.metadata.name);
            rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(|hash| !hash.contains('-')))
        };
        let events = case.space.objects.events.values();
        events
            .filter(|e| &*e.reason == "FailedCreate" && e.message.contains(REFUSAL) && is_ours(&e.involved_object.name))
            .filter(|e| e.at_ms().is_some_and(|at| case.now_ms.saturating_sub(at) <= REFUSED_MS))
            .max_by_key(|e| e.at_ms())
            .map(|e| &*e.message)
    };
    let message = by_status.or_else(by_event)?;
    let why = format!(
        "{} of {} replicas exist. The API server says: {}",
        workload.status.replicas,
        case.replicas(),
        line(message)
    );
    Some(finding(
        case,
        Certainty::Observed,
        "Not scaling out: a quota refuses more pods",
        why,
    ))
}

/// By our own reckoning, where pods are missing and nobody has told why.
fn full(case: &Case<'_>) -> Option<Finding> {
    let workload = case.target.workload().filter(|_| is_short(case))?;
    let pod = case.pods.first().map_or(&workload.spec.template.spec, |pod: &&Pod| &pod.spec);
    let (quota, resource, free, needs) = case.space.objects.quotas.values().find_map(|quota| no_room(quota, pod))?;
    let shown = |milli: i64| match resource {
        r if r.ends_with("memory") => bytes(milli / 1_000),
        _ => words::milli(milli),
    };
    let why = format!(
        "{} of {} replicas exist. {} has {} of {resource} left, and one more pod needs {}.",
        workload.status.replicas,
        case.replicas(),
        quota.metadata.name,
        shown(free),
        shown(needs)
    );
    Some(finding(
        case,
        Certainty::Estimated,
        "Not scaling out: a quota has no room for one more pod",
        why,
    ))
}

/// The first resource of which less is left than one pod needs.
fn no_room<'q>(quota: &'q Quota, pod: &PodSpec) -> Option<(&'q Quota, &'q str, i64, i64)> {
    quota.status.hard.iter().find_map(|(resource, hard)| {
        let used = quota.status.used.get(resource)?;
        let needs = needs(resource, pod)?;
        let free = hard.milli().saturating_sub(used.milli()).max(0);
        (needs > free).then_some((quota, &**resource, free, needs))
    })
}

fn needs(resource: &str, pod: &PodSpec) -> Option<i64> {
    if matches!(resource, "pods" | "count/pods") {
        return Some(1_000);
    }
    let (is_limit, name) = match resource.split_once('.') {
        Some(("limits", name)) => (true, name),
        Some(("requests", name)) => (false, name),
        _ => (false, resource),
    };
    let of = |c: &crate::ports::cluster::Container| {
        let all = if is_limit { &c.resources.limits } else { &c.resources.requests };
        all.get(name).map(|quantity| quantity.milli())
    };
    let mut all = pod.containers.iter().filter_map(of).peekable();
    all.peek()?;
    Some(all.fold(0, i64::saturating_add))
}
