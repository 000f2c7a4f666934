use async_trait::async_trait;
use model::{Event, EventFilter, FieldDiff, NewEvent, Page};

use super::StoreError;

/// The longest page that [`Journal`] answers with, whatever was asked: a reader takes the next page instead of all memory.
pub const PAGE_MAX: u32 = 1_000;

/// One row of the audit log: who did what, from where, and what changed. Written in the same transaction as the change itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Unix time, ms.
    pub at_ms: i64,
    /// User name, or "command line".
    pub who: String,
    /// Client address, or "console" for the command line.
    pub from: String,
    /// Noun, then verb: "pool.change", "user.create".
    pub action: String,
    /// What it was done to: "web".
    pub target: String,
    pub diff: Vec<FieldDiff>,
}

/// A stored audit row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    pub id: i64,
    pub entry: AuditEntry,
}

/// What happened, kept. U+0000, which PostgreSQL's text cannot hold, is kept as U+FFFD everywhere.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Stores the events in order, all or none, and answers with their ids.
    async fn append(&self, events: Vec<NewEvent>) -> Result<Vec<Event>, StoreError>;

    /// Stores what somebody did and the event that tells of it, both or none.
    async fn record(&self, audit: &AuditEntry, event: &NewEvent) -> Result<Event, StoreError>;

    /// Newest first, at most `limit` and [`PAGE_MAX`].
    async fn read(&self, filter: &EventFilter, limit: u32) -> Result<Page<Event>, StoreError>;

    /// Newest first, at most `limit` and [`PAGE_MAX`], older than `before_id` when given.
    async fn audit(&self, before_id: Option<i64>, limit: u32) -> Result<Page<AuditRecord>, StoreError>;
}
