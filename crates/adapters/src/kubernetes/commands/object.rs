//! The object that is to be changed, as it is now, and why it may not be.

use control::ports::cluster::{
    ClusterError, CrossVersionRef, Meta,
    rules::{last_changed_by, managed, to_copy},
};
use model::cluster::{ObjectCommand, ObjectKind, ObjectRef};
use serde::Deserialize;
use serde_json::Value;

use super::call::{Calls, Right};
use crate::kubernetes::{
    api::{now_ms, query, segment},
    kind::Kind,
};

const READ: &[&str] = &["get", "list"];

pub(super) const fn right(kind: Kind) -> Right {
    let (group, _, resource) = kind.names();
    Right {
        group,
        resource,
        verbs: READ,
    }
}

pub(super) fn path(calls: &Calls<'_>, kind: Kind, name: &str) -> String {
    format!("{}/{}", kind.path(Some(&calls.object.namespace)), segment(name))
}

pub(super) async fn read(calls: &Calls<'_>, kind: Kind, name: &str) -> Result<Value, ClusterError> {
    match calls.get(&path(calls, kind, name), right(kind)).await {
        // Not the object of the page, but what the command names.
        Err(ClusterError::NotFound(_)) if matches!(kind, Kind::Ingresses | Kind::Pods) => Err(ClusterError::Refused {
            field: None,
            why: format!("there is no {name} any more"),
        }),
        other => other,
    }
}

pub(super) fn version(object: &Value) -> String {
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    version.unwrap_or_default().to_owned()
}

pub(super) fn conflict(current: &Value) -> ClusterError {
    ClusterError::Conflict {
        current: version(current),
        by: last_changed_by(current),
    }
}

/// What Argo CD, Flux, Helm or an operator looks after is theirs to change: with the patch to give to them.
pub(super) fn refuse_managed(current: &Value, command: &ObjectCommand) -> Result<(), ClusterError> {
    let meta = current.get("metadata").cloned().unwrap_or_default();
    let meta: Meta = serde_json::from_value(meta).map_err(|e| ClusterError::Refused {
        field: Some("metadata".to_owned()),
        why: format!("it cannot be read: {e}"),
    })?;
    match managed(&meta) {
        None => Ok(()),
        Some(manager) => Err(ClusterError::Managed {
            manager,
            patch: to_copy(current, command, &now())?,
        }),
    }
}

pub(super) fn now() -> String {
    let now = jiff::Timestamp::from_millisecond(now_ms()).unwrap_or_default();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The replicas of what an HPA scales are the HPA's. Asked of the API server, not of what was watched.
pub(super) async fn refuse_owned_by_hpa(calls: &Calls<'_>) -> Result<(), ClusterError> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct List {
        items: Vec<Item>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Item {
        metadata: Name,
        spec: Spec,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Name {
        name: String,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Spec {
        scale_target_ref: CrossVersionRef,
    }
    let ObjectRef {
        cluster,
        namespace,
        kind,
        name,
    } = calls.object;
    let listed = calls.get(&Kind::Hpas.path(Some(namespace)), right(Kind::Hpas)).await?;
    let list: List = serde_json::from_value(listed).map_err(|e| ClusterError::Unreachable {
        why: format!("the list of HPAs cannot be read: {e}"),
        may_be_done: false,
    })?;
    let owner = list.items.into_iter().find(|hpa| {
        let reference = &hpa.spec.scale_target_ref;
        *reference.kind == *kind.kind() && *reference.name == **name
    });
    match owner.map(|hpa| ObjectRef::new(cluster.clone(), namespace, ObjectKind::Hpa, &hpa.metadata.name)) {
        None => Ok(()),
        Some(Ok(hpa)) => Err(ClusterError::OwnedByHpa { hpa }),
        Some(Err(e)) => Err(ClusterError::Refused {
            field: None,
            why: e.to_string(),
        }),
    }
}

/// Whether what counts is still as it was at version `seen`. Controllers write the status of an HPA every few seconds: its version is
/// then another one, though nobody changed anything. The API server still has the object of that version for some minutes.
pub(super) async fn refuse_changed(calls: &Calls<'_>, kind: Kind, name: &str, current: &Value, seen: &str) -> Result<(), ClusterError> {
    if seen.is_empty() || seen == version(current) {
        return Ok(());
    }
    let then = kind.path(Some(&calls.object.namespace))
        + &query(&[
            ("fieldSelector", &format!("metadata.name={name}")),
            ("resourceVersion", seen),
            ("resourceVersionMatch", "Exact"),
        ]);
    match calls.get(&then, right(kind)).await {
        Ok(list) if list.pointer("/items/0").is_some_and(|then| is_same(kind, then, current)) => Ok(()),
        // Changed, or gone from the API server's memory: nobody can say any more that it is the same.
        Ok(_) | Err(ClusterError::Refused { .. } | ClusterError::NotFound(_)) => Err(conflict(current)),
        Err(ClusterError::Unreachable { .. }) if is_future(seen, current) => Err(conflict(current)),
        Err(error) => Err(error),
    }
}

/// A version that is not there yet is waited for by the API server, in vain.
fn is_future(seen: &str, current: &Value) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    number(seen) > number(&version(current))
}

fn is_same(kind: Kind, then: &Value, now: &Value) -> bool {
    let same = |pointer: &str| then.pointer(pointer) == now.pointer(pointer);
    same("/metadata/uid") && same("/spec") && (kind != Kind::Ingresses || same("/metadata/annotations"))
}
