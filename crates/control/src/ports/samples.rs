use std::sync::Arc;

use async_trait::async_trait;
use model::Resolution;

use super::StoreError;
use crate::decide::rollup::Bucket;

/// Series of one question: more than any page draws, few enough for memory.
pub const RANGE_KEYS_MAX: usize = 2_000;

/// What was measured at one moment: each series once. Values that are not finite count as not measured.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRow {
    /// Unix ms.
    pub at_ms: i64,
    /// Text keys: the store knows nothing of metrics.
    pub values: Vec<(Arc<str>, f32)>,
}

/// What became of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recorded {
    pub rows: u64,
    /// Rows of a moment that was there already: the first one stands.
    pub repeated: u64,
    /// Values of series that the store has no room for.
    pub refused: u64,
}

/// What became of the rows that were complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    pub rows: u64,
    pub blocks: u64,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RangeQuery {
    /// At most [`RANGE_KEYS_MAX`]; what lies beyond is not answered.
    pub keys: Vec<Arc<str>>,
    /// Unix ms, both included.
    pub from_ms: i64,
    pub to_ms: i64,
    pub resolution: Resolution,
    /// Of each series, at least 3.
    pub points: usize,
}

/// Times in rising order, Unix ms, and as many values; `None` is a gap.
pub type Line = (Vec<i64>, Vec<Option<f32>>);

/// What was measured, kept over restarts. One writer.
#[async_trait]
pub trait Samples: Send + Sync + 'static {
    /// Keeps the rows, all or none. When it answers they are on disk. Rows may come late and in any order.
    async fn record(&self, rows: &[SampleRow]) -> Result<Recorded, StoreError>;

    /// Brings what is complete into its final form: all slices of time but the one of the newest row. May be repeated, and cut off at any
    /// moment, without a value lost or doubled.
    async fn compact(&self) -> Result<Compacted, StoreError>;

    /// One line for each key, in their order; empty where nothing was measured.
    async fn range(&self, query: &RangeQuery) -> Result<Vec<Line>, StoreError>;

    /// The same without thinning out: every bucket of the resolution, for each key.
    async fn buckets(&self, query: &RangeQuery) -> Result<Vec<Vec<Bucket>>, StoreError>;

    /// Unix ms of the oldest value.
    async fn since_ms(&self) -> Result<Option<i64>, StoreError>;

    /// Unix ms of the newest row of the slice that is not complete yet: the one in which the last row was written.
    async fn newest_ms(&self) -> Result<Option<i64>, StoreError>;
}
