//! What is scaled, and by whom else.

use model::{
    Severity,
    cluster::{Certainty, Finding, FindingCode},
    scaling::ScalingReason,
};

use super::told::{advice, at, kubectl, line, patch, some, told};
use crate::decide::cluster::{Case, Target, Unevaluated};

pub(super) fn target(case: &Case<'_>) -> Vec<Finding> {
    let found = [not_found(case), two_hpas(case), ambiguous(case), disabled(case), invalid(case)];
    found.into_iter().flatten().collect()
}

fn not_found(case: &Case<'_>) -> Option<Finding> {
    let hpa = case.hpa?;
    let (namespace, reference) = (case.namespace(), &hpa.spec.scale_target_ref);
    let name = line(&format!("{}/{}", reference.kind, reference.name));
    let said = case.says("AbleToScale", "False", "FailedGetScale");
    let (title, fix) = match case.target {
        Target::Missing => (
            format!("There is no {name}"),
            kubectl("See what there is", &["-n", namespace, "get", "deployments,statefulsets"]),
        ),
        Target::NoSuchKind => (
            format!("{} is not in {}", line(&reference.kind), line(&reference.api_version)),
            patch("Name the group it is in", "spec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n"),
        ),
        // Of kinds that are not read here the controller knows.
        Target::Foreign if said.is_some() => (
            format!("{name} has no scale"),
            advice(
                "Point the HPA at something that can be scaled",
                "Its kind has to have the scale subresource, and has to be there.",
            ),
        ),
        Target::Foreign => {
            return Some(told(
                FindingCode::NotReadable,
                Severity::Info,
                Certainty::Unknown,
                format!("{name} is not read here"),
                "The console reads Deployments and StatefulSets; the controller scales others too. What is shown is the HPA's own status.",
                Vec::new(),
            ));
        }
        Target::Found { .. } | Target::Unread => return None,
    };
    let why = match said {
        Some(condition) => format!("The controller says: {}", line(&condition.message)),
        None => format!("It is the target of the HPA {} in {namespace}.", hpa.metadata.name),
    };
    let certainty = Certainty::Observed;
    let code = FindingCode::TargetNotFound;
    Some(at(
        "spec.scaleTargetRef",
        told(code, Severity::Critical, certainty, format!("Not scaling: {title}"), why, vec![fix]),
    ))
}

fn two_hpas(case: &Case<'_>) -> Option<Finding> {
    let Target::Found { kind, workload } = case.target else {
        return None;
    };
    let names: Vec<&str> = case.space.hpas_of(kind, workload).iter().map(|hpa| &*hpa.metadata.name).collect();
    let last = names.last().filter(|_| names.len() > 1)?;
    Some(told(
        FindingCode::TwoHpas,
        Severity::Critical,
        Certainty::Observed,
        format!("Not scaling: {} HPAs scale {}", names.len(), case.target_name()?),
        format!(
            "{}: the controller follows none of them while they select the same pods.",
            some(&names)
        ),
        vec![
            kubectl("Remove all but one", &["-n", case.namespace(), "delete", "hpa", last]),
            advice(
                "Put them together",
                "One HPA can have several metrics: the one that asks for the most counts.",
            ),
        ],
    ))
}

/// Pods of another workload in the count.
fn ambiguous(case: &Case<'_>) -> Option<Finding> {
    let Target::Found { kind, workload } = case.target else {
        return None;
    };
    let said = case.says("ScalingActive", "False", "AmbiguousSelector");
    let shared = case.space.in_two_workloads(kind, workload);
    // Two HPAs on one target are told of as such.
    if shared.is_none() && (said.is_none() || case.space.hpas_of(kind, workload).len() > 1) {
        return None;
    }
    let others: Vec<String> = shared
        .map(|pod| case.space.selecting(pod))
        .unwrap_or_default()
        .into_iter()
        .filter(|(k, w)| (*k, &w.metadata.name) != (kind, &workload.metadata.name))
        .map(|(kind, workload)| format!("{}/{}", kind.id(), workload.metadata.name))
        .collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let why = match (said, shared) {
        (Some(condition), _) => format!("The controller says: {}", line(&condition.message)),
        (None, Some(pod)) => format!("Its selector and that of {} both pick {}.", some(&others), pod.metadata.name),
        (None, None) => return None,
    };
    let (severity, title) = match (said, case.hpa) {
        (Some(_), _) => (Severity::Critical, "Not scaling: two HPAs select the same pods"),
        (None, Some(_)) => (Severity::Warning, "Pods of another workload are counted"),
        (None, None) => (Severity::Warning, "Its selector picks pods of another workload"),
    };
    Some(told(
        FindingCode::AmbiguousSelector,
        severity,
        Certainty::Observed,
        title,
        why,
        vec![advice(
            "Give each workload labels of its own",
            "A selector cannot be changed: make the workload anew with one more label in spec.selector and spec.template.metadata.labels.",
        )],
    ))
}

fn disabled(case: &Case<'_>) -> Option<Finding> {
    let min = case.hpa?.spec.min_replicas.unwrap_or(1);
    let ours = case
        .decision()
        .is_some_and(|decision| decision.reason == ScalingReason::ScalingDisabled);
    if !ours {
        return None;
    }
    let name = case.target_name()?;
    let replicas = format!("--replicas={}", min.max(1));
    Some(told(
        FindingCode::ScalingDisabled,
        Severity::Info,
        Certainty::Observed,
        format!("Off: {name} has been scaled to zero"),
        format!("Its spec.replicas is 0, and the HPA did not do that: it stays off until somebody sets 1 or more (minReplicas is {min})."),
        vec![kubectl("Switch it on again", &["-n", case.namespace(), "scale", &name, &replicas])],
    ))
}

fn invalid(case: &Case<'_>) -> Option<Finding> {
    let Some(Err(Unevaluated::Policy(invalid))) = case.evaluation else {
        return None;
    };
    Some(at(
        invalid.field.clone(),
        told(
            FindingCode::InvalidObject,
            Severity::Warning,
            Certainty::Observed,
            "The HPA says something nobody knows",
            format!("{} {}.", invalid.field, invalid.reason),
            vec![advice("Mend the field", invalid.to_string())],
        ),
    ))
}
