//! What a change did: the object before beside the object after, both as the API server has them.

use std::collections::BTreeSet;

use model::FieldDiff;
use serde_json::{Map, Value, json};

/// More is not read by anybody.
const CHANGES_MAX: usize = 200;
/// Longest value shown.
const VALUE_MAX_CHARS: usize = 400;
const HIDDEN: &str = "(not shown)";

/// Fields in which the two differ, by path: `spec.metrics[0].resource.target.averageUtilization`. Without what changes by itself.
pub fn changes(before: &Value, after: &Value) -> Vec<FieldDiff> {
    let mut out = Vec::new();
    walk("", before, after, &mut out);
    out
}

/// Changes with every write, or is the cluster's to say.
fn is_noise(path: &str) -> bool {
    matches!(
        path,
        "status" | "metadata.managedFields" | "metadata.resourceVersion" | "metadata.generation" | "metadata.creationTimestamp"
    )
}

fn walk(path: &str, before: &Value, after: &Value, out: &mut Vec<FieldDiff>) {
    if before == after || is_noise(path) || out.len() >= CHANGES_MAX {
        return;
    }
    match (before, after) {
        (Value::Object(b), Value::Object(a)) => {
            let keys: BTreeSet<&String> = b.keys().chain(a.keys()).collect();
            for key in keys {
                let path = below(path, key);
                walk(&path, b.get(key).unwrap_or(&Value::Null), a.get(key).unwrap_or(&Value::Null), out);
            }
        }
        // A map that comes or goes is told field by field.
        (Value::Null, Value::Object(a)) if !a.is_empty() => walk(path, &Value::Object(Map::new()), after, out),
        (Value::Object(b), Value::Null) if !b.is_empty() => walk(path, before, &Value::Object(Map::new()), out),
        (Value::Array(b), Value::Array(a)) => {
            for n in 0..b.len().max(a.len()) {
                let path = format!("{path}[{n}]");
                walk(&path, b.get(n).unwrap_or(&Value::Null), a.get(n).unwrap_or(&Value::Null), out);
            }
        }
        _ => out.push(FieldDiff {
            field: path.to_owned(),
            before: said(path, before),
            after: said(path, after),
        }),
    }
}

fn below(path: &str, key: &str) -> String {
    let is_plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    match (path, is_plain) {
        ("", _) => key.to_owned(),
        (_, true) => format!("{path}.{key}"),
        // As JSONPath writes a key with dots.
        (_, false) => format!("{path}['{key}']"),
    }
}

fn said(path: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        // Where people put passwords.
        _ if path.contains(".env[") => HIDDEN.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().take(VALUE_MAX_CHARS).collect()
}

/// The object as it is shown: without status, without whose each field is, without containers, and of annotations those named in `kept`.
pub fn without_noise(object: &Value, kept: impl Fn(&str) -> bool) -> Value {
    let mut out = Map::new();
    for key in ["apiVersion", "kind"] {
        if let Some(value) = object.get(key) {
            out.insert(key.to_owned(), value.clone());
        }
    }
    let meta = |key: &str| object.get("metadata").and_then(|meta| meta.get(key)).cloned();
    let mut metadata = Map::new();
    for key in ["name", "namespace", "labels"] {
        if let Some(value) = meta(key) {
            metadata.insert(key.to_owned(), value);
        }
    }
    if let Some(Value::Object(mut annotations)) = meta("annotations") {
        annotations.retain(|key, _| kept(key));
        if !annotations.is_empty() {
            metadata.insert("annotations".to_owned(), annotations.into());
        }
    }
    out.insert("metadata".to_owned(), metadata.into());
    if let Some(Value::Object(mut spec)) = object.get("spec").cloned() {
        if let Some(template) = spec.get_mut("template") {
            *template = json!({ "metadata": { "annotations": restarted_at(template) } });
        }
        out.insert("spec".to_owned(), spec.into());
    }
    out.into()
}

fn restarted_at(template: &Value) -> Value {
    let key = super::patch::RESTARTED_AT;
    let at = template
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(key));
    at.map_or_else(|| json!({}), |at| json!({ key: at }))
}

/// Who changed the object itself last, by its `managedFields`.
pub fn last_changed_by(object: &Value) -> Option<String> {
    let fields = object.pointer("/metadata/managedFields")?.as_array()?;
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let own = fields.iter().filter(|entry| text(entry, "subresource") != "status");
    // RFC 3339 in UTC to the second: text sorts as time does.
    let last = own.max_by_key(|entry| text(entry, "time"))?;
    Some(text(last, "manager")).filter(|manager| !manager.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_field_by_field_without_noise() {
        let before = json!({
            "metadata": {"resourceVersion": "1", "generation": 1, "managedFields": [{"manager": "a"}], "annotations": {"a.b/c": "1"}},
            "spec": {"maxReplicas": 10, "metrics": [{"resource": {"target": {"averageUtilization": 70}}}], "gone": {"x": 1},
                     "template": {"spec": {"containers": [{"env": [{"name": "PASSWORD", "value": "old"}]}]}}},
            "status": {"n": 1}
        });
        let after = json!({
            "metadata": {"resourceVersion": "2", "generation": 2, "managedFields": [], "annotations": {"a.b/c": "2"}},
            "spec": {"maxReplicas": 20, "metrics": [{"resource": {"target": {"averageUtilization": 60}}}, "new"],
                     "template": {"spec": {"containers": [{"env": [{"name": "PASSWORD", "value": "canary"}]}]}}, "behavior": {"scaleUp": {"a": 1}}},
            "status": {"n": 2}
        });
        let told: Vec<_> = changes(&before, &after).into_iter().map(|d| (d.field, d.before, d.after)).collect();
        let expected = [
            ("metadata.annotations['a.b/c']", "1", "2"),
            ("spec.behavior.scaleUp.a", "", "1"),
            ("spec.gone.x", "1", ""),
            ("spec.maxReplicas", "10", "20"),
            ("spec.metrics[0].resource.target.averageUtilization", "70", "60"),
            ("spec.metrics[1]", "", "new"),
            ("spec.template.spec.containers[0].env[0].value", HIDDEN, HIDDEN),
        ];
        assert_eq!(told, expected.map(|(f, b, a)| (f.to_owned(), b.to_owned(), a.to_owned())));
        assert_eq!(changes(&before, &before), []);
    }

    #[test]
    fn what_is_shown_has_no_containers() {
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "uid": "u", "managedFields": [], "annotations": {"kept": "1", "last-applied": "canary"}},
            "spec": {"replicas": 2, "template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now", "other": "canary"}},
                     "spec": {"containers": [{"env": [{"value": "canary"}]}]}}},
            "status": {"replicas": 2}
        });
        let shown = without_noise(&object, |key| key == "kept");
        assert_eq!(shown.pointer("/spec/replicas"), Some(&json!(2)));
        assert_eq!(shown.pointer("/metadata/annotations"), Some(&json!({"kept": "1"})));
        assert_eq!(
            shown.pointer("/spec/template"),
            Some(&json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}))
        );
        assert!(!shown.to_string().contains("canary"), "{shown}");
    }

    #[test]
    fn who_was_last_is_not_the_controller_that_writes_the_status() {
        let object = json!({"metadata": {"managedFields": [
            {"manager": "kubectl-edit", "time": "2026-11-20T10:00:01Z"}, {"manager": "helm", "time": "2026-11-20T09:00:00Z"},
            {"manager": "kube-controller-manager", "subresource": "status", "time": "2026-11-20T11:00:00Z"}]}});
        assert_eq!(last_changed_by(&object).as_deref(), Some("kubectl-edit"));
    }
}
