//! The pods of an object, worst first, and the budgets that cover them.

use model::cluster::{ObjectView, PodRow};

use super::super::{
    Case,
    findings::{failure, told::line},
    observation::{key, lasting},
};
use crate::ports::cluster::Pod;

/// At most [`ObjectView::PODS_MAX`]: those that do not work first, then those that are not ready.
pub fn pod_rows(case: &Case<'_>) -> Vec<PodRow> {
    let mut rows: Vec<_> = case.pods.iter().map(|pod| row(case, pod)).collect();
    rows.sort_by(|a, b| {
        let order = |row: &PodRow| (row.is_ready, row.why.is_none(), std::cmp::Reverse(row.restarts));
        order(a).cmp(&order(b)).then_with(|| a.name.cmp(&b.name))
    });
    rows.truncate(ObjectView::PODS_MAX);
    rows
}

fn row(case: &Case<'_>, pod: &Pod) -> PodRow {
    let figures = case.space.look.figures.as_ref().ok().and_then(|all| all.get(&key(pod)));
    let sum = |of: fn(&(std::sync::Arc<str>, i64, i64)) -> i64| {
        let containers = &figures?.containers;
        Some(containers.iter().fold(0_i64, |sum, one| sum.saturating_add(of(one))))
    };
    let requests = |resource: &str| {
        let of_pod = pod.spec.resources.as_ref().and_then(|all| all.requests.get(resource));
        let mut own = lasting(pod).filter_map(|c| c.resources.requests.get(resource)).peekable();
        match (of_pod, own.peek()) {
            (Some(of_pod), _) => Some(of_pod.milli()),
            (None, Some(_)) => Some(own.fold(0_i64, |sum, one| sum.saturating_add(one.milli()))),
            (None, None) => None,
        }
    };
    let is_true = |kind: &str| pod.status.conditions.iter().any(|c| &*c.kind == kind && &*c.status == "True");
    let is_ready = &*pod.status.phase == "Running" && is_true("Ready") && pod.metadata.deleted_at_ms.is_none();
    PodRow {
        name: pod.metadata.name.to_string(),
        phase: pod.status.phase.to_string(),
        is_ready,
        node: pod.spec.node_name.as_ref().map(ToString::to_string),
        why: if is_ready { None } else { why(pod, case.now_ms) },
        restarts: pod.status.container_statuses.iter().map(|status| status.restart_count).sum(),
        created_at_ms: pod.metadata.created_at_ms.unwrap_or_default(),
        cpu_milli: sum(|(_, cpu_milli, _)| *cpu_milli),
        memory_bytes: sum(|(.., bytes)| *bytes),
        cpu_request_milli: requests("cpu"),
        memory_request_bytes: requests("memory").map(|milli| milli / 1_000),
    }
}

fn why(pod: &Pod, now_ms: i64) -> Option<String> {
    if pod.metadata.deleted_at_ms.is_some() {
        return Some("it is ending".to_owned());
    }
    if let Some((reason, said)) = failure(pod, now_ms) {
        return Some(format!("{reason}: {said}"));
    }
    if let Some(reason) = &pod.status.reason {
        return Some(line(reason));
    }
    let waiting = pod
        .status
        .container_statuses
        .iter()
        .find_map(|status| status.state.waiting.as_ref());
    if let Some(waiting) = waiting {
        return Some(line(&waiting.reason));
    }
    let unscheduled = pod
        .status
        .conditions
        .iter()
        .find(|c| &*c.kind == "PodScheduled" && &*c.status == "False");
    unscheduled.map(|condition| line(&condition.message))
}

/// Disruption budgets that cover one of the pods: name, and how many may go now.
pub fn budgets(case: &Case<'_>) -> Vec<(String, u32)> {
    let covers = |budget: &crate::ports::cluster::Pdb| case.pods.iter().any(|pod| budget.spec.selector.picks(&pod.metadata.labels));
    let all = case.space.objects.budgets.values().filter(|budget| covers(budget));
    all.map(|budget| (budget.metadata.name.to_string(), budget.status.disruptions_allowed))
        .collect()
}
