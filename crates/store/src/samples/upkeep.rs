//! What is kept no longer leaves, a little at a time.

use std::collections::{BTreeSet, HashSet};

use async_trait::async_trait;
use control::ports::{KeptTable, StoreError, Upkeep};
use model::{DataUsage, Resolution, SampleUsage};

use super::{many, tail};
use crate::{
    Store,
    row::{Row, Unreadable},
    value::values,
};

/// Rows of one transaction: others wait as long as it takes.
const ROWS_AT_ONCE: i64 = 2_000;

#[async_trait]
impl Upkeep for Store {
    async fn forget(&self, table: KeptTable, before_ms: i64) -> Result<u64, StoreError> {
        match table {
            KeptTable::Events => {
                let sql = "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at_ms < $1 AND $2 = $2 ORDER BY at_ms LIMIT $3)";
                self.in_steps(sql, before_ms, 0).await
            }
            KeptTable::Audit => {
                let sql = "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at_ms < $1 AND $2 = $2 ORDER BY id LIMIT $3)";
                self.in_steps(sql, before_ms, 0).await
            }
            KeptTable::Decisions => {
                let sql =
                    "DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE to_ms < $1 AND $2 = $2 ORDER BY to_ms LIMIT $3)";
                self.in_steps(sql, before_ms, 0).await
            }
            KeptTable::ScalingEvents => {
                let sql = "DELETE FROM scaling_events WHERE id IN
                           (SELECT id FROM scaling_events WHERE at_ms < $1 AND $2 = $2 ORDER BY at_ms LIMIT $3)";
                self.in_steps(sql, before_ms, 0).await
            }
            KeptTable::Samples(resolution) => {
                let sql = "DELETE FROM sample_blocks WHERE (resolution_ms, series, slice_ms) IN
                           (SELECT resolution_ms, series, slice_ms FROM sample_blocks WHERE slice_ms <= $1 AND resolution_ms = $2 LIMIT $3)";
                let last = before_ms.saturating_sub(resolution.slice_ms());
                self.in_steps(sql, last, resolution.ms()).await
            }
            KeptTable::Series => self.forget_series().await,
            KeptTable::Sessions => {
                let sql = "DELETE FROM sessions WHERE token IN (SELECT token FROM sessions WHERE expires_at_ms < $1 AND $2 = $2 LIMIT $3)";
                self.in_steps(sql, before_ms, 0).await
            }
        }
    }

    async fn usage(&self) -> Result<DataUsage, StoreError> {
        let count = async |sql: &'static str| -> Result<u64, StoreError> {
            let rows = self.db.fetch(sql, &[]).await?;
            rows.first()
                .map_or(Ok(0), |row| row.read("a count", "count", |row| number(row, "count")))
        };
        let sql = "SELECT resolution_ms, count(*) AS blocks, CAST(sum(CASE WHEN series = 0 THEN 0 ELSE samples END) AS BIGINT) AS samples,
                   CAST(sum(length(data)) AS BIGINT) AS bytes FROM sample_blocks GROUP BY resolution_ms ORDER BY resolution_ms";
        let rows = self.db.fetch(sql, &[]).await?;
        Ok(DataUsage {
            bytes: self.db.size().await?.unsigned_abs(),
            series: count("SELECT count(*) AS count FROM series").await?,
            tail_rows: count("SELECT count(*) AS count FROM sample_tail").await?,
            samples: rows.iter().map(usage).collect::<Result<_, _>>()?,
            events: count("SELECT count(*) AS count FROM events").await?,
            audit: count("SELECT count(*) AS count FROM audit_log").await?,
            decisions: count("SELECT count(*) AS count FROM decisions").await?,
            scaling_events: count("SELECT count(*) AS count FROM scaling_events").await?,
        })
    }
}

impl Store {
    /// Repeats a deletion of at most `$3` rows until there is nothing left for it.
    async fn in_steps(&self, sql: &'static str, first: i64, second: i64) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let mut tx = self.db.begin().await?;
            let step = tx.execute(sql, values![first, second, ROWS_AT_ONCE]).await?;
            tx.commit().await?;
            removed += step;
            if step < ROWS_AT_ONCE.unsigned_abs() {
                return Ok(removed);
            }
            // Whoever waits for the database comes in between.
            tokio::task::yield_now().await;
        }
    }

    /// Names of which no value is left, neither in blocks nor in the tail. They are looked for while others write; only a few at a time are
    /// removed while nobody does.
    async fn forget_series(&self) -> Result<u64, StoreError> {
        let _one_at_a_time = self.samples.forgetting.lock().await;
        self.samples.writer.lock().await.named = Some(HashSet::new());
        let gone = self.nothing_left().await;
        let mut removed = Ok(0);
        for some in gone.as_deref().unwrap_or_default().chunks(many::SERIES_AT_ONCE) {
            match self.remove_names(some).await {
                Ok(rows) => removed = removed.map(|before: u64| before + rows),
                Err(error) => {
                    removed = Err(error);
                    break;
                }
            }
            // Whoever waits to write comes in between.
            tokio::task::yield_now().await;
        }
        self.samples.writer.lock().await.named = None;
        gone.and(removed)
    }

    /// Series of which nothing was stored when it was looked for. The blocks first: what moves there from the tail meanwhile is seen again
    /// before the name is removed.
    async fn nothing_left(&self) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT id FROM series WHERE NOT EXISTS (SELECT 1 FROM sample_blocks
                   WHERE resolution_ms IN ($1, $2, $3, $4) AND sample_blocks.series = series.id)";
        let [a, b, c, d] = Resolution::ALL.map(Resolution::ms);
        let rows = self.db.fetch(sql, values![a, b, c, d]).await?;
        let mut gone: BTreeSet<i64> = rows
            .iter()
            .map(|row| row.read("series", "id", |row| row.get("id")))
            .collect::<Result<_, _>>()?;
        let mut from = 0;
        while !gone.is_empty() {
            let rows = many::tail(&self.db, from, i64::MAX).await?;
            for (at_ms, data) in &rows {
                // Of a row that cannot be read nothing is left to lose its name.
                for (id, _) in tail::decode(data).unwrap_or_default() {
                    gone.remove(&id);
                }
                from = at_ms + 1;
            }
            if rows.len() < many::TAIL_ROWS_AT_ONCE {
                break;
            }
        }
        Ok(gone.into_iter().collect())
    }

    /// Removes those of a few names that were not used since, and have no block.
    async fn remove_names(&self, some: &[i64]) -> Result<u64, StoreError> {
        let writer = self.samples.writer.lock().await;
        let is_used = |id: &i64| writer.named.as_ref().is_some_and(|named| named.contains(id));
        let unused: Vec<i64> = some.iter().copied().filter(|id| !is_used(id)).collect();
        let removed = many::remove_names(&self.db, &unused).await;
        // Read anew also after an error: who knows whether they are gone.
        self.samples.series.forget().await;
        removed
    }
}

fn number(row: &Row, column: &str) -> Result<u64, Unreadable> {
    Ok(u64::try_from(row.get::<i64>(column)?)?)
}

fn usage(row: &Row) -> Result<SampleUsage, StoreError> {
    row.read("sample_blocks", "resolution_ms", |row| {
        let ms: i64 = row.get("resolution_ms")?;
        let unknown = || model::InvalidValue::new("resolution_ms", "is not one that this version knows");
        Ok(SampleUsage {
            resolution: Resolution::ALL.into_iter().find(|r| r.ms() == ms).ok_or_else(unknown)?,
            blocks: number(row, "blocks")?,
            samples: number(row, "samples")?,
            bytes: number(row, "bytes")?,
        })
    })
}
