//! A line of the list, and what an object belongs to.

use model::{
    Severity,
    cluster::{ClusterId, Finding, Manager, ObjectKind, ObjectRef, ObjectRow},
    scaling::{MetricState, TargetChip},
};

use super::super::{Case, Target, findings::told::line, policy, standing::standing};
use crate::decide::scaling::chips;

/// The object's line: an HPA with its target, or a workload. Nothing where its name is none that Kubernetes allows.
pub fn row(cluster: &ClusterId, case: &Case<'_>, findings: &[Finding], managed_by: Option<Manager>) -> Option<ObjectRow> {
    let (kind, meta) = match (case.hpa, case.target) {
        (Some(hpa), _) => (ObjectKind::Hpa, &hpa.metadata),
        (None, Target::Found { kind, workload }) => (kind, &workload.metadata),
        _ => return None,
    };
    let workload = case.target.workload();
    // The bounds of a workload are those of the HPA that scales it.
    let bounds = match (case.hpa, case.target) {
        (None, Target::Found { kind, workload }) => case.space.hpas_of(kind, workload).first().copied(),
        (hpa, _) => hpa,
    };
    let status = case.hpa.map(|hpa| &hpa.status);
    let trouble = findings.iter().find(|finding| finding.severity > Severity::Info);
    Some(ObjectRow {
        object: ObjectRef::new(cluster.clone(), case.namespace(), kind, &meta.name).ok()?,
        reference: reference(case),
        targets: targets(case),
        min_replicas: bounds.map(|hpa| hpa.spec.min_replicas.unwrap_or(1)),
        max_replicas: bounds.map(|hpa| hpa.spec.max_replicas),
        desired: match (workload, status) {
            (Some(_), _) => case.replicas(),
            (None, status) => status.map_or(0, |status| status.desired_replicas),
        },
        replicas: match (workload, status) {
            (Some(workload), _) => workload.status.replicas,
            (None, status) => status.map_or(0, |status| status.current_replicas),
        },
        ready: case.ready(),
        created_at_ms: meta.created_at_ms.unwrap_or_default(),
        state: standing(case, findings),
        trouble: trouble.map(|finding| finding.title.clone()),
        managed_by,
    })
}

/// "Deployment/web": the target of an HPA, or the workload itself.
pub fn reference(case: &Case<'_>) -> String {
    match (case.hpa, case.target) {
        (Some(hpa), _) => {
            let reference = &hpa.spec.scale_target_ref;
            line(&format!("{}/{}", reference.kind, reference.name))
        }
        (None, Target::Found { kind, workload }) => format!("{}/{}", kind.kind(), workload.metadata.name),
        (None, _) => String::new(),
    }
}

/// As our engine read them; before its first look the targets alone.
pub(super) fn targets(case: &Case<'_>) -> Vec<TargetChip> {
    let Some(hpa) = case.hpa else { return Vec::new() };
    let mut all = match case.evaluated() {
        Some(evaluation) => chips(&evaluation.policy, Some(&evaluation.decision)),
        None => policy(&hpa.spec, &case.space.look.controller).map_or_else(|_| Vec::new(), |policy| chips(&policy, None)),
    };
    #[expect(clippy::cast_possible_truncation, reason = "bytes are far below 2^53")]
    let bytes = |value: f64| super::super::findings::told::bytes(value as i64);
    for chip in &mut all {
        let is_memory = chip.name == "memory" || chip.name.starts_with("memory of ");
        if is_memory && !chip.target.ends_with('%') {
            chip.target = bytes(chip.target_value);
            chip.current = chip.current_value.map(bytes);
        }
        if chip.current.is_none() {
            chip.state = MetricState::Failed;
        }
    }
    all
}

/// The workload an HPA scales, or the HPAs that scale a workload.
pub fn related(cluster: &ClusterId, case: &Case<'_>) -> Vec<ObjectRef> {
    let Target::Found { kind, workload } = case.target else {
        return Vec::new();
    };
    let object = |kind: ObjectKind, name: &str| ObjectRef::new(cluster.clone(), case.namespace(), kind, name).ok();
    if case.hpa.is_some() {
        return object(kind, &workload.metadata.name).into_iter().collect();
    }
    let hpas = case.space.hpas_of(kind, workload).iter();
    hpas.filter_map(|hpa| object(ObjectKind::Hpa, &hpa.metadata.name)).collect()
}
