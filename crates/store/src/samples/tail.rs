//! One second of all series, as it waits for its slice to be complete: written every second, so it is made to be written fast.
//!
//! `1 count ids(varint, difference to the one before) values(f32)`; ids rise.

use super::bytes::{Damaged, Reader, put_varint};

const FORMAT: u8 = 1;

/// Series of one row; as many as there may be series.
const VALUES_MAX: usize = super::SERIES_MAX;

/// `values` rise by id, each id once.
pub(super) fn encode(values: &[(i64, f32)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + values.len() * 6);
    out.push(FORMAT);
    put_varint(&mut out, values.len() as u64);
    let mut last = 0;
    for (id, _) in values {
        put_varint(&mut out, (id - last).unsigned_abs());
        last = *id;
    }
    for (_, value) in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
    out
}

/// Calls `each` with the place in `wanted` and the value of every series that is in both. `wanted` rise.
pub(super) fn pick(bytes: &[u8], wanted: &[i64], mut each: impl FnMut(usize, f32)) -> Result<(), Damaged> {
    let mut places = Vec::with_capacity(wanted.len());
    let (count, ids, values) = parts(bytes)?;
    let (mut input, mut id, mut next) = (Reader(ids), 0_i64, 0);
    for at in 0..count {
        id = id.checked_add_unsigned(input.varint()?).ok_or(Damaged("an id is out of bounds"))?;
        while wanted.get(next).is_some_and(|w| *w < id) {
            next += 1;
        }
        match wanted.get(next) {
            Some(w) if *w == id => places.push((next, at)),
            Some(_) => {}
            None => break,
        }
    }
    for (place, at) in places {
        each(place, value(values, at)?);
    }
    Ok(())
}

/// Every series and its value.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<(i64, f32)>, Damaged> {
    let (count, ids, values) = parts(bytes)?;
    let (mut input, mut id) = (Reader(ids), 0_i64);
    let mut row = Vec::with_capacity(count);
    for at in 0..count {
        id = id.checked_add_unsigned(input.varint()?).ok_or(Damaged("an id is out of bounds"))?;
        row.push((id, value(values, at)?));
    }
    Ok(row)
}

fn value(values: &[u8], at: usize) -> Result<f32, Damaged> {
    let bytes = values.get(at * 4..at * 4 + 4).and_then(|b| b.try_into().ok());
    bytes.map(f32::from_le_bytes).ok_or(Damaged("it ends too early"))
}

fn parts(bytes: &[u8]) -> Result<(usize, &[u8], &[u8]), Damaged> {
    let mut input = Reader(bytes);
    if input.byte()? != FORMAT {
        return Err(Damaged("a newer version of Evenkeel wrote it"));
    }
    let count = input.length(VALUES_MAX)?;
    let ids = input.0.len().checked_sub(count * 4).ok_or(Damaged("it ends too early"))?;
    let (ids, values) = input.0.split_at(ids);
    Ok((count, ids, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back_and_what_is_wanted_is_found_in_it() {
        let row = [(1, 0.5), (2, -1.0), (300, 3.25), (70_000, f32::MAX)];
        let bytes = encode(&row);
        assert_eq!(decode(&bytes).unwrap(), row);
        let mut found = Vec::new();
        pick(&bytes, &[0, 2, 5, 70_000, 70_001], |place, value| found.push((place, value))).unwrap();
        assert_eq!(found, [(1, -1.0), (3, f32::MAX)]);
        for cut in 0..bytes.len() {
            assert!(decode(&bytes[..cut]).is_err());
        }
        // Fails for a format that is not known here.
        assert!(decode(&[9]).is_err());
    }

    /// What version 1 wrote; it must stay readable.
    #[test]
    fn a_row_of_format_1_is_readable_for_ever() {
        let bytes = [1, 2, 5, 0x96, 0x01, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0];
        assert_eq!(decode(&bytes).unwrap(), [(5, 1.0), (155, -2.0)]);
    }
}
