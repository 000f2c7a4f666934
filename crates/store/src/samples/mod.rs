//! What was measured, over time.
//!
//! ```text
//!  record  ─► sample_tail     one row a second with all series: one small insert, one fsync
//!  compact ─► sample_blocks   a complete quarter of an hour: a block for each series, its roll-ups added to theirs
//!  range   ◄─ both            the tail first, so that what moves meanwhile is found twice and not never
//! ```
//!
//! A value is in the tail or in a block of format [`block`]; every format stays readable. A slice is whole when the block that holds its
//! moments is there, which is written with the transaction that empties the tail: nothing is lost or doubled by a kill. All roll-ups are
//! made from the values themselves, never from each other.

mod block;
mod buckets;
mod build;
mod bytes;
mod column;
mod compact;
mod dictionary;
mod many;
mod read;
mod slice;
mod tail;
mod upkeep;

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use control::ports::{Compacted, Fence, FenceCell, Line, Oldest, RangeQuery, Recorded, SampleRow, Samples, StoreError, rollup::Bucket};
use model::Resolution;
use tokio::sync::{Mutex, MutexGuard};

use self::{dictionary::Dictionary, slice::Slice};
use crate::{Store, db::Tx, value::values};

/// Series that have a name here. Instances come and go with new names; the clean-up removes those of which nothing is left.
const SERIES_MAX: usize = 50_000;

/// Longest name: a metric, a pool and an instance with room to spare.
const KEY_MAX_BYTES: usize = 300;

/// Moments that are meant: from 1970 until long after whoever set the clock right.
const MOMENTS_MS: RangeInclusive<i64> = 0..=1 << 53;

pub(crate) struct Recorder {
    series: Dictionary,
    /// Held while rows are written: there is one writer.
    writer: Mutex<Writer>,
    /// Held while a slice becomes blocks. Rows are written meanwhile, but for those of that slice.
    compacting: Mutex<()>,
    /// Held while names of which nothing is left are removed.
    forgetting: Mutex<()>,
    /// Where the slice begins that becomes blocks; [`NONE`] when none does.
    under_way: AtomicI64,
}

const NONE: i64 = i64::MIN;

impl Default for Recorder {
    fn default() -> Self {
        Self {
            series: Dictionary::default(),
            writer: Mutex::default(),
            compacting: Mutex::default(),
            forgetting: Mutex::default(),
            under_way: AtomicI64::new(NONE),
        }
    }
}

impl Recorder {
    /// The right to write these rows.
    async fn writer(&self, rows: &[SampleRow]) -> MutexGuard<'_, Writer> {
        loop {
            let writer = self.writer.lock().await;
            let slice = self.under_way.load(Ordering::SeqCst);
            if slice == NONE || !rows.iter().any(|row| slice_of(row.at_ms) == slice) {
                return writer;
            }
            drop(writer);
            drop(self.compacting.lock().await);
        }
    }

    /// From when this answers, nobody writes rows of the slice until the answer is dropped.
    async fn close(&self, slice: i64) -> Closed<'_> {
        self.under_way.store(slice, Ordering::SeqCst);
        drop(self.writer.lock().await);
        Closed(self)
    }
}

struct Closed<'a>(&'a Recorder);

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.under_way.store(NONE, Ordering::SeqCst);
    }
}

/// Where the slice of a moment begins.
fn slice_of(at_ms: i64) -> i64 {
    Slice::around(Resolution::Second, at_ms).start_ms
}

#[derive(Default)]
struct Writer {
    /// The slice of the newest row, and whether all others have become blocks.
    current: Option<(i64, bool)>,
    /// While names are removed: those that were used since the look for them began.
    named: Option<HashSet<i64>>,
    /// By which the rows before were written.
    fence: Option<Fence>,
}

#[async_trait]
impl Samples for Store {
    async fn record(&self, rows: &[SampleRow]) -> Result<Recorded, StoreError> {
        let mut writer = self.samples.writer(rows).await;
        let fence = self.db.fence.as_ref().and_then(FenceCell::get);
        if fence != writer.fence {
            // Others may have written since: names have come and gone.
            self.samples.series.forget().await;
            writer.fence = fence;
        }
        let mut done = Recorded::default();
        let (mut newest, mut named, mut used) = (None, HashMap::new(), HashSet::new());
        {
            let ids = self.samples.series.read(&self.db).await?;
            let mut tx = self.db.begin().await?;
            for row in rows {
                if !MOMENTS_MS.contains(&row.at_ms) {
                    done.refused += row.values.len() as u64;
                    continue;
                }
                let values = numbered(&mut tx, &ids, &mut named, row, &mut done).await?;
                if writer.named.is_some() {
                    used.extend(values.iter().map(|(id, _)| *id));
                }
                let sql = "INSERT INTO sample_tail (at_ms, data) VALUES ($1, $2) ON CONFLICT (at_ms) DO NOTHING";
                match tx.execute(sql, values![row.at_ms, tail::encode(&values).as_slice()]).await? {
                    0 => done.repeated += 1,
                    _ => done.rows += 1,
                }
                newest = Some(row.at_ms);
            }
            // Also when nobody knows whether it was committed.
            if let Some(known) = &mut writer.named {
                known.extend(used);
            }
            tx.commit().await?;
        }
        // Only what is on disk has a number.
        self.samples.series.add(named).await;
        let slice = newest.map(slice_of);
        if let Some(slice) = slice.filter(|s| writer.current.is_none_or(|(current, _)| current != *s)) {
            writer.current = Some((slice, false));
        }
        Ok(done)
    }

    async fn compact(&self) -> Result<Compacted, StoreError> {
        let _one_at_a_time = self.samples.compacting.lock().await;
        let Some((current, false)) = self.samples.writer.lock().await.current else {
            return Ok(Compacted::default());
        };
        let done = compact::all_but(&self.db, &self.samples, current).await?;
        let mut writer = self.samples.writer.lock().await;
        if writer.current == Some((current, false)) {
            writer.current = Some((current, true));
        }
        Ok(done)
    }

    async fn range(&self, query: &RangeQuery) -> Result<Vec<Line>, StoreError> {
        let ids = self.ids(&query.keys).await?;
        read::lines(&self.db, query, &ids).await
    }

    async fn buckets(&self, query: &RangeQuery) -> Result<Vec<Vec<Bucket>>, StoreError> {
        let ids = self.ids(&query.keys).await?;
        read::buckets(&self.db, query, &ids).await
    }

    async fn oldest(&self) -> Result<Oldest, StoreError> {
        read::oldest(&self.db).await
    }

    async fn newest_ms(&self) -> Result<Option<i64>, StoreError> {
        read::newest_ms(&self.db).await
    }
}

impl Store {
    async fn ids(&self, keys: &[Arc<str>]) -> Result<Vec<Option<i64>>, StoreError> {
        let ids = |known: &dictionary::Ids| keys.iter().map(|key| known.get(key).copied()).collect::<Vec<_>>();
        let found = ids(&*self.samples.series.read(&self.db).await?);
        // Another console on this database may have given names since.
        if self.can_be_shared() && found.iter().any(Option::is_none) && self.samples.series.forget_old().await {
            return Ok(ids(&*self.samples.series.read(&self.db).await?));
        }
        Ok(found)
    }
}

/// The values of a row by number, rising, each once. Names that are new get theirs in `named`.
async fn numbered(
    tx: &mut Tx,
    ids: &HashMap<Arc<str>, i64>,
    named: &mut HashMap<Arc<str>, i64>,
    row: &SampleRow,
    done: &mut Recorded,
) -> Result<Vec<(i64, f32)>, StoreError> {
    let mut values = Vec::with_capacity(row.values.len());
    for (key, value) in row.values.iter().filter(|(_, v)| v.is_finite()) {
        let id = match ids.get(key).or_else(|| named.get(key)) {
            Some(id) => *id,
            None if ids.len() + named.len() < SERIES_MAX && key.len() <= KEY_MAX_BYTES => {
                let id = name(tx, key).await?;
                named.insert(key.clone(), id);
                id
            }
            None => {
                done.refused += 1;
                continue;
            }
        };
        values.push((id, *value));
    }
    if !values.is_sorted_by_key(|(id, _)| *id) {
        values.sort_by_key(|(id, _)| *id);
    }
    values.dedup_by_key(|(id, _)| *id);
    Ok(values)
}

/// The number of a name that may be new.
async fn name(tx: &mut Tx, key: &str) -> Result<i64, StoreError> {
    let sql = "INSERT INTO series (key) VALUES ($1) ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id, key";
    let row = tx.fetch_optional(sql, values![key]).await?;
    let row = row.ok_or_else(|| StoreError::Unwritable("a new series got no number".into()))?;
    Ok(dictionary::entry(&row)?.1)
}
