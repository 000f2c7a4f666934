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

/// From when on there are values, Unix ms. How long a resolution is meant to be kept says nothing of what it has: a setting that was raised
/// brings back nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oldest {
    /// In the order of [`Resolution::ALL`]; of a coarse one the beginning of its bucket.
    pub by_resolution: [Option<i64>; 4],
    /// What is in no block yet, and so at every resolution.
    pub tail: Option<i64>,
}

impl Oldest {
    /// The oldest value of all.
    pub fn since_ms(&self) -> Option<i64> {
        let (mut since, mut step_ms): (Option<i64>, i64) = (None, 0);
        for (resolution, first) in Resolution::ALL.into_iter().zip(self.by_resolution).rev() {
            // A finer resolution knows better when the first bucket of a coarser one really began.
            if let Some(first) = first.filter(|f| since.is_none_or(|s| *f < s + step_ms)) {
                since = Some(first);
                step_ms = resolution.ms();
            }
        }
        match (since, self.tail) {
            (Some(a), Some(b)) => Some(if b < a + step_ms && b > a { b } else { a.min(b) }),
            (a, b) => a.or(b),
        }
    }

    /// The finest resolution, no finer than `wanted`, that has what there is since `from_ms`.
    pub fn reaching(&self, wanted: Resolution, from_ms: i64) -> Resolution {
        let Some(since_ms) = self.since_ms() else { return wanted };
        // A slice is in blocks of all resolutions or in none.
        let needed_ms = from_ms.max(since_ms).saturating_add(Resolution::QuarterHour.ms());
        let reaches = |(_, oldest): &(Resolution, Option<i64>)| oldest.iter().chain(&self.tail).any(|at| *at <= needed_ms);
        let mut coarser = Resolution::ALL.into_iter().zip(self.by_resolution).filter(|(r, _)| *r >= wanted);
        coarser.find(reaches).map_or(wanted, |(resolution, _)| resolution)
    }
}

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

    /// From when on there are values.
    async fn oldest(&self) -> Result<Oldest, StoreError>;

    /// Unix ms of the oldest value.
    async fn since_ms(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.oldest().await?.since_ms())
    }

    /// Unix ms of the newest row of the slice that is not complete yet: the one in which the last row was written.
    async fn newest_ms(&self) -> Result<Option<i64>, StoreError>;
}
