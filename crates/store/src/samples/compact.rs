//! A complete slice becomes blocks, in one transaction for every few hundred of them; the last one takes the rows out of the tail. Cut off
//! anywhere on the way, the rows are still there, and the same blocks are made again.

use std::sync::LazyLock;

use control::ports::{Compacted, StoreError};
use model::Resolution;

use super::{
    Recorder,
    build::{self, ALL, Columns, NewBlock, ROLLED_UP, Stored},
    bytes::Damaged,
    many::{self, SERIES_AT_ONCE},
    slice::Slice,
    tail,
};
use crate::{
    db::Db,
    value::{Value, values},
};

/// Blocks of one statement.
const BLOCKS_AT_ONCE: usize = 32;

/// Blocks of one transaction: commands wait as long as it takes to write them.
const BLOCKS_PER_TRANSACTION: usize = 2_048;

static INSERT_MANY: LazyLock<String> = LazyLock::new(|| insert(BLOCKS_AT_ONCE));
static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert(1));

fn insert(rows: usize) -> String {
    format!(
        "INSERT INTO sample_blocks (resolution_ms, series, slice_ms, samples, data) VALUES {}
         ON CONFLICT (resolution_ms, series, slice_ms) DO UPDATE SET samples = excluded.samples, data = excluded.data",
        many::tuples(rows, 5)
    )
}

/// Rows of the tail that cannot be read are put here, as they are, at the moment they belong to. They leave with the values by the second.
const SET_ASIDE: i64 = -1;

/// Brings every slice but `current` (where it begins, Unix ms) into blocks. One that holds what cannot be read does not keep the others from
/// it.
pub(super) async fn all_but(db: &Db, recorder: &Recorder, current: i64) -> Result<Compacted, StoreError> {
    let mut done = Compacted::default();
    let end = current + Resolution::Second.slice_ms();
    let (mut from, mut failed) = (i64::MIN, None);
    loop {
        // By moment in front of the current slice, then behind it: a clock that went back left rows there.
        let sql = "SELECT at_ms FROM sample_tail WHERE at_ms >= $3 AND (at_ms < $1 OR at_ms >= $2) ORDER BY at_ms LIMIT 1";
        let oldest = db.fetch(sql, values![current, end, from]).await?;
        let Some(row) = oldest.first() else {
            return failed.map_or(Ok(done), Err);
        };
        let at_ms: i64 = row.read("sample_tail", "at_ms", |row| row.get("at_ms"))?;
        let slice = Slice::around(Resolution::Second, at_ms);
        let _closed = recorder.close(slice.start_ms).await;
        match one(db, slice, &mut done).await {
            Ok(()) => {}
            Err(error @ StoreError::Corrupt(_)) => failed = failed.or(Some(error)),
            Err(error) => return Err(error),
        }
        from = slice.start_ms + slice.resolution.slice_ms();
    }
}

async fn one(db: &Db, slice: Slice, done: &mut Compacted) -> Result<(), StoreError> {
    let (start, end) = (slice.start_ms, slice.start_ms + slice.resolution.slice_ms());
    let (mut columns, mut aside) = (Columns::default(), Vec::new());
    let mut from = start;
    loop {
        let rows = many::tail(db, from, end - 1).await?;
        for (at_ms, data) in &rows {
            match tail::decode(data) {
                Ok(values) => columns.push(*at_ms, &values),
                Err(why) => aside.push(set_aside(*at_ms, data, &why)),
            }
            from = at_ms + 1;
        }
        done.rows += rows.len() as u64;
        if rows.len() < many::TAIL_ROWS_AT_ONCE {
            break;
        }
    }
    let ids: Vec<i64> = columns.series.keys().copied().collect();
    let stored = stored(db, start, &ids).await?;
    let blocks = tokio::task::spawn_blocking(move || build::blocks(start, columns, &stored))
        .await
        .map_err(|e| StoreError::Corrupt(format!("samples from {start}: {e}")))?
        .map_err(|e| StoreError::Corrupt(format!("sample_blocks from {start}: {e}")))?;
    done.blocks += blocks.len() as u64;
    done.bytes += blocks.iter().map(|b| b.data.len() as u64).sum::<u64>();
    write(db, &aside, blocks, start, end).await
}

fn set_aside(at_ms: i64, data: &[u8], why: &Damaged) -> NewBlock {
    tracing::error!(at_ms, %why, "a stored second of measured values cannot be read; it is set aside");
    NewBlock {
        resolution: Resolution::Second,
        series: SET_ASIDE,
        slice_ms: at_ms,
        samples: 0,
        data: data.to_vec(),
    }
}

/// What is there already: usually the coarser blocks that grow, and nothing of this slice itself.
async fn stored(db: &Db, start: i64, ids: &[i64]) -> Result<Stored, StoreError> {
    let mut stored = Stored::default();
    let sql = "SELECT series, data FROM sample_blocks WHERE resolution_ms = $1 AND series = $2 AND slice_ms = $3";
    let all = |resolution: Resolution| values![resolution.ms(), ALL, Slice::around(resolution, start).start_ms].to_vec();
    if !db.fetch(sql, &all(Resolution::Second)).await?.is_empty() {
        let sql = "SELECT series, data FROM sample_blocks WHERE resolution_ms = $1 AND slice_ms = $2";
        for row in db.fetch(sql, values![Resolution::Second.ms(), start]).await? {
            let (id, data) = row.read("sample_blocks", "series", |row| Ok((row.get("series")?, row.get("data")?)))?;
            stored.fine.insert(id, data);
        }
    }
    for resolution in ROLLED_UP {
        let Some(marks) = db.fetch(sql, &all(resolution)).await?.into_iter().next() else {
            continue;
        };
        let marks = marks.read("sample_blocks", "series", |row| row.get("data"))?;
        stored.coarse.insert((resolution, ALL), marks);
        // Series of the late rows' blocks too: their buckets are made anew.
        let mut ids: Vec<i64> = ids.iter().chain(stored.fine.keys()).copied().filter(|id| *id != ALL).collect();
        ids.sort_unstable();
        ids.dedup();
        let slice = Slice::around(resolution, start);
        for some in ids.chunks(SERIES_AT_ONCE) {
            let rows = many::blocks(db, slice.resolution, some, slice.start_ms, slice.start_ms).await?;
            stored
                .coarse
                .extend(rows.into_iter().map(|row| ((resolution, row.series), row.data)));
        }
    }
    Ok(stored)
}

/// The last block says that the slice is whole; with it the rows leave the tail.
async fn write(db: &Db, aside: &[NewBlock], mut blocks: Vec<NewBlock>, start: i64, end: i64) -> Result<(), StoreError> {
    let last = blocks.pop();
    for part in blocks.chunks(BLOCKS_PER_TRANSACTION) {
        let mut tx = db.begin().await?;
        let (whole, rest) = part.as_chunks::<BLOCKS_AT_ONCE>();
        for some in whole {
            tx.execute(INSERT_MANY.as_str(), &row_values(some)).await?;
        }
        for one in rest {
            tx.execute(INSERT_ONE.as_str(), &row_values(std::slice::from_ref(one))).await?;
        }
        tx.commit().await?;
    }
    let mut tx = db.begin().await?;
    for row in aside {
        tx.execute(INSERT_ONE.as_str(), &row_values(std::slice::from_ref(row))).await?;
    }
    tx.execute(INSERT_ONE.as_str(), &row_values(last.as_slice())).await?;
    tx.execute("DELETE FROM sample_tail WHERE at_ms >= $1 AND at_ms < $2", values![start, end])
        .await?;
    tx.commit().await
}

fn row_values(blocks: &[NewBlock]) -> Vec<Value> {
    let row = |b: &NewBlock| {
        let samples = i64::try_from(b.samples).unwrap_or(i64::MAX);
        [
            Value::from(b.resolution.ms()),
            b.series.into(),
            b.slice_ms.into(),
            samples.into(),
            b.data.as_slice().into(),
        ]
    };
    blocks.iter().flat_map(row).collect()
}
