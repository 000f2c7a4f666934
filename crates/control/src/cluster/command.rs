//! Commands to a cluster: tried first, written down before they are done, and told of whatever comes of them.
//!
//! ```text
//!  check ─► dry run ─► audit row + event ─► carry out ─┬─ done, refused: audit row + event
//!                       (none: nothing done)           └─ no answer: the same, "may have been done"
//! ```

use std::{sync::Arc, time::Duration};

use model::{
    ApiError, EventKind, FieldDiff, NewEvent, Severity,
    cluster::{DryRun, ObjectCommand, ObjectDone, ObjectRef},
};

use super::told::told;
use crate::{
    Control,
    access::SystemAdmin,
    decide::cluster::{Subject, check, refused, refused_at_all},
    ports::{
        AuditEntry,
        cluster::{Cluster, ClusterError},
    },
};

/// A dry run is asked for while somebody looks at the form.
const TRY_WITHIN: Duration = Duration::from_secs(20);
/// Longer than the adapter's own deadlines together; only an adapter that hangs is cut off here.
const ACT_WITHIN: Duration = Duration::from_secs(60);

impl Control {
    /// What a command would do, by the cluster's own dry run. Changes nothing, writes nothing.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`], [`ApiError::Cluster`] with the way out.
    pub async fn try_command(&self, _who: &SystemAdmin, object: &ObjectRef, command: &ObjectCommand) -> Result<DryRun, ApiError> {
        let cluster = self.cluster(object)?;
        try_out(cluster.as_ref(), object, command).await
    }

    /// Carries out what was tried: with the version that the dry run was made from. It is tried once more right before, and what the API
    /// server answers to that is written down first; without its audit row nothing is done. A caller that goes away changes nothing of that.
    ///
    /// # Errors
    /// Those of [`Control::try_command`]; [`ApiError::Clash`] while another command for the object is under way; [`ApiError::Unavailable`]
    /// when it cannot be written down.
    pub async fn command(&self, who: &SystemAdmin, object: &ObjectRef, command: &ObjectCommand) -> Result<ObjectDone, ApiError> {
        let (control, who, object, command) = (self.clone(), who.clone(), object.clone(), command.clone());
        tokio::spawn(async move { control.command_whole(&who, &object, command).await })
            .await
            .unwrap_or_else(|e| Err(ApiError::unavailable("the command", e)))
    }

    async fn command_whole(&self, who: &SystemAdmin, object: &ObjectRef, command: ObjectCommand) -> Result<ObjectDone, ApiError> {
        let cluster = self.cluster(object)?;
        if command.resource_version().is_some_and(str::is_empty) {
            let why = "send the version that the dry run was made from: try it first";
            return Err(ApiError::invalid("resource_version", why));
        }
        let _turn = self.state.acting.begin(object)?;
        let tried = try_out(cluster.as_ref(), object, &command).await?;
        if tried.diff.is_empty() {
            return Ok(ObjectDone {
                diff: tried.diff,
                warnings: tried.warnings,
                resource_version: tried.resource_version,
            });
        }
        let account = Account {
            control: self,
            who,
            object,
            action: format!("cluster.{}", command.id()),
        };
        account.asked(&tried.diff).await?;
        let command = command.from_version(&tried.resource_version);
        let done = tokio::time::timeout(ACT_WITHIN, cluster.carry_out(object, &command))
            .await
            .unwrap_or_else(|_| {
                Err(ClusterError::Unreachable {
                    why: format!("nothing came within {} s", ACT_WITHIN.as_secs()),
                    may_be_done: true,
                })
            });
        account.ended(&tried.diff, &done).await;
        self.state.collect_now.notify_one();
        done.map_err(told)
    }

    fn cluster(&self, object: &ObjectRef) -> Result<Arc<dyn Cluster>, ApiError> {
        let clusters = &self.state.ports.clusters;
        let found = clusters.iter().find(|cluster| cluster.id() == &object.cluster);
        found.cloned().ok_or_else(|| ApiError::not_found("cluster", &object.cluster))
    }
}

async fn try_out(cluster: &dyn Cluster, object: &ObjectRef, command: &ObjectCommand) -> Result<DryRun, ApiError> {
    let (look, read_only) = (cluster.look(), cluster.read_only());
    let subject = Subject {
        look: &look,
        read_only: read_only.as_deref(),
        object,
    };
    if let Some(error) = refused_at_all(&subject) {
        return Err(told(error));
    }
    check(&subject, command)?;
    // Whoever looks after it gets the patch, which the cluster makes from the whole object.
    let managed = match refused(&subject, command) {
        Some(error @ ClusterError::Managed { .. }) => Some(error),
        Some(error) => return Err(told(error)),
        None => None,
    };
    let tried = tokio::time::timeout(TRY_WITHIN, cluster.try_out(object, command))
        .await
        .unwrap_or_else(|_| {
            Err(ClusterError::Unreachable {
                why: format!("nothing came within {} s", TRY_WITHIN.as_secs()),
                may_be_done: false,
            })
        });
    match (managed, tried) {
        (Some(error), Ok(_)) => Err(told(error)),
        (_, tried) => tried.map_err(told),
    }
}

/// What is written down of one command.
struct Account<'a> {
    control: &'a Control,
    who: &'a SystemAdmin,
    object: &'a ObjectRef,
    action: String,
}

impl Account<'_> {
    /// Before anything is done.
    async fn asked(&self, diff: &[FieldDiff]) -> Result<(), ApiError> {
        let event = self.event(EventKind::ClusterAsked, Severity::Info, "asked for", said(diff));
        let journal = &self.control.state.ports.journal;
        journal
            .record(&self.audit("", diff.to_vec()), &event)
            .await
            .map(|_| ())
            .map_err(|e| ApiError::unavailable("the database", e))
    }

    /// Whatever came of it. Where the database is away by now, the event waits for it.
    async fn ended(&self, asked: &[FieldDiff], done: &Result<ObjectDone, ClusterError>) {
        let (how, diff, event) = match done {
            Ok(done) => {
                let event = self.event(EventKind::ClusterChanged, Severity::Info, "done", said(&done.diff));
                (".done", done.diff.clone(), event)
            }
            Err(error @ ClusterError::Unreachable { may_be_done: true, .. }) => {
                let cause = format!("{error}; it may have been done: {}", said(asked));
                let event = self.event(EventKind::ClusterUnsure, Severity::Warning, "without an answer", cause);
                (".unsure", asked.to_vec(), event)
            }
            Err(error) => {
                let event = self.event(EventKind::ClusterRefused, Severity::Warning, "not done", error.to_string());
                (".refused", Vec::new(), event)
            }
        };
        let state = &self.control.state;
        if let Err(error) = state.ports.journal.record(&self.audit(how, diff), &event).await {
            tracing::error!(%error, object = %self.object, "what came of a command to a cluster could not be written; its event waits");
            if state.to_record.try_send(vec![event]).is_err() {
                tracing::error!(object = %self.object, "nor could its event be kept: the audit row from before it is all there is");
            }
        }
    }

    fn audit(&self, how: &str, diff: Vec<FieldDiff>) -> AuditEntry {
        AuditEntry {
            at_ms: self.control.state.now_ms(),
            who: self.who.user().name.to_string(),
            from: self.who.from().to_string(),
            action: format!("{}{how}", self.action),
            target: self.object.to_string(),
            diff,
        }
    }

    fn event(&self, kind: EventKind, severity: Severity, how: &str, cause: String) -> NewEvent {
        let ObjectRef {
            cluster, namespace, name, ..
        } = self.object;
        NewEvent {
            at_ms: self.control.state.now_ms(),
            kind,
            severity,
            pool: None,
            instance: None,
            summary: format!(
                "{} {namespace}/{name} in {cluster}: {} {how}",
                self.object.kind.label(),
                self.words()
            ),
            cause,
            actor: self.who.actor(),
        }
    }

    fn words(&self) -> &'static str {
        match self.action.as_str() {
            "cluster.edit_hpa" => "edit",
            "cluster.scale" => "scaling",
            "cluster.restart" => "restart",
            "cluster.evict" => "eviction",
            _ => "annotation",
        }
    }
}

/// Longest list of changes in an event; the audit row has them all.
const SAID_MAX: usize = 8;

fn said(diff: &[FieldDiff]) -> String {
    let mut words: Vec<String> = diff
        .iter()
        .take(SAID_MAX)
        .map(|d| match (d.before.as_str(), d.after.as_str()) {
            ("", after) => format!("{} {after}", d.field),
            (before, "") => format!("{} {before} removed", d.field),
            (before, after) => format!("{} {before} → {after}", d.field),
        })
        .collect();
    if diff.len() > SAID_MAX {
        words.push(format!("and {} more", diff.len() - SAID_MAX));
    }
    words.join(", ")
}
