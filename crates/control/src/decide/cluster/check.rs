//! Whether a command makes sense, before any cluster is asked.

use std::collections::BTreeSet;

use model::{
    ApiError, InvalidValue,
    cluster::{HpaEdit, ObjectCommand, ObjectKind},
    scaling::{MILLI_MAX, REPLICAS_MAX},
};

use super::{Subject, annotation, belongs};
use crate::ports::cluster::{HpaMetric, HpaSpec, MetricTargetSpec};

/// Kubernetes' are numbers of at most 20 digits; opaque all the same.
const VERSION_MAX_BYTES: usize = 64;
/// A target in per cent of what is requested; above it nobody has thought.
const UTILIZATION_MAX: i64 = 100_000;

/// # Errors
/// [`ApiError::NotFound`] and [`ApiError::Invalid`], by the command's field.
pub fn check(subject: &Subject<'_>, command: &ObjectCommand) -> Result<(), ApiError> {
    let version = command.resource_version().unwrap_or_default();
    if version.len() > VERSION_MAX_BYTES || !version.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(ApiError::invalid("resource_version", "is not one that Kubernetes gives"));
    }
    let object = subject.object;
    let missing = || ApiError::not_found(object.kind.label(), format!("{}/{}", object.namespace, object.name));
    let objects = subject.objects().filter(|_| subject.meta().is_some()).ok_or_else(missing)?;
    let workload = belongs::workload(objects, object);
    match command {
        ObjectCommand::EditHpa { edit, .. } => {
            if object.kind != ObjectKind::Hpa {
                return Err(ApiError::invalid("command", "edit_hpa is for an HPA"));
            }
            let hpa = objects.hpas.get(object.name.as_str()).ok_or_else(missing)?;
            Ok(edited(&hpa.spec, edit)?)
        }
        ObjectCommand::Scale { replicas, .. } => Ok(InvalidValue::within("replicas", *replicas, 0, REPLICAS_MAX, "")?),
        ObjectCommand::Restart { .. } => Ok(()),
        ObjectCommand::Evict { pod } => {
            let found = objects.pods.get(pod.as_str()).ok_or_else(|| ApiError::not_found("pod", pod))?;
            let is_own = workload.is_some_and(|(kind, workload)| belongs::is_pod_of(objects, found, kind, workload));
            if is_own {
                Ok(())
            } else {
                Err(ApiError::invalid("pod", format!("{pod} is not one of {}", object.name)))
            }
        }
        ObjectCommand::Annotate {
            ingress,
            annotation,
            value,
            ..
        } => {
            let found = objects
                .ingresses
                .get(ingress.as_str())
                .ok_or_else(|| ApiError::not_found("Ingress", ingress))?;
            if !workload.is_some_and(|(kind, workload)| belongs::leads_to(objects, found, kind, workload)) {
                return Err(ApiError::invalid("ingress", format!("{ingress} does not lead to {}", object.name)));
            }
            Ok(annotation::check(annotation, value)?)
        }
    }
}

fn edited(spec: &HpaSpec, edit: &HpaEdit) -> Result<(), InvalidValue> {
    if *edit == HpaEdit::default() {
        return Err(InvalidValue::new("edit", "changes nothing: give bounds, targets or behaviour"));
    }
    if let Some(max) = edit.max_replicas {
        InvalidValue::within("max_replicas", max, 1, REPLICAS_MAX, "")?;
    }
    if edit.min_replicas.or(edit.max_replicas).is_some() {
        let max = edit.max_replicas.unwrap_or(spec.max_replicas);
        let min = edit.min_replicas.unwrap_or_else(|| spec.min_replicas.unwrap_or(1));
        InvalidValue::within("min_replicas", min, 0, max, ", which is max_replicas")?;
    }
    let mut seen = BTreeSet::new();
    for metric in &edit.metrics {
        let field = format!("metrics[{}]", metric.index);
        let found = usize::try_from(metric.index).ok().and_then(|index| spec.metrics.get(index));
        let target = found
            .and_then(target)
            .ok_or_else(|| InvalidValue::new(&field, format!("the HPA has {} metrics", spec.metrics.len())))?;
        if !seen.insert(metric.index) {
            return Err(InvalidValue::new(field, "is given twice"));
        }
        let (max, unit) = if &*target.kind == "Utilization" {
            (UTILIZATION_MAX, " %")
        } else {
            (MILLI_MAX, " thousandths")
        };
        if !(1..=max).contains(&metric.target) {
            return Err(InvalidValue::new(
                format!("{field}.target"),
                format!("{} is not between 1 and {max}{unit}", metric.target),
            ));
        }
    }
    edit.behavior.as_ref().map_or(Ok(()), model::scaling::Behavior::validate)
}

fn target(metric: &HpaMetric) -> Option<&MetricTargetSpec> {
    let resource = metric.resource.as_ref().or(metric.container_resource.as_ref()).map(|r| &r.target);
    let named = metric.pods.as_ref().or(metric.object.as_ref()).or(metric.external.as_ref());
    resource.or_else(|| named.map(|n| &n.target))
}
