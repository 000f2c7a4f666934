//! Numbers as bytes, and back: what is read is input like any other, so every length is checked.

use std::fmt;

/// Rows or buckets of one block: ten times what a slice can hold at one a second.
pub(super) const ROWS_MAX: usize = 65_536;

/// Why stored bytes cannot be read.
#[derive(Debug)]
pub(super) struct Damaged(pub(super) &'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Damaged {}

/// LEB128, as in DWARF and WebAssembly.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// A cursor over stored bytes.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Damaged> {
        self.take(1).map(|taken| taken[0])
    }

    pub(super) fn varint(&mut self) -> Result<u64, Damaged> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Damaged("a number is too long"))
    }

    /// A number of rows or bytes, at most `max`.
    pub(super) fn length(&mut self, max: usize) -> Result<usize, Damaged> {
        let length = self.varint()?;
        usize::try_from(length)
            .ok()
            .filter(|l| *l <= max)
            .ok_or(Damaged("a length is out of bounds"))
    }
}

/// Rising positions as stretches: how many are skipped, how many follow each other.
pub(super) fn put_positions(out: &mut Vec<u8>, positions: &[u32]) {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    let mut next = 0;
    for &at in positions {
        match runs.last_mut() {
            Some((_, length)) if at == next => *length += 1,
            _ => runs.push((at - next, 1)),
        }
        next = at + 1;
    }
    put_varint(out, runs.len() as u64);
    for (skipped, length) in runs {
        put_varint(out, skipped.into());
        put_varint(out, length.into());
    }
}

pub(super) fn positions(input: &mut Reader<'_>) -> Result<Vec<u32>, Damaged> {
    let runs = input.length(ROWS_MAX)?;
    let (mut positions, mut next) = (Vec::new(), 0_u32);
    for _ in 0..runs {
        let skipped = u32::try_from(input.length(1 << 30)?).map_err(|_| Damaged("a position is out of bounds"))?;
        let length = input.length(ROWS_MAX - positions.len())?;
        next = next.checked_add(skipped).ok_or(Damaged("a position is out of bounds"))?;
        for _ in 0..length {
            positions.push(next);
            next = next.checked_add(1).ok_or(Damaged("a position is out of bounds"))?;
        }
    }
    Ok(positions)
}
