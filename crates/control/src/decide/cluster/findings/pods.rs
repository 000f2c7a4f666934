//! What becomes of the pods: whether they find a node, run, become ready, and are of the latest rollout.

use std::collections::BTreeMap;

use model::{
    Severity,
    cluster::{Certainty, Finding, FindingCode, ObjectKind},
};

use super::told::{advice, count, kubectl, line, seconds, some, told};
use crate::{
    decide::cluster::{Case, Target},
    ports::cluster::{Condition, Pod, Workload},
};

/// Who runs for so long without being ready does not become so by itself.
const READY_WITHIN_MS: i64 = 120_000;
/// The scheduler needs a moment.
const SCHEDULED_WITHIN_MS: i64 = 10_000;
/// Reasons of containers that wait for what does not come.
const FAILURES: [&str; 9] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "StartError",
];

pub(super) fn pods(case: &Case<'_>) -> Vec<Finding> {
    let found = [pending(case), failing(case), rollout(case)];
    found.into_iter().flatten().collect()
}

fn condition<'p>(pod: &'p Pod, kind: &str) -> Option<&'p Condition> {
    pod.status.conditions.iter().find(|c| &*c.kind == kind)
}

fn is_staying(pod: &Pod) -> bool {
    pod.metadata.deleted_at_ms.is_none()
}

/// Without a node, and why.
fn unscheduled(pod: &Pod, now_ms: i64) -> Option<&str> {
    let waits = condition(pod, "PodScheduled").filter(|c| &*c.status == "False")?;
    let since_ms = waits.since_ms.or(pod.metadata.created_at_ms)?;
    let is_long = now_ms.saturating_sub(since_ms) >= SCHEDULED_WITHIN_MS;
    (is_staying(pod) && &*pod.status.phase == "Pending" && is_long).then_some(&*waits.message)
}

fn pending(case: &Case<'_>) -> Option<Finding> {
    let waiting: Vec<(&Pod, &str)> = case
        .pods
        .iter()
        .filter_map(|pod| Some((*pod, unscheduled(pod, case.now_ms)?)))
        .collect();
    let (first, why) = waiting.first()?;
    let since_ms = waiting.iter().filter_map(|(pod, _)| pod.metadata.created_at_ms).min();
    let age = since_ms.map_or_else(String::new, |at| format!(", the first for {}", seconds((case.now_ms - at) / 1_000)));
    Some(told(
        FindingCode::PodsPending,
        Severity::Warning,
        Certainty::Observed,
        format!("{} for a node", verb(waiting.len(), "waits", "wait")),
        format!(
            "{} of {}{age}. The scheduler says: {}",
            waiting.len(),
            count(case.pods.len(), "pod"),
            line(why)
        ),
        vec![
            kubectl("See why", &["-n", case.namespace(), "describe", "pod", &first.metadata.name]),
            advice(
                "Make room",
                "Add nodes, let the cluster autoscaler do it, or lower the requests of the pods.",
            ),
        ],
    ))
}

fn verb(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n, "pod"), if n == 1 { one } else { many })
}

/// Why the pod does not work, in one word, and what its container says.
pub(in crate::decide::cluster) fn failure(pod: &Pod, now_ms: i64) -> Option<(String, String)> {
    if !is_staying(pod) {
        return None;
    }
    for status in &pod.status.container_statuses {
        if let Some(waiting) = &status.state.waiting
            && FAILURES.contains(&&*waiting.reason)
        {
            let restarts = if status.restart_count > 0 {
                format!(", {} restarts", status.restart_count)
            } else {
                String::new()
            };
            let said = line(&waiting.message);
            return Some((waiting.reason.to_string(), format!("{}{restarts}: {said}", line(&status.name))));
        }
    }
    let ready = condition(pod, "Ready").filter(|c| &*c.status != "True")?;
    let since_ms = ready.since_ms.max(pod.status.started_at_ms)?;
    let unready_ms = now_ms.saturating_sub(since_ms);
    (&*pod.status.phase == "Running" && unready_ms >= READY_WITHIN_MS).then(|| {
        (
            "not ready".to_owned(),
            format!("running, and not ready for {}", seconds(unready_ms / 1_000)),
        )
    })
}

fn failing(case: &Case<'_>) -> Option<Finding> {
    let mut by_reason: BTreeMap<String, Vec<(&Pod, String)>> = BTreeMap::new();
    for pod in &case.pods {
        if let Some((reason, said)) = failure(pod, case.now_ms) {
            by_reason.entry(reason).or_default().push((pod, said));
        }
    }
    let failing: usize = by_reason.values().map(Vec::len).sum();
    let (reason, pods) = by_reason.iter().max_by_key(|(_, pods)| pods.len())?;
    let (first, said) = pods.first()?;
    let name = &*first.metadata.name;
    let severity = if case.ready() == 0 { Severity::Critical } else { Severity::Warning };
    let reasons: Vec<&str> = by_reason.keys().map(String::as_str).collect();
    let ns = ["-n", case.namespace()];
    let mut fixes = vec![kubectl("See what happened to it", &[ns[0], ns[1], "describe", "pod", name])];
    if reason == "CrashLoopBackOff" {
        fixes.insert(0, kubectl("Read its last words", &[ns[0], ns[1], "logs", name, "--previous"]));
    } else if reason == "not ready" {
        fixes.insert(0, kubectl("Read its log", &[ns[0], ns[1], "logs", name]));
    }
    Some(told(
        FindingCode::PodsFailing,
        severity,
        Certainty::Observed,
        format!("{}: {}", verb(failing, "does not work", "do not work"), some(&reasons)),
        format!("{failing} of {}, {reason} in {name}: {said}", count(case.pods.len(), "pod")),
        fixes,
    ))
}

fn rollout(case: &Case<'_>) -> Option<Finding> {
    let Target::Found { kind, workload } = case.target else {
        return None;
    };
    let name = case.target_name()?;
    let (status, replicas) = (&workload.status, case.replicas());
    let namespace = case.namespace();
    let is_behind = status.updated_replicas < replicas;
    if workload.spec.paused && is_behind {
        return Some(told(
            FindingCode::RolloutStuck,
            Severity::Warning,
            Certainty::Observed,
            "The rollout is paused",
            format!("{} of {replicas} replicas are of the latest version.", status.updated_replicas),
            vec![kubectl("Go on with it", &["-n", namespace, "rollout", "resume", &name])],
        ));
    }
    let condition = stuck(kind, workload)?;
    Some(told(
        FindingCode::RolloutStuck,
        Severity::Warning,
        Certainty::Observed,
        "The rollout does not get on",
        format!(
            "{} of {replicas} replicas are of the latest version, {} are available. {}",
            status.updated_replicas,
            status.available_replicas,
            line(&condition.message)
        ),
        vec![
            kubectl("See what it waits for", &["-n", namespace, "rollout", "status", &name]),
            kubectl("Go back to the version before", &["-n", namespace, "rollout", "undo", &name]),
        ],
    ))
}

fn stuck(kind: ObjectKind, workload: &Workload) -> Option<&Condition> {
    let mut conditions = workload.status.conditions.iter();
    conditions
        .find(|c| kind == ObjectKind::Deployment && &*c.kind == "Progressing" && &*c.status == "False" && &*c.reason != "DeploymentPaused")
}
