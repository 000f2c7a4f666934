use async_trait::async_trait;
use model::{DataUsage, Resolution};

use super::StoreError;

/// What grows and is not kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeptTable {
    Events,
    Audit,
    /// The ledger of scaling decisions.
    Decisions,
    /// Changes of replicas.
    ScalingEvents,
    Samples(Resolution),
    /// Names of series that have no value left.
    Series,
    Sessions,
}

/// What the clean-up asks of the store.
#[async_trait]
pub trait Upkeep: Send + Sync + 'static {
    /// Removes what lies before this moment, in steps that never hold the database for long; how many rows. Samples leave by whole slices
    /// ([`Resolution::slice_ms`]), sessions when they have expired by then, names of series when nothing is left of them.
    async fn forget(&self, table: KeptTable, before_ms: i64) -> Result<u64, StoreError>;

    /// What the data takes.
    async fn usage(&self) -> Result<DataUsage, StoreError>;
}
