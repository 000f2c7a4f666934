//! Statements over many rows at once.

use std::sync::LazyLock;

use control::ports::StoreError;
use model::Resolution;

use crate::{
    db::Db,
    value::{Value, values},
};

/// Series of one statement.
pub(super) const SERIES_AT_ONCE: usize = 64;

/// `($1, $2), ($3, $4)`: this many rows of this many values.
pub(super) fn tuples(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let values: Vec<_> = (0..columns).map(|c| format!("${}", row * columns + c + 1)).collect();
        format!("({})", values.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

static BLOCKS: LazyLock<String> = LazyLock::new(|| {
    let series: Vec<_> = (0..SERIES_AT_ONCE).map(|n| format!("${}", n + 4)).collect();
    format!(
        "SELECT series, slice_ms, data FROM sample_blocks
         WHERE resolution_ms = $1 AND slice_ms >= $2 AND slice_ms <= $3 AND series IN ({})",
        series.join(", ")
    )
});

pub(super) struct StoredBlock {
    pub(super) series: i64,
    pub(super) slice_ms: i64,
    pub(super) data: Vec<u8>,
}

/// The blocks of at most [`SERIES_AT_ONCE`] series whose slices begin between these moments, both included; in no order.
pub(super) async fn blocks(
    db: &Db,
    resolution: Resolution,
    series: &[i64],
    from_slice: i64,
    to_slice: i64,
) -> Result<Vec<StoredBlock>, StoreError> {
    let Some(&last) = series.last() else { return Ok(Vec::new()) };
    let mut given = values![resolution.ms(), from_slice, to_slice].to_vec();
    // Always the same statement, so that it is prepared once: the last one stands for those that are missing.
    given.extend((0..SERIES_AT_ONCE).map(|n| series.get(n).copied().unwrap_or(last).into()));
    let rows = db.fetch(BLOCKS.as_str(), &given).await?;
    let block = |row: &crate::row::Row| {
        row.read("sample_blocks", "series", |row| {
            Ok(StoredBlock {
                series: row.get("series")?,
                slice_ms: row.get("slice_ms")?,
                data: row.get("data")?,
            })
        })
    };
    rows.iter().map(block).collect()
}

static REMOVE_NAMES: LazyLock<String> = LazyLock::new(|| {
    let series: Vec<_> = (0..SERIES_AT_ONCE).map(|n| format!("${}", n + 5)).collect();
    format!(
        "DELETE FROM series WHERE id IN ({}) AND NOT EXISTS (SELECT 1 FROM sample_blocks
         WHERE resolution_ms IN ($1, $2, $3, $4) AND sample_blocks.series = series.id)",
        series.join(", ")
    )
});

/// Removes those of at most [`SERIES_AT_ONCE`] names that have no block; how many.
pub(super) async fn remove_names(db: &Db, series: &[i64]) -> Result<u64, StoreError> {
    let Some(&last) = series.last() else { return Ok(0) };
    let mut given: Vec<Value> = Resolution::ALL.map(|r| r.ms().into()).to_vec();
    given.extend((0..SERIES_AT_ONCE).map(|n| series.get(n).copied().unwrap_or(last).into()));
    let mut tx = db.begin().await?;
    let removed = tx.execute(REMOVE_NAMES.as_str(), &given).await?;
    tx.commit().await?;
    Ok(removed)
}

/// Rows of the tail that are in memory at once: some megabytes where there are thousands of series.
pub(super) const TAIL_ROWS_AT_ONCE: usize = 100;

/// The first rows of the tail between these moments, both included, in their order.
pub(super) async fn tail(db: &Db, from_ms: i64, to_ms: i64) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let sql = "SELECT at_ms, data FROM sample_tail WHERE at_ms >= $1 AND at_ms <= $2 ORDER BY at_ms LIMIT $3";
    let limit = i64::try_from(TAIL_ROWS_AT_ONCE).unwrap_or(i64::MAX);
    let rows = db.fetch(sql, values![from_ms, to_ms, limit]).await?;
    let row = |row: &crate::row::Row| row.read("sample_tail", "at_ms", |row| Ok((row.get("at_ms")?, row.get("data")?)));
    rows.iter().map(row).collect()
}
