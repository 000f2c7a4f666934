//! Buckets of a series, and the marks of moments, in the bytes that [`block`](super::block) describes.
//!
//! Positions count from the beginning of the slice. Chunks rise in time and are only appended, but for the last one while it is short: so a
//! block that grows every quarter of an hour is not compressed anew each time.

use control::ports::rollup::Bucket;

use super::{
    block::{BUCKETS, FORMAT, MARKS, head},
    bytes::{Damaged, Reader, positions, put_positions, put_varint},
    column::{self, Column},
    slice::Slice,
};

/// A chunk that has so many buckets is compressed and left alone.
const CHUNK_ROWS: usize = 180;

/// A chunk, up to where its columns begin.
struct Chunk<'a> {
    whole: &'a [u8],
    at: Vec<u32>,
    columns: Reader<'a>,
}

fn chunks(bytes: &[u8], kind: u8) -> Result<Vec<Chunk<'_>>, Damaged> {
    let mut input = Reader(bytes);
    head(&mut input, kind)?;
    let mut chunks = Vec::new();
    while !input.0.is_empty() {
        let length = input.length(input.0.len())?;
        let whole = input.take(length)?;
        let mut columns = Reader(whole);
        let at = positions(&mut columns)?;
        chunks.push(Chunk { whole, at, columns });
    }
    Ok(chunks)
}

fn put_chunk(out: &mut Vec<u8>, body: &[u8]) {
    put_varint(out, body.len() as u64);
    out.extend_from_slice(body);
}

/// What of a bucket a reader needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Extremes,
    Everything,
}

/// Appends the buckets of the block that lie within these moments.
pub(super) fn read_buckets(bytes: &[u8], slice: Slice, need: Need, from_ms: i64, to_ms: i64, out: &mut Vec<Bucket>) -> Result<(), Damaged> {
    for chunk in chunks(bytes, BUCKETS)? {
        let (Some(&first), Some(&last)) = (chunk.at.first(), chunk.at.last()) else {
            continue;
        };
        if slice.at_ms(last) < from_ms || slice.at_ms(first) > to_ms {
            continue;
        }
        let inside = |b: &Bucket| (from_ms..=to_ms).contains(&b.at_ms);
        out.extend(buckets_of(&chunk, slice, need)?.into_iter().filter(inside));
    }
    Ok(())
}

fn buckets_of(chunk: &Chunk<'_>, slice: Slice, need: Need) -> Result<Vec<Bucket>, Damaged> {
    let (mut input, rows) = (chunk.columns, chunk.at.len());
    let counts = Column::read::<u32>(&mut input, rows)?;
    let mins = Column::read::<f32>(&mut input, rows)?.values::<f32>()?;
    let maxs = Column::read::<f32>(&mut input, rows)?.values::<f32>()?;
    let means = Column::read::<f32>(&mut input, rows)?;
    let (counts, means) = match need {
        Need::Extremes => (vec![1; rows], mins.clone()),
        Need::Everything => (counts.values::<u32>()?, means.values::<f32>()?),
    };
    let buckets = chunk.at.iter().zip(counts).zip(mins.into_iter().zip(maxs).zip(means));
    Ok(buckets
        .map(|((&at, count), ((min, max), mean))| Bucket {
            at_ms: slice.at_ms(at),
            min,
            max,
            mean,
            count,
        })
        .collect())
}

fn bucket_chunk(slice: Slice, buckets: &[Bucket]) -> Vec<u8> {
    let column = |of: fn(&Bucket) -> f32| buckets.iter().map(of).collect::<Vec<_>>();
    let at: Vec<u32> = buckets.iter().map(|b| slice.position(b)).collect();
    let counts: Vec<u32> = buckets.iter().map(|b| b.count).collect();
    let mut body = Vec::new();
    put_positions(&mut body, &at);
    column::put(&mut body, &counts);
    // A chunk that is still growing is not worth the time.
    let put = if buckets.len() < CHUNK_ROWS {
        column::put_quickly
    } else {
        column::put::<f32>
    };
    for of in [|b: &Bucket| b.min, |b: &Bucket| b.max, |b: &Bucket| b.mean] {
        put(&mut body, &column(of));
    }
    body
}

/// Which of two buckets of the same time stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// What is stored: its values are not known any more, so nothing can be added to it.
    Old,
    /// What comes now: it was made from the old one's values too.
    New,
}

/// The block with these buckets (in time order) added, and how many it has then.
pub(super) fn add_buckets(block: Option<&[u8]>, slice: Slice, new: &[Bucket], stands: Stands) -> Result<(Vec<u8>, usize), Damaged> {
    let old = block.map(|bytes| chunks(bytes, BUCKETS)).transpose()?.unwrap_or_default();
    let rows = old.iter().map(|c| c.at.len()).sum::<usize>();
    let newest = old.last().and_then(|c| c.at.last()).copied();
    let follows = newest.is_none_or(|newest| new.first().is_none_or(|first| slice.position(first) > newest));
    let mut out = vec![FORMAT, BUCKETS];
    if follows {
        let open = old.last().filter(|c| c.at.len() < CHUNK_ROWS);
        let finished = old.len() - usize::from(open.is_some());
        for chunk in &old[..finished] {
            put_chunk(&mut out, chunk.whole);
        }
        let mut last = open
            .map(|c| buckets_of(c, slice, Need::Everything))
            .transpose()?
            .unwrap_or_default();
        last.extend_from_slice(new);
        put_chunk(&mut out, &bucket_chunk(slice, &last));
        return Ok((out, rows + new.len()));
    }
    let mut all = std::collections::BTreeMap::new();
    for chunk in &old {
        all.extend(buckets_of(chunk, slice, Need::Everything)?.into_iter().map(|b| (b.at_ms, b)));
    }
    for bucket in new {
        match stands {
            Stands::Old => _ = all.entry(bucket.at_ms).or_insert(*bucket),
            Stands::New => _ = all.insert(bucket.at_ms, *bucket),
        }
    }
    let all: Vec<Bucket> = all.into_values().collect();
    for part in all.chunks(CHUNK_ROWS) {
        put_chunk(&mut out, &bucket_chunk(slice, part));
    }
    Ok((out, all.len()))
}

/// Marks that something was measured in these buckets (in time order), and how many there are then.
pub(super) fn add_marks(block: Option<&[u8]>, slice: Slice, new: &[Bucket]) -> Result<(Vec<u8>, usize), Damaged> {
    let mut all: std::collections::BTreeSet<u32> = new.iter().map(|b| slice.position(b)).collect();
    for chunk in block.map(|bytes| chunks(bytes, MARKS)).transpose()?.unwrap_or_default() {
        all.extend(chunk.at);
    }
    let all: Vec<u32> = all.into_iter().collect();
    let (mut out, mut body) = (vec![FORMAT, MARKS], Vec::new());
    put_positions(&mut body, &all);
    put_chunk(&mut out, &body);
    Ok((out, all.len()))
}

/// When the first marked bucket begins.
pub(super) fn first_mark(bytes: &[u8], slice: Slice) -> Result<Option<i64>, Damaged> {
    Ok(chunks(bytes, MARKS)?.first().and_then(|c| c.at.first()).map(|at| slice.at_ms(*at)))
}

#[cfg(test)]
mod tests {
    use control::ports::rollup::fold;
    use model::Resolution;

    use super::*;

    const START_MS: i64 = 1_795_200_000_000;

    #[test]
    fn buckets_come_in_any_order_and_none_is_there_twice() {
        let slice = Slice::around(Resolution::TenSeconds, START_MS);
        let rows = (0_u16..600).map(|i| (START_MS + i64::from(i) * 1_000, f32::from(i % 37) * 0.1));
        let buckets = fold(rows, Resolution::TenSeconds);
        let doubled: Vec<Bucket> = buckets.iter().map(|b| Bucket { count: b.count * 2, ..*b }).collect();
        let read = |bytes: &[u8]| {
            let mut found = Vec::new();
            read_buckets(bytes, slice, Need::Everything, 0, i64::MAX, &mut found).unwrap();
            found
        };
        let (late, _) = add_buckets(None, slice, &buckets[30..], Stands::New).unwrap();
        let (whole, rows) = add_buckets(Some(&late), slice, &buckets[..40], Stands::Old).unwrap();
        assert_eq!((read(&whole), rows), (buckets.clone(), buckets.len()));
        let (same, _) = add_buckets(Some(&whole), slice, &doubled, Stands::Old).unwrap();
        assert_eq!(read(&same), buckets);
        let (other, _) = add_buckets(Some(&whole), slice, &doubled, Stands::New).unwrap();
        assert_eq!(read(&other), doubled);
    }

    #[test]
    fn a_block_that_grows_is_compressed_once() {
        let slice = Slice::around(Resolution::Minute, START_MS);
        let bucket = |i: i64| Bucket {
            at_ms: slice.start_ms + i * 60_000,
            min: 1.5,
            max: 2.5,
            mean: 2.0,
            count: 60,
        };
        let mut block: Option<Vec<u8>> = None;
        for quarter in 0..48 {
            let new: Vec<Bucket> = (quarter * 15..(quarter + 1) * 15).map(bucket).collect();
            block = Some(add_buckets(block.as_deref(), slice, &new, Stands::New).unwrap().0);
        }
        let block = block.unwrap();
        assert_eq!(
            chunks(&block, BUCKETS).unwrap().iter().map(|c| c.at.len()).collect::<Vec<_>>(),
            [180; 4]
        );
    }
}
