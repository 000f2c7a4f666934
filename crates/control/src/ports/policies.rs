use async_trait::async_trait;
use model::{NewEvent, PoolId, PoolIntent, PoolPolicy};

use super::{AuditEntry, StoreError};

/// A change of intention: compare-and-swap on the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutPolicy {
    pub pool: PoolId,
    /// The version the change was made from.
    pub expected_version: u64,
    pub policy: PoolPolicy,
    pub audit: AuditEntry,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// Somebody else was first; this is what they made.
    #[error("version {} is in force", .0.version)]
    Stale(Box<PoolIntent>),
    #[error("there is no such pool")]
    Missing,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is intended for each pool.
#[async_trait]
pub trait Policies: Send + Sync + 'static {
    async fn list(&self) -> Result<Vec<PoolIntent>, StoreError>;

    /// Writes version 1 where the pool has none yet; an existing policy is left as it is. Answers with the one in force.
    async fn ensure(&self, pool: &PoolId, policy: &PoolPolicy, now_ms: i64) -> Result<PoolIntent, StoreError>;

    /// Policy, version and audit row in one transaction.
    async fn put(&self, put: &PutPolicy) -> Result<PoolIntent, PutError>;

    /// The newest version whose event has been written, by pool; 0 where none has.
    async fn announced(&self, pool: &PoolId) -> Result<u64, StoreError>;

    /// Writes the event that tells of `version` being in force and remembers so, in one transaction. `false` when it was told before:
    /// a console killed between applying and telling tells it after its restart, and only once.
    async fn announce(&self, pool: &PoolId, version: u64, event: &NewEvent) -> Result<bool, StoreError>;
}
