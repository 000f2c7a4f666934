//! The Eviction API: a pod goes only when its disruption budgets have room.

use control::ports::cluster::ClusterError;
use model::FieldDiff;
use serde_json::{Value, json};

use super::{
    Answered,
    call::{Body, Calls, Right, refused, seconds},
    object,
};
use crate::kubernetes::{api::Fault, kind::Kind};

const RIGHT: Right = Right {
    group: "",
    resource: "pods/eviction",
    verbs: &["create"],
};

pub(super) async fn evict(calls: &Calls<'_>, name: &str) -> Result<Answered, ClusterError> {
    let pod = object::read(calls, Kind::Pods, name).await?;
    let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if !text("/metadata/deletionTimestamp").is_empty() {
        return Err(ClusterError::Refused {
            field: None,
            why: format!("{name} is being deleted already"),
        });
    }
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": { "name": name, "namespace": calls.object.namespace },
        // Not another pod of that name: those of a StatefulSet come back under the same.
        "deleteOptions": { "preconditions": { "uid": text("/metadata/uid") } },
    });
    let path = format!("{}/eviction", object::path(calls, Kind::Pods, name));
    let answered = calls.write(&path, &Body::Create(eviction.clone())).await;
    let answered = answered.map_err(|fault| failed(calls, name, fault))?;
    let node = text("/spec/nodeName");
    let whereabouts = if node.is_empty() { String::new() } else { format!(" on {node}") };
    Ok(Answered {
        diff: vec![FieldDiff {
            field: format!("pod {name}"),
            before: format!("{}{whereabouts}", text("/status/phase")),
            after: "evicted".to_owned(),
        }],
        after: eviction,
        warnings: answered.warnings,
        resource_version: object::version(&pod),
    })
}

fn failed(calls: &Calls<'_>, name: &str, fault: Fault) -> ClusterError {
    let Fault::Refused(refusal) = &fault else {
        return calls.failed(fault, RIGHT);
    };
    let is_of_budgets = refusal.causes.iter().any(|cause| cause.reason == "DisruptionBudget");
    match refusal.code {
        429 if is_of_budgets => ClusterError::BudgetExhausted {
            // "The disruption budget web needs 2 healthy pods and has 2 currently" is in the cause, the message is general.
            why: refusal
                .causes
                .iter()
                .find(|cause| cause.reason == "DisruptionBudget")
                .map_or_else(|| refusal.message.clone(), |cause| cause.message.clone()),
            retry_after_s: seconds(refusal.retry_after),
        },
        404 => ClusterError::Refused {
            field: None,
            why: format!("there is no {name} any more"),
        },
        409 => ClusterError::Refused {
            field: None,
            why: format!("{name} is another pod by now: {}", refusal.message),
        },
        // Two budgets for one pod: nothing was done, in the API server's words.
        500 if refusal.message.contains("PodDisruptionBudget") => refused(refusal),
        _ => calls.failed(fault, RIGHT),
    }
}
