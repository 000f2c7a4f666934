//! A block's bytes. The first one is the number of the format, so that later versions still know what they read.
//!
//! ```text
//!  moments   1 0 rows first(i64) column(u32: ms since the one before)           series 0 at 1 s: when anything was measured
//!  values    1 1 positions column(f32)                                          a series at 1 s: which moments, and the values
//!  buckets   1 2 length { positions column(u32 count) column(f32 min, max, mean) } …   a series at a coarser resolution, in chunks
//!  marks     1 3 length { positions } …                                         series 0 at a coarser resolution
//! ```
//!
//! Positions of buckets count from the beginning of the slice. Chunks rise in time and are only appended, but for the last one while it is
//! short: so a block that grows every quarter of an hour is not compressed anew each time.

use control::ports::rollup::Bucket;
use model::Resolution;

use super::{
    bytes::{Damaged, ROWS_MAX, Reader, positions, put_positions, put_varint},
    column::{self, Column},
};

const FORMAT: u8 = 1;
const MOMENTS: u8 = 0;
const VALUES: u8 = 1;
const BUCKETS: u8 = 2;
const MARKS: u8 = 3;

/// A chunk that has so many buckets is compressed and left alone.
const CHUNK_ROWS: usize = 180;

fn head(input: &mut Reader<'_>, kind: u8) -> Result<(), Damaged> {
    match (input.byte()?, input.byte()?) {
        (FORMAT, found) if found == kind => Ok(()),
        (FORMAT, _) => Err(Damaged("it is a block of another kind")),
        _ => Err(Damaged("a newer version of Evenkeel wrote it")),
    }
}

/// `times_ms` rise, and lie within one slice.
pub(super) fn put_moments(times_ms: &[i64]) -> Vec<u8> {
    let mut out = vec![FORMAT, MOMENTS];
    put_varint(&mut out, times_ms.len() as u64);
    out.extend_from_slice(&times_ms.first().copied().unwrap_or_default().to_le_bytes());
    let steps: Vec<u32> = times_ms
        .windows(2)
        .map(|w| u32::try_from(w[1] - w[0]).unwrap_or(u32::MAX))
        .collect();
    column::put(&mut out, &steps);
    out
}

pub(super) fn moments(bytes: &[u8]) -> Result<Vec<i64>, Damaged> {
    let mut input = Reader(bytes);
    head(&mut input, MOMENTS)?;
    let rows = input.length(ROWS_MAX)?;
    let first = input.take(8)?.try_into().map_err(|_| Damaged("it ends too early"))?;
    let mut at_ms = i64::from_le_bytes(first);
    let steps: Vec<u32> = Column::read::<u32>(&mut input, rows.saturating_sub(1))?.values()?;
    let mut times = Vec::with_capacity(rows);
    if rows > 0 {
        times.push(at_ms);
    }
    for step in steps {
        at_ms = at_ms.checked_add(step.into()).ok_or(Damaged("a moment is out of bounds"))?;
        times.push(at_ms);
    }
    Ok(times)
}

/// `at` are positions among the moments of the slice.
pub(super) fn put_values(at: &[u32], values: &[f32]) -> Vec<u8> {
    let mut out = vec![FORMAT, VALUES];
    put_positions(&mut out, at);
    column::put(&mut out, values);
    out
}

pub(super) fn values(bytes: &[u8]) -> Result<(Vec<u32>, Vec<f32>), Damaged> {
    let mut input = Reader(bytes);
    head(&mut input, VALUES)?;
    let at = positions(&mut input)?;
    let values = Column::read::<f32>(&mut input, at.len())?.values()?;
    Ok((at, values))
}

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

/// Where in time a position stands.
#[derive(Clone, Copy)]
pub(super) struct Slice {
    pub(super) resolution: Resolution,
    pub(super) start_ms: i64,
}

impl Slice {
    pub(super) fn around(resolution: Resolution, at_ms: i64) -> Self {
        let length = resolution.slice_ms();
        Self {
            resolution,
            start_ms: at_ms.saturating_sub(at_ms.rem_euclid(length)),
        }
    }

    fn position(self, bucket: &Bucket) -> u32 {
        u32::try_from((bucket.at_ms - self.start_ms) / self.resolution.ms()).unwrap_or_default()
    }

    fn at_ms(self, position: u32) -> i64 {
        self.start_ms + i64::from(position) * self.resolution.ms()
    }
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

    use super::*;

    /// What version 1 wrote. It is never made anew: every later version must read it.
    const FORMAT_1: &str = include_str!("fixtures/format_1.txt");

    const START_MS: i64 = 1_795_200_000_000;

    fn rows() -> Vec<(i64, f32)> {
        // A gap of a minute, moments that are not even, decimals and a constant stretch.
        (0_u16..600)
            .filter(|i| !(200..260).contains(i))
            .map(|i| {
                let value = if i < 100 { 7.0 } else { f32::from(i % 37) * 0.1 };
                (START_MS + i64::from(i) * 1_000 + i64::from(i % 3), value)
            })
            .collect()
    }

    fn written() -> Vec<(&'static str, Vec<u8>)> {
        let rows = rows();
        let (times, values): (Vec<i64>, Vec<f32>) = rows.iter().copied().unzip();
        let at: Vec<u32> = (0..540).filter(|i| i % 50 != 49).collect();
        let some: Vec<f32> = at.iter().map(|i| values[*i as usize]).collect();
        let slice = Slice::around(Resolution::TenSeconds, START_MS);
        let buckets = fold(rows.iter().copied(), Resolution::TenSeconds);
        let (short, _) = add_buckets(None, slice, &buckets[..20], Stands::New).unwrap();
        let (grown, _) = add_buckets(Some(&short), slice, &buckets[20..], Stands::New).unwrap();
        vec![
            ("moments", put_moments(&times)),
            ("values", put_values(&at, &some)),
            ("buckets", grown),
            ("marks", add_marks(None, slice, &buckets).unwrap().0),
        ]
    }

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn fixture(name: &str) -> Vec<u8> {
        let line = FORMAT_1.lines().find_map(|l| l.strip_prefix(name)).unwrap().trim();
        (0..line.len() / 2)
            .map(|i| u8::from_str_radix(&line[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    #[test]
    #[ignore = "writes what a fixture of a new format begins with"]
    fn print_fixture() {
        for (name, bytes) in written() {
            println!("{name} {}", hex(&bytes));
        }
    }

    #[test]
    fn what_format_1_wrote_is_readable_for_ever() {
        let rows = rows();
        assert_eq!(
            moments(&fixture("moments")).unwrap(),
            rows.iter().map(|(at, _)| *at).collect::<Vec<_>>()
        );
        let (at, some) = values(&fixture("values")).unwrap();
        assert_eq!((at.len(), at[49]), (530, 50));
        assert!(at.iter().zip(&some).all(|(at, v)| v.to_bits() == rows[*at as usize].1.to_bits()));
        let slice = Slice::around(Resolution::TenSeconds, START_MS);
        let mut found = Vec::new();
        read_buckets(&fixture("buckets"), slice, Need::Everything, 0, i64::MAX, &mut found).unwrap();
        assert_eq!(found, fold(rows.iter().copied(), Resolution::TenSeconds));
        assert_eq!(first_mark(&fixture("marks"), slice).unwrap(), Some(START_MS));
    }

    #[test]
    fn what_is_written_today_is_read_today() {
        let slice = Slice::around(Resolution::TenSeconds, START_MS);
        let expected = fold(rows(), Resolution::TenSeconds);
        let written = written();
        let mut found = Vec::new();
        read_buckets(&written[2].1, slice, Need::Everything, 0, i64::MAX, &mut found).unwrap();
        assert_eq!(found, expected);
        found.clear();
        let (from, to) = (START_MS + 25_000, START_MS + 70_000);
        read_buckets(&written[2].1, slice, Need::Extremes, from, to, &mut found).unwrap();
        assert_eq!(
            found.iter().map(|b| b.at_ms - START_MS).collect::<Vec<_>>(),
            [30_000, 40_000, 50_000, 60_000, 70_000]
        );
    }

    #[test]
    fn buckets_come_in_any_order_and_none_is_there_twice() {
        let slice = Slice::around(Resolution::TenSeconds, START_MS);
        let buckets = fold(rows(), Resolution::TenSeconds);
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

    #[test]
    fn damaged_blocks_are_refused_and_never_a_panic() {
        let slice = Slice::around(Resolution::TenSeconds, START_MS);
        for (_, bytes) in written() {
            for at in 0..bytes.len().min(400) {
                let mut damaged = bytes.clone();
                damaged[at] ^= 0x5a;
                let _ = moments(&damaged);
                let _ = values(&damaged);
                let _ = read_buckets(&damaged, slice, Need::Everything, 0, i64::MAX, &mut Vec::new());
                let _ = moments(&bytes[..at]);
                let _ = values(&bytes[..at]);
                let _ = read_buckets(&bytes[..at], slice, Need::Everything, 0, i64::MAX, &mut Vec::new());
            }
        }
        assert!(values(&[9, 1]).unwrap_err().to_string().contains("newer version"));
    }
}
