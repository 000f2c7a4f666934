//! What is sent to the API server, and the same to be copied into a repository.

use model::{
    cluster::{HpaEdit, MetricEdit, ObjectCommand},
    scaling::{Behavior, ChangeLimitType, ScalingRules, SelectPolicy},
};
use serde_json::{Map, Value, json};

use super::yaml;
use crate::ports::cluster::{ClusterError, Quantity};

pub(super) const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// What server-side apply sends for an edit, as `manager`: the changed fields, and those that are this manager's from before, as they are:
/// what a manager does not send again, the API server takes away.
///
/// `metrics` is one field: the whole list is sent as it is, with other targets.
///
/// # Errors
/// [`ClusterError::Refused`] when the object has no such metric.
pub fn apply_hpa(current: &Value, edit: &HpaEdit, manager: &str) -> Result<Value, ClusterError> {
    let mut spec = match owned_spec(current, manager) {
        Some(Value::Object(spec)) => spec,
        _ => Map::new(),
    };
    spec.extend(edited(current, edit)?);
    let meta = |key: &str| current.pointer(&format!("/metadata/{key}")).cloned().unwrap_or_default();
    Ok(json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "name": meta("name"),
            "namespace": meta("namespace"),
            // Not another one of that name, and not a later one.
            "uid": meta("uid"),
            "resourceVersion": meta("resourceVersion"),
        },
        "spec": spec,
    }))
}

/// A merge patch for the scale subresource.
pub fn scale(resource_version: &str, replicas: u32) -> Value {
    json!({ "metadata": { "resourceVersion": resource_version }, "spec": { "replicas": replicas } })
}

/// A merge patch, as `kubectl rollout restart` does it. `now` in RFC 3339.
pub fn restart(resource_version: &str, now: &str) -> Value {
    let mut patch = json!({ "spec": { "template": { "metadata": { "annotations": { RESTARTED_AT: now } } } } });
    patch["metadata"] = json!({ "resourceVersion": resource_version });
    patch
}

/// A merge patch; an empty value takes the annotation away.
pub fn annotate(resource_version: &str, annotation: &str, value: &str) -> Value {
    let value = if value.is_empty() { Value::Null } else { value.into() };
    json!({ "metadata": { "resourceVersion": resource_version, "annotations": { annotation: value } } })
}

/// The change as a document to be merged into the one in the repository, and the `kubectl` line that does the same.
///
/// # Errors
/// [`ClusterError::Refused`] when the object has no such metric.
pub fn to_copy(current: &Value, command: &ObjectCommand, now: &str) -> Result<String, ClusterError> {
    let patch = match command {
        ObjectCommand::EditHpa { edit, .. } => json!({ "spec": edited(current, edit)? }),
        ObjectCommand::Scale { replicas, .. } => json!({ "spec": { "replicas": replicas } }),
        ObjectCommand::Restart { .. } => json!({ "spec": { "template": { "metadata": { "annotations": { RESTARTED_AT: now } } } } }),
        ObjectCommand::Annotate { annotation, value, .. } => {
            let value = if value.is_empty() { Value::Null } else { value.as_str().into() };
            json!({ "metadata": { "annotations": { annotation: value } } })
        }
        ObjectCommand::Evict { .. } => return Ok(String::new()),
    };
    let text = |pointer: &str| current.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, name, namespace) = (text("/kind"), text("/metadata/name"), text("/metadata/namespace"));
    let command = format!(
        "kubectl patch {} {name} -n {namespace} --type merge -p '{patch}'",
        kind.to_ascii_lowercase()
    );
    let mut document = json!({
        "apiVersion": text("/apiVersion"),
        "kind": kind,
        "metadata": { "name": name, "namespace": namespace },
    });
    merge(&mut document, &patch);
    Ok(format!("# {command}\n{}", yaml(&document)))
}

/// Nulls stay: they say that something goes.
fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key.clone()).or_insert_with(|| json!({})), value);
            }
        }
        (into, value) => *into = value.clone(),
    }
}

/// The fields of `spec` that an edit gives.
fn edited(current: &Value, edit: &HpaEdit) -> Result<Map<String, Value>, ClusterError> {
    let mut spec = Map::new();
    if let Some(min) = edit.min_replicas {
        spec.insert("minReplicas".to_owned(), min.into());
    }
    if let Some(max) = edit.max_replicas {
        spec.insert("maxReplicas".to_owned(), max.into());
    }
    if !edit.metrics.is_empty() {
        let mut metrics = current.pointer("/spec/metrics").cloned().unwrap_or_else(|| json!([]));
        for metric in &edit.metrics {
            set_target(&mut metrics, metric).ok_or_else(|| ClusterError::Refused {
                field: Some(format!("spec.metrics[{}]", metric.index)),
                why: "the HPA has no such metric any more".to_owned(),
            })?;
        }
        spec.insert("metrics".to_owned(), metrics);
    }
    if let Some(behavior) = &edit.behavior {
        spec.insert("behavior".to_owned(), behavior_json(behavior));
    }
    Ok(spec)
}

fn set_target(metrics: &mut Value, edit: &MetricEdit) -> Option<()> {
    let metric = metrics.get_mut(usize::try_from(edit.index).ok()?)?;
    let kind = metric.get("type")?.as_str()?;
    let part = format!("{}{}", kind.get(..1)?.to_ascii_lowercase(), kind.get(1..)?);
    let target = metric.get_mut(&part)?.get_mut("target")?.as_object_mut()?;
    let (field, value) = match target.get("type")?.as_str()? {
        "Utilization" => ("averageUtilization", Value::from(edit.target)),
        kind => {
            let field = if kind == "Value" { "value" } else { "averageValue" };
            let before = target.get(field).and_then(Value::as_str).unwrap_or_default();
            (field, quantity(edit.target, before).into())
        }
    };
    target.insert(field.to_owned(), value);
    Some(())
}

/// Thousandths as a quantity, in the unit it had before where it is a whole number of those.
fn quantity(milli: i64, before: &str) -> String {
    let suffix = before.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-'));
    let unit = format!("1{suffix}").parse::<Quantity>().map_or(0, Quantity::milli);
    let is_unit = !suffix.is_empty() && !suffix.starts_with(['e', 'n', 'u']);
    if is_unit && unit > 0 && milli % unit == 0 {
        format!("{}{suffix}", milli / unit)
    } else if milli % 1_000 == 0 {
        (milli / 1_000).to_string()
    } else {
        format!("{milli}m")
    }
}

fn behavior_json(behavior: &Behavior) -> Value {
    json!({ "scaleUp": rules(&behavior.scale_up), "scaleDown": rules(&behavior.scale_down) })
}

fn rules(rules: &ScalingRules) -> Value {
    let policies = rules.policies.iter().map(|limit| {
        let kind = match limit.kind {
            ChangeLimitType::Pods => "Pods",
            ChangeLimitType::Percent => "Percent",
        };
        json!({ "type": kind, "value": limit.value, "periodSeconds": limit.period_s })
    });
    let select = match rules.select_policy {
        SelectPolicy::Max => "Max",
        SelectPolicy::Min => "Min",
        SelectPolicy::Disabled => "Disabled",
    };
    json!({
        "stabilizationWindowSeconds": rules.stabilization_window_s,
        "selectPolicy": select,
        "policies": policies.collect::<Vec<_>>(),
    })
}

/// What of `spec` is the manager's from an earlier apply.
fn owned_spec(current: &Value, manager: &str) -> Option<Value> {
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let fields = current.pointer("/metadata/managedFields")?.as_array()?;
    let own = fields
        .iter()
        .find(|entry| text(entry, "manager") == manager && text(entry, "operation") == "Apply" && text(entry, "subresource").is_empty())?;
    pick(current.get("spec")?, own.pointer("/fieldsV1/f:spec")?)
}

/// The part of a value that a set of fields (`fieldsV1`) names. Lists of an HPA are fields as a whole.
fn pick(value: &Value, fields: &Value) -> Option<Value> {
    let names: Vec<_> = fields.as_object()?.iter().filter(|(key, _)| key.starts_with("f:")).collect();
    if names.is_empty() {
        return Some(value.clone());
    }
    let mut out = Map::new();
    for (key, below) in names {
        let key = &key["f:".len()..];
        if let Some(part) = value.get(key).and_then(|value| pick(value, below)) {
            out.insert(key.to_owned(), part);
        }
    }
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hpa() -> Value {
        json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "41", "managedFields": [
                {"manager": "evenkeel", "operation": "Apply", "fieldsV1": {"f:spec": {
                    "f:minReplicas": {}, "f:behavior": {"f:scaleDown": {"f:stabilizationWindowSeconds": {}, "f:policies": {}}}}}},
                {"manager": "evenkeel", "operation": "Update", "fieldsV1": {"f:spec": {"f:maxReplicas": {}}}}]},
            "spec": {
                "minReplicas": 3, "maxReplicas": 10, "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                "metrics": [
                    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}},
                    {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "512Mi"}}},
                    {"type": "External", "external": {"metric": {"name": "q", "selector": {"matchLabels": {"a": "b"}}}, "target": {"type": "Value", "value": "1500m"}}}],
                "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60, "selectPolicy": "Max", "tolerance": "0.05", "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}
            }
        })
    }

    #[test]
    fn what_is_ours_already_is_sent_again() {
        let edit = HpaEdit {
            max_replicas: Some(20),
            ..HpaEdit::default()
        };
        let sent = apply_hpa(&hpa(), &edit, "evenkeel").unwrap();
        assert_eq!(
            sent,
            json!({
                "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "41"},
                "spec": {"minReplicas": 3, "maxReplicas": 20, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60,
                    "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}}
            })
        );
        let foreign = apply_hpa(&hpa(), &edit, "somebody").unwrap();
        assert_eq!(foreign["spec"], json!({"maxReplicas": 20}));
    }

    #[test]
    fn targets_change_and_everything_else_of_the_metrics_stays() {
        let metric = |index, target| MetricEdit { index, target };
        let edit = HpaEdit {
            metrics: vec![metric(0, 60), metric(1, 1_024 * 1_024 * 1_024 * 1_000), metric(2, 2_500)],
            ..HpaEdit::default()
        };
        let sent = apply_hpa(&hpa(), &edit, "somebody").unwrap();
        let mut expected = hpa()["spec"]["metrics"].clone();
        expected[0]["resource"]["target"]["averageUtilization"] = json!(60);
        expected[1]["resource"]["target"]["averageValue"] = json!("1024Mi");
        expected[2]["external"]["target"]["value"] = json!("2500m");
        assert_eq!(sent["spec"], json!({ "metrics": expected }));
        let gone = HpaEdit {
            metrics: vec![metric(3, 1)],
            ..HpaEdit::default()
        };
        let field = match apply_hpa(&hpa(), &gone, "somebody") {
            Err(ClusterError::Refused { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field.as_deref(), Some("spec.metrics[3]"));
    }

    #[test]
    fn a_quantity_keeps_its_unit_where_it_can() {
        for (milli, before, after) in [
            (2_500, "1500m", "2500m"),
            (3_000, "1500m", "3000m"),
            (3_000, "2", "3"),
            (3_500, "2", "3500m"),
            (2_000_000, "1k", "2k"),
            (2_500_000, "1k", "2500"),
            (1_024_000, "1Ki", "1Ki"),
            (1_000_000, "1Ki", "1000"),
            (5_000, "5e0", "5"),
        ] {
            assert_eq!(quantity(milli, before), after, "{milli} {before}");
        }
    }

    #[test]
    fn a_behaviour_is_written_with_kubernetes_names() {
        let edit = HpaEdit {
            behavior: Some(Behavior::default()),
            ..HpaEdit::default()
        };
        let sent = apply_hpa(&hpa(), &edit, "somebody").unwrap();
        assert_eq!(
            sent["spec"]["behavior"]["scaleDown"],
            json!({"stabilizationWindowSeconds": 300, "selectPolicy": "Max", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]})
        );
    }

    #[test]
    fn what_is_copied_names_the_object_and_the_change() {
        let command = ObjectCommand::EditHpa {
            resource_version: "41".to_owned(),
            edit: HpaEdit {
                max_replicas: Some(20),
                ..HpaEdit::default()
            },
        };
        let text = to_copy(&hpa(), &command, "now").unwrap();
        assert_eq!(
            text,
            "# kubectl patch horizontalpodautoscaler web -n shop --type merge -p '{\"spec\":{\"maxReplicas\":20}}'\n\
             apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  maxReplicas: 20\n"
        );
    }
}
