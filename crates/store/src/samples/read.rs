//! Ranges: blocks, and what is still in the tail.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use control::ports::{
    Line, Oldest, RANGE_KEYS_MAX, RangeQuery, StoreError,
    rollup::{Bucket, LineBuilder, fold},
};
use model::Resolution;

use super::{
    block,
    buckets::{self, Need},
    build::ALL,
    bytes::Damaged,
    many::{self, SERIES_AT_ONCE, StoredBlock},
    slice::Slice,
    tail,
};
use crate::{db::Db, value::values};

/// Series read at once: one place in the statement is for [`ALL`].
const GROUP: usize = SERIES_AT_ONCE - 1;

pub(super) async fn lines(db: &Db, query: &RangeQuery, ids: &[Option<i64>]) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::with_capacity(ids.len());
    each(db, query, ids, Need::Extremes, |buckets| {
        let mut line = LineBuilder::new(query.resolution, query.from_ms, query.to_ms);
        for bucket in &buckets {
            line.push(bucket);
        }
        lines.push(line.finish(query.points));
    })
    .await?;
    Ok(lines)
}

pub(super) async fn buckets(db: &Db, query: &RangeQuery, ids: &[Option<i64>]) -> Result<Vec<Vec<Bucket>>, StoreError> {
    let mut all = Vec::with_capacity(ids.len());
    each(db, query, ids, Need::Everything, |buckets| all.push(buckets)).await?;
    Ok(all)
}

/// Hands out the buckets of each series in turn, so that only a group's are in memory.
async fn each(db: &Db, query: &RangeQuery, ids: &[Option<i64>], need: Need, mut take: impl FnMut(Vec<Bucket>)) -> Result<(), StoreError> {
    for group in ids[..ids.len().min(RANGE_KEYS_MAX)].chunks(GROUP) {
        let mut known: Vec<i64> = group.iter().copied().flatten().collect();
        known.sort_unstable();
        known.dedup();
        // The tail first: rows that become blocks in between are then found twice and not never.
        let tail = tail_rows(db, query, &known).await?;
        let blocks = block_buckets(db, query, &known, need).await?;
        let all = match query.resolution {
            Resolution::Second => tail.into_iter().zip(blocks).map(|(tail, blocks)| merged(blocks, tail)).collect(),
            _ => rolled_up(db, query, &known, tail, blocks).await?,
        };
        let mut found: HashMap<i64, Vec<Bucket>> = known.iter().copied().zip(all).collect();
        // Asked for twice, it is answered twice.
        for (place, id) in group.iter().enumerate() {
            let again = group[place + 1..].contains(id);
            take(match id {
                Some(id) if again => found.get(id).cloned().unwrap_or_default(),
                Some(id) => found.remove(id).unwrap_or_default(),
                None => Vec::new(),
            });
        }
    }
    Ok(())
}

/// In time order, each moment once: the first ones stand.
fn merged(mut first: Vec<Bucket>, second: Vec<Bucket>) -> Vec<Bucket> {
    if second.is_empty() {
        return first;
    }
    first.extend(second);
    first.sort_by_key(|b| b.at_ms);
    first.dedup_by_key(|b| b.at_ms);
    first
}

/// Coarse buckets of the blocks, and of the rows in the tail. Where a slice has both, rows came late to it: its buckets are made anew from
/// all of its values, as long as those are kept.
async fn rolled_up(
    db: &Db,
    query: &RangeQuery,
    ids: &[i64],
    tail: Vec<Vec<Bucket>>,
    blocks: Vec<Vec<Bucket>>,
) -> Result<Vec<Vec<Bucket>>, StoreError> {
    let slice_of = |at_ms: i64| Slice::around(Resolution::Second, at_ms).start_ms;
    let slices: BTreeSet<i64> = tail.first().into_iter().flatten().map(|b| slice_of(b.at_ms)).collect();
    let (mut tail, mut anew) = (tail, BTreeSet::new());
    for start in slices {
        let fine = RangeQuery {
            keys: Vec::new(),
            from_ms: start.max(first_ms(query)),
            to_ms: (start + Resolution::Second.slice_ms() - 1).min(last_ms(query)),
            resolution: Resolution::Second,
            points: 0,
        };
        let fine = block_buckets(db, &fine, ids, Need::Everything).await?;
        if fine.iter().any(|f| !f.is_empty()) {
            anew.insert(start);
            tail = fine.into_iter().zip(tail).map(|(fine, tail)| merged(fine, tail)).collect();
        }
    }
    let buckets = tail.into_iter().zip(blocks).map(|(tail, blocks)| {
        let measured = tail.into_iter().filter(|b| b.count > 0).map(|b| (b.at_ms, b.mean));
        let (made_anew, new): (Vec<_>, Vec<_>) = fold(measured, query.resolution)
            .into_iter()
            .partition(|b| anew.contains(&slice_of(b.at_ms)));
        merged(made_anew, merged(blocks, new))
    });
    Ok(buckets.collect())
}

/// The first moment whose bucket the range touches.
fn first_ms(query: &RangeQuery) -> i64 {
    match query.resolution {
        Resolution::Second => query.from_ms,
        coarse => query.from_ms.saturating_sub(query.from_ms.rem_euclid(coarse.ms())),
    }
}

/// The last moment whose value belongs to a bucket that the range touches.
fn last_ms(query: &RangeQuery) -> i64 {
    match query.resolution {
        Resolution::Second => query.to_ms,
        coarse => query
            .to_ms
            .saturating_sub(query.to_ms.rem_euclid(coarse.ms()))
            .saturating_add(coarse.ms() - 1),
    }
}

/// The rows of the tail, for each series.
async fn tail_rows(db: &Db, query: &RangeQuery, ids: &[i64]) -> Result<Vec<Vec<Bucket>>, StoreError> {
    let mut columns = vec![Vec::new(); ids.len()];
    let mut from = first_ms(query);
    loop {
        let rows = many::tail(db, from, last_ms(query)).await?;
        for (at_ms, data) in &rows {
            for column in &mut columns {
                column.push(Bucket::missing(*at_ms));
            }
            let each = |place: usize, value| {
                if let Some(last) = columns[place].last_mut() {
                    *last = Bucket::value(*at_ms, value);
                }
            };
            if let Err(why) = tail::pick(data, ids, each) {
                tracing::warn!(at_ms, %why, "a stored second of measured values cannot be read; it is left out");
            }
            from = at_ms + 1;
        }
        if rows.len() < many::TAIL_ROWS_AT_ONCE || ids.is_empty() {
            return Ok(columns);
        }
    }
}

async fn block_buckets(db: &Db, query: &RangeQuery, ids: &[i64], need: Need) -> Result<Vec<Vec<Bucket>>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let from = Slice::around(query.resolution, first_ms(query)).start_ms;
    let mut asked = ids.to_vec();
    if query.resolution == Resolution::Second {
        asked.push(ALL);
    }
    let blocks = many::blocks(db, query.resolution, &asked, from, query.to_ms).await?;
    let (ids, query) = (ids.to_vec(), (query.resolution, first_ms(query), query.to_ms));
    // Unpacking takes milliseconds, which belong to no thread that answers others.
    tokio::task::spawn_blocking(move || unpack(blocks, &ids, query, need))
        .await
        .map_err(|e| StoreError::Corrupt(format!("sample_blocks: {e}")))
}

/// The buckets of each series, in time order.
fn unpack(mut blocks: Vec<StoredBlock>, ids: &[i64], (resolution, from_ms, to_ms): (Resolution, i64, i64), need: Need) -> Vec<Vec<Bucket>> {
    blocks.sort_unstable_by_key(|b| b.slice_ms);
    let mut moments: BTreeMap<i64, Arc<[i64]>> = BTreeMap::new();
    for block in blocks.iter().filter(|b| b.series == ALL) {
        match block::moments(&block.data) {
            Ok(times) => _ = moments.insert(block.slice_ms, times.into()),
            Err(why) => damaged(resolution, block, &why),
        }
    }
    let mut out = vec![Vec::new(); ids.len()];
    for block in blocks.iter().filter(|b| b.series != ALL) {
        let Ok(place) = ids.binary_search(&block.series) else { continue };
        let out = &mut out[place];
        let read = if resolution == Resolution::Second {
            // Without its moments a slice is not whole yet; its rows are in the tail.
            moments
                .get(&block.slice_ms)
                .map_or(Ok(()), |times| read_values(&block.data, times, from_ms, to_ms, out))
        } else {
            let slice = Slice {
                resolution,
                start_ms: block.slice_ms,
            };
            buckets::read_buckets(&block.data, slice, need, from_ms, to_ms, out)
        };
        // Only this series has a gap here.
        if let Err(why) = read {
            damaged(resolution, block, &why);
        }
    }
    out
}

fn read_values(data: &[u8], times: &[i64], from_ms: i64, to_ms: i64, out: &mut Vec<Bucket>) -> Result<(), Damaged> {
    let (at, values) = block::values(data)?;
    let mut measured = at.into_iter().zip(values).peekable();
    for (place, &at_ms) in (0_u32..).zip(times) {
        let value = measured.next_if(|(at, _)| *at == place).map(|(_, value)| value);
        if (from_ms..=to_ms).contains(&at_ms) {
            out.push(value.map_or(Bucket::missing(at_ms), |v| Bucket::value(at_ms, v)));
        }
    }
    Ok(())
}

fn damaged(resolution: Resolution, block: &StoredBlock, why: &Damaged) {
    let (series, slice_ms, resolution) = (block.series, block.slice_ms, resolution.label());
    tracing::warn!(series, slice_ms, resolution, %why, "a stored block of measured values cannot be read; it is left out");
}

/// From when on there are values.
pub(super) async fn oldest(db: &Db) -> Result<Oldest, StoreError> {
    let rows = db.fetch("SELECT at_ms FROM sample_tail ORDER BY at_ms LIMIT 1", &[]).await?;
    let tail: Option<i64> = rows
        .first()
        .map(|row| row.read("sample_tail", "at_ms", |row| row.get("at_ms")))
        .transpose()?;
    let mut by_resolution = [None; 4];
    for (resolution, oldest) in Resolution::ALL.into_iter().zip(&mut by_resolution) {
        let sql = "SELECT slice_ms, data FROM sample_blocks WHERE resolution_ms = $1 AND series = $2 ORDER BY slice_ms LIMIT 1";
        let rows = db.fetch(sql, values![resolution.ms(), ALL]).await?;
        let Some(row) = rows.first() else { continue };
        *oldest = row.read("sample_blocks", "slice_ms", |row| {
            let data: Vec<u8> = row.get("data")?;
            let slice = Slice {
                resolution,
                start_ms: row.get("slice_ms")?,
            };
            Ok(match resolution {
                Resolution::Second => block::moments(&data).map_or(Some(slice.start_ms), |times| times.first().copied()),
                _ => buckets::first_mark(&data, slice).unwrap_or(Some(slice.start_ms)),
            })
        })?;
    }
    Ok(Oldest { by_resolution, tail })
}

/// Unix ms of the newest row of the tail.
pub(super) async fn newest_ms(db: &Db) -> Result<Option<i64>, StoreError> {
    let rows = db.fetch("SELECT at_ms FROM sample_tail ORDER BY at_ms DESC LIMIT 1", &[]).await?;
    rows.first()
        .map(|row| row.read("sample_tail", "at_ms", |row| row.get("at_ms")))
        .transpose()
}
