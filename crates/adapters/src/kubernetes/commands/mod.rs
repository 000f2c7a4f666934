//! What can be asked of the cluster: each command as a dry run and for real, by the same way.
//!
//! ```text
//!  read the object ─► who looks after it? ─► changed since? ─► send ─┬─ done: before beside after, both the API server's
//!        ▲                                                          │
//!        └──── 409: it was written meanwhile; nothing was done ◄─────┘
//! ```
//! Nothing that may have arrived is sent again.

mod apply;
mod call;
mod evict;
mod object;
mod warnings;

use control::ports::cluster::{
    ClusterError,
    rules::{changes, is_about_balancing, without_noise, yaml},
};
use model::{
    FieldDiff,
    cluster::{DryRun, ObjectCommand, ObjectDone, ObjectKind, ObjectRef},
};
use serde_json::Value;

use self::call::{Calls, How};
use super::{Inner, kind::Kind};

/// Whose the fields are that are changed from here.
const FIELD_MANAGER: &str = "evenkeel";
/// A controller writes the status between our reading and our writing: each time it is read and looked at anew.
const RACES_MAX: u32 = 5;

/// What the API server made of a command.
struct Answered {
    diff: Vec<FieldDiff>,
    after: Value,
    warnings: Vec<String>,
    resource_version: String,
}

/// What the command would do, by the API server's own dry run.
pub(super) async fn try_out(inner: &Inner, object: &ObjectRef, command: &ObjectCommand) -> Result<DryRun, ClusterError> {
    let answered = ask(inner, object, command, How::DryRun).await?;
    Ok(DryRun {
        object: object.clone(),
        diff: answered.diff,
        after: yaml(&answered.after),
        warnings: answered.warnings,
        resource_version: answered.resource_version,
    })
}

/// Carries it out.
pub(super) async fn carry_out(inner: &Inner, object: &ObjectRef, command: &ObjectCommand) -> Result<ObjectDone, ClusterError> {
    let answered = ask(inner, object, command, How::ForReal).await?;
    Ok(ObjectDone {
        diff: answered.diff,
        warnings: answered.warnings,
        resource_version: answered.resource_version,
    })
}

async fn ask(inner: &Inner, object: &ObjectRef, command: &ObjectCommand, how: How) -> Result<Answered, ClusterError> {
    if let Some(why) = &inner.config.read_only {
        return Err(ClusterError::ReadOnly { why: why.clone() });
    }
    let calls = Calls { inner, object, how };
    match (command, object.kind) {
        (ObjectCommand::EditHpa { .. }, ObjectKind::Hpa)
        | (ObjectCommand::Scale { .. } | ObjectCommand::Restart { .. }, ObjectKind::Deployment | ObjectKind::StatefulSet)
        | (ObjectCommand::Annotate { .. }, _) => change(&calls, command).await,
        (ObjectCommand::Evict { pod }, _) => evict::evict(&calls, pod).await,
        _ => Err(ClusterError::Refused {
            field: None,
            why: format!("nothing of the kind can be done to an object of the kind {}", object.kind.label()),
        }),
    }
}

/// The object that a command changes.
fn place(object: &ObjectRef, command: &ObjectCommand) -> (Kind, String) {
    if let ObjectCommand::Annotate { ingress, .. } = command {
        return (Kind::Ingresses, ingress.clone());
    }
    let kind = match object.kind {
        ObjectKind::Hpa => Kind::Hpas,
        ObjectKind::Deployment => Kind::Deployments,
        ObjectKind::StatefulSet => Kind::StatefulSets,
    };
    (kind, object.name.clone())
}

async fn change(calls: &Calls<'_>, command: &ObjectCommand) -> Result<Answered, ClusterError> {
    let (kind, name) = place(calls.object, command);
    let seen = command.resource_version().unwrap_or_default();
    let mut races = 0;
    loop {
        let current = object::read(calls, kind, &name).await?;
        if matches!(command, ObjectCommand::Scale { .. }) {
            object::refuse_owned_by_hpa(calls).await?;
        }
        object::refuse_managed(&current, command)?;
        object::refuse_changed(calls, kind, &name, &current, seen).await?;
        match apply::apply(calls, kind, &name, &current, command).await {
            Err(apply::Failed::Raced) if races < RACES_MAX => races += 1,
            Err(apply::Failed::Raced) => return Err(object::conflict(&current)),
            Err(apply::Failed::For(error)) => return Err(error),
            Ok(applied) => {
                let resource_version = match calls.how {
                    // The version that was answered from: that of a dry run's answer is nobody's.
                    How::DryRun => object::version(&current),
                    How::ForReal => object::version(&applied.after),
                };
                return Ok(Answered {
                    diff: changes(&applied.before, &applied.after),
                    after: without_noise(&applied.after, is_about_balancing),
                    warnings: applied.warnings,
                    resource_version,
                });
            }
        }
    }
}
