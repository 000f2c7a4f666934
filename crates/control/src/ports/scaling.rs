use async_trait::async_trait;
use model::{
    NewEvent, Page, WorkloadId,
    scaling::{DecisionSpan, LedgerFilter, ScalingEvent, ScalingEventFilter, ScalingIntent, ScalingPlan},
};

use super::{AuditEntry, StoreError};

/// A change of what is intended for a workload: compare-and-swap on the version.
#[derive(Debug, Clone, PartialEq)]
pub struct PutScaling {
    pub workload: WorkloadId,
    /// The version the change was made from.
    pub expected_version: u64,
    pub plan: ScalingPlan,
    pub audit: AuditEntry,
    pub event: NewEvent,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PutScalingError {
    /// Somebody else was first; this is what they made.
    #[error("version {} is in force", .0.version)]
    Stale(Box<ScalingIntent>),
    #[error("there is no such workload")]
    Missing,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is intended for each workload.
#[async_trait]
pub trait ScalingPolicies: Send + Sync + 'static {
    /// By workload.
    async fn list(&self) -> Result<Vec<ScalingIntent>, StoreError>;

    /// Writes version 1 where the workload has none yet; what is there is left as it is. Answers with the one in force.
    async fn ensure(&self, workload: &WorkloadId, plan: &ScalingPlan, now_ms: i64) -> Result<ScalingIntent, StoreError>;

    /// Plan, version, audit row and event in one transaction.
    async fn put(&self, put: &PutScaling) -> Result<ScalingIntent, PutScalingError>;
}

/// A change of the replicas as far as it is known, with what the journal is told once: when the change is new, and again when its outcome
/// is another than the stored one.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRecord {
    pub event: ScalingEvent,
    pub told: Vec<NewEvent>,
}

/// Decisions and what came of them. A span is known by its workload and first moment, a change by its workload and moment: keeping it again
/// brings it up to date, so that a call that was cut off can be repeated.
#[async_trait]
pub trait ScalingLedger: Send + Sync + 'static {
    /// All of it or nothing.
    async fn keep(&self, spans: &[DecisionSpan], changes: &[ChangeRecord]) -> Result<(), StoreError>;

    /// Writes down a change that is about to be carried out, in place of the one before. Whoever leads next finds it, also where it was never
    /// [kept](ScalingLedger::keep).
    async fn begin(&self, change: &ScalingEvent) -> Result<(), StoreError>;

    /// The last change that was begun for the workload.
    async fn begun(&self, workload: &WorkloadId) -> Result<Option<ScalingEvent>, StoreError>;

    /// Newest first, at most `limit` and [`super::PAGE_MAX`].
    async fn decisions(&self, filter: &LedgerFilter, limit: u32) -> Result<Page<DecisionSpan>, StoreError>;

    /// Newest first, at most `limit` and [`super::PAGE_MAX`].
    async fn changes(&self, filter: &ScalingEventFilter, limit: u32) -> Result<Page<ScalingEvent>, StoreError>;
}
