//! A block's bytes. The first one is the number of the format, so that later versions still know what they read.
//!
//! ```text
//!  moments   1 0 rows first(i64) column(u32: ms since the one before)           series 0 at 1 s: when anything was measured
//!  values    1 1 positions column(f32)                                          a series at 1 s: which moments, and the values
//!  buckets   1 2 length { positions column(u32 count) column(f32 min, max, mean) } …   a series at a coarser resolution, in chunks
//!  marks     1 3 length { positions } …                                         series 0 at a coarser resolution
//! ```
//!
//! What a series has at 1 s is here; what coarser resolutions have is in [`buckets`](super::buckets).

use super::{
    bytes::{Damaged, ROWS_MAX, Reader, positions, put_positions, put_varint},
    column::{self, Column},
};

pub(super) const FORMAT: u8 = 1;
const MOMENTS: u8 = 0;
const VALUES: u8 = 1;
pub(super) const BUCKETS: u8 = 2;
pub(super) const MARKS: u8 = 3;

pub(super) fn head(input: &mut Reader<'_>, kind: u8) -> Result<(), Damaged> {
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

#[cfg(test)]
mod tests {
    use control::ports::rollup::fold;
    use model::Resolution;

    use super::{
        super::{
            buckets::{Need, Stands, add_buckets, add_marks, first_mark, read_buckets},
            slice::Slice,
        },
        *,
    };

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
