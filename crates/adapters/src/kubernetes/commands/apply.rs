//! A change of an object: server-side apply for an HPA, merge patches for the rest; each with the version it was made from.

use control::ports::cluster::{
    ClusterError,
    rules::{annotate, apply_hpa, is_kept_by, restart, scale, to_copy},
};
use model::cluster::{Manager, ObjectCommand};
use serde_json::Value;

use super::{
    FIELD_MANAGER,
    call::{Answered, Body, Calls, Right},
    object,
};
use crate::kubernetes::{
    api::{Fault, Refusal},
    kind::Kind,
};

pub(super) struct Applied {
    pub(super) before: Value,
    pub(super) after: Value,
    pub(super) warnings: Vec<String>,
}

pub(super) enum Failed {
    /// It was written between reading and writing. Nothing was done.
    Raced,
    For(ClusterError),
}

impl From<ClusterError> for Failed {
    fn from(error: ClusterError) -> Self {
        Self::For(error)
    }
}

const PATCH: &[&str] = &["patch"];
const SCALE: &[&str] = &["get", "patch"];

pub(super) async fn apply(calls: &Calls<'_>, kind: Kind, name: &str, current: &Value, command: &ObjectCommand) -> Result<Applied, Failed> {
    let (path, version) = (object::path(calls, kind, name), object::version(current));
    let right = Right {
        verbs: PATCH,
        ..object::right(kind)
    };
    let body = match command {
        ObjectCommand::EditHpa { edit, .. } => {
            let body = apply_hpa(current, edit, FIELD_MANAGER)?;
            return apply_by_fields(calls, &path, right, current, command, body).await;
        }
        ObjectCommand::Scale { replicas, .. } => {
            let right = Right {
                resource: if kind == Kind::Deployments {
                    "deployments/scale"
                } else {
                    "statefulsets/scale"
                },
                verbs: SCALE,
                ..right
            };
            let path = format!("{path}/scale");
            let before = calls.get(&path, right).await?;
            if object::version(&before) != version {
                return Err(Failed::Raced);
            }
            let answered = calls.write(&path, &Body::Merge(scale(&version, *replicas))).await;
            return settle(calls, right, before, answered);
        }
        ObjectCommand::Restart { .. } => {
            if current.pointer("/spec/paused") == Some(&Value::Bool(true)) {
                return Err(Failed::For(ClusterError::Refused {
                    field: Some("spec.paused".to_owned()),
                    why: "its rollouts are paused: resume them first".to_owned(),
                }));
            }
            restart(&version, &object::now())
        }
        ObjectCommand::Annotate { annotation, value, .. } => annotate(&version, annotation, value),
        ObjectCommand::Evict { .. } => {
            return Err(Failed::For(ClusterError::Refused {
                field: None,
                why: "an eviction changes no object".to_owned(),
            }));
        }
    };
    let answered = calls.write(&path, &Body::Merge(body)).await;
    settle(calls, right, current.clone(), answered)
}

/// What a person's tool has set gives way; what a program keeps is the program's.
async fn apply_by_fields(
    calls: &Calls<'_>,
    path: &str,
    right: Right,
    current: &Value,
    command: &ObjectCommand,
    body: Value,
) -> Result<Applied, Failed> {
    let first = calls
        .write(
            path,
            &Body::Apply {
                body: body.clone(),
                force: false,
            },
        )
        .await;
    let owned = match &first {
        Err(Fault::Refused(refusal)) => owners(refusal),
        _ => Vec::new(),
    };
    if owned.is_empty() {
        return settle(calls, right, current.clone(), first);
    }
    if let Some((manager, field)) = owned.iter().find(|(manager, _)| is_kept_by(manager)) {
        return Err(Failed::For(ClusterError::Managed {
            manager: Manager {
                tool: manager.clone(),
                name: String::new(),
                seen_by: format!("field manager of {field}"),
            },
            patch: to_copy(current, command, &object::now())?,
        }));
    }
    // A conflict is an answer: nothing was done.
    let answered = calls.write(path, &Body::Apply { body, force: true }).await;
    let mut applied = settle(calls, right, current.clone(), answered)?;
    let taken = owned
        .into_iter()
        .map(|(manager, field)| format!("{field} was set by {manager} and is taken over"));
    applied.warnings.extend(taken);
    Ok(applied)
}

fn settle(calls: &Calls<'_>, right: Right, before: Value, answered: Result<Answered, Fault>) -> Result<Applied, Failed> {
    match answered {
        Ok(Answered { object, warnings }) => Ok(Applied {
            before,
            after: object,
            warnings,
        }),
        Err(Fault::Refused(refusal)) if refusal.code == 409 => Err(Failed::Raced),
        Err(fault) => Err(Failed::For(calls.failed(fault, right))),
    }
}

/// Who owns which of the fields, by a conflict of server-side apply: `conflict with "kubectl-client-side-apply" using autoscaling/v2`.
fn owners(refusal: &Refusal) -> Vec<(String, String)> {
    let conflicts = refusal.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
    conflicts
        .map(|cause| {
            let manager = cause.message.split('"').nth(1).unwrap_or(&cause.message);
            (manager.to_owned(), cause.field.trim_start_matches('.').to_owned())
        })
        .collect()
}
