//! One call to the API server, and what its refusal means.

use std::time::Duration;

use control::ports::cluster::ClusterError;
use http::{Method, Request, header};
use model::cluster::ObjectRef;
use serde_json::Value;

use super::{FIELD_MANAGER, warnings::warnings};
use crate::kubernetes::{
    Inner,
    api::{Fault, Refusal, query},
    rule::rule,
};

/// One object: etcd takes no larger one.
const OBJECT_MAX_BYTES: usize = 4 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    DryRun,
    ForReal,
}

/// All calls of one command.
pub(super) struct Calls<'a> {
    pub(super) inner: &'a Inner,
    pub(super) object: &'a ObjectRef,
    pub(super) how: How,
}

/// What a call needs, as a role has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Right {
    pub(super) group: &'static str,
    /// `deployments/scale`.
    pub(super) resource: &'static str,
    /// All that the command needs of it, so that a rule is missing once and not twice.
    pub(super) verbs: &'static [&'static str],
}

/// What is sent.
pub(super) enum Body {
    Apply { body: Value, force: bool },
    Merge(Value),
    Create(Value),
}

/// An answer, parsed.
pub(super) struct Answered {
    pub(super) object: Value,
    pub(super) warnings: Vec<String>,
}

impl Calls<'_> {
    pub(super) async fn get(&self, path: &str, right: Right) -> Result<Value, ClusterError> {
        let request = Request::get(path)
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(Fault::unreadable);
        let answer = self.send(request).await.map_err(|fault| self.told(fault, right, false))?;
        Ok(answer.object)
    }

    /// Says what is changed, unless it is a dry run. The fault comes as it is: what it means depends on what was sent.
    pub(super) async fn write(&self, path: &str, body: &Body) -> Result<Answered, Fault> {
        let (method, kind, force, body) = match body {
            Body::Apply { body, force } => (Method::PATCH, "application/apply-patch+yaml", *force, body),
            Body::Merge(body) => (Method::PATCH, "application/merge-patch+json", false, body),
            Body::Create(body) => (Method::POST, "application/json", false, body),
        };
        let asked = query(&[
            ("fieldManager", FIELD_MANAGER),
            ("force", if force { "true" } else { "" }),
            ("dryRun", if self.how == How::DryRun { "All" } else { "" }),
        ]);
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}{asked}"))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, kind)
            .body(body.to_string().into_bytes())
            .map_err(Fault::unreadable);
        self.send(request).await
    }

    async fn send(&self, request: Result<Request<Vec<u8>>, Fault>) -> Result<Answered, Fault> {
        let within = self.inner.config.timing.answer;
        let answer = self.inner.api.send(request?, OBJECT_MAX_BYTES, within).await?;
        Ok(Answered {
            object: serde_json::from_slice(&answer.body).map_err(Fault::unreadable)?,
            warnings: warnings(&answer.headers),
        })
    }

    /// What a fault of a writing call means.
    pub(super) fn failed(&self, fault: Fault, right: Right) -> ClusterError {
        self.told(fault, right, self.how == How::ForReal)
    }

    /// `writes`: whether something may have been done when no answer came.
    fn told(&self, fault: Fault, right: Right, writes: bool) -> ClusterError {
        let refusal = match fault {
            Fault::Refused(refusal) => refusal,
            Fault::NotSent { why } => return ClusterError::Unreachable { why, may_be_done: false },
            other => {
                return ClusterError::Unreachable {
                    why: other.to_string(),
                    may_be_done: writes,
                };
            }
        };
        match refusal.code {
            401 => ClusterError::Unreachable {
                why: format!("{refusal}: {}", self.inner.api.credentials()),
                may_be_done: false,
            },
            403 if is_of_rights(&refusal) => ClusterError::Forbidden {
                what: format!("{} {} in {}", right.verbs.join(", "), right.resource, self.object.namespace),
                rule: rule(right.group, right.resource, right.verbs, Some(&self.object.namespace)),
            },
            404 => ClusterError::NotFound(self.object.clone()),
            429 => ClusterError::TooManyRequests {
                retry_after_s: seconds(refusal.retry_after).unwrap_or(1),
            },
            // Whoever admits could not be asked, so that nothing was done.
            500 if refusal.message.contains("failed calling webhook") => refused(&refusal),
            500.. => ClusterError::Unreachable {
                why: refusal.to_string(),
                may_be_done: writes,
            },
            _ => refused(&refusal),
        }
    }
}

/// In the API server's own words.
pub(super) fn refused(refusal: &Refusal) -> ClusterError {
    let field = match &*refusal.causes {
        [cause] if !cause.field.is_empty() => Some(cause.field.clone()),
        _ => None,
    };
    ClusterError::Refused {
        field,
        why: refusal.message.clone(),
    }
}

pub(super) fn seconds(wait: Option<Duration>) -> Option<u32> {
    wait.map(|wait| u32::try_from(wait.as_secs()).unwrap_or(u32::MAX))
}

/// A 403 of an admission plug-in (a quota, a policy) has words of its own.
fn is_of_rights(refusal: &Refusal) -> bool {
    refusal.message.contains(" cannot ") && refusal.message.contains(" resource ")
}
