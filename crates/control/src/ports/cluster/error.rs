use model::cluster::{Manager, ObjectRef};

/// Why a cluster did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    #[error("there is no {0} in the cluster")]
    NotFound(ObjectRef),
    /// Somebody changed it since the form was filled in.
    #[error("it was changed by {} since: version {current} is in force", .by.as_deref().unwrap_or("somebody else"))]
    Conflict { current: String, by: Option<String> },
    /// 403, with the rule that would allow it, as YAML.
    #[error("the console's account may not {what}")]
    Forbidden { what: String, rule: String },
    /// Argo CD, Flux or Helm would undo it; with the patch to give to them.
    #[error("{} looks after it: change it there", .manager.tool)]
    Managed { manager: Manager, patch: String },
    /// An HPA owns the replicas.
    #[error("the HPA {hpa} sets the replicas")]
    OwnedByHpa { hpa: ObjectRef },
    /// The API server or an admission controller refused it, in its own words.
    #[error("{why}")]
    Refused { field: Option<String>, why: String },
    /// The Eviction API's refusal: a disruption budget has no room.
    #[error("a disruption budget does not allow it now: {why}")]
    BudgetExhausted { why: String, retry_after_s: Option<u32> },
    /// Nothing is changed by this console.
    #[error("the cluster is read-only here: {why}")]
    ReadOnly { why: String },
    /// What is known is too old to act on.
    #[error("the cluster does not answer: nothing is changed on old knowledge")]
    Stale { since_ms: i64 },
    #[error("the API server asks to wait {retry_after_s} s")]
    TooManyRequests { retry_after_s: u32 },
    /// It may or may not have been done.
    #[error("no answer: {why}")]
    Unreachable { why: String, may_be_done: bool },
}
