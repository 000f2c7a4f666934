//! One column of numbers, in the shortest of three forms.
//!
//! `pco` (<https://github.com/pcodec/pcodec>) finds what measured values have in common, also where they are decimals (what ALP is for) or
//! change little (what Gorilla's XOR is for), and its format stays readable. Short columns are shorter plain: its header alone takes some
//! 20 bytes.

use pco::{ChunkConfig, standalone};

use super::bytes::{Damaged, Reader, put_varint};

const SAME: u8 = 0;
const PLAIN: u8 = 1;
const PCO: u8 = 2;

/// Shorter columns are not tried.
const PCO_FROM_ROWS: usize = 32;

/// Of 12. Higher ones take longer and win next to nothing on a thousand values.
const LEVEL: usize = 4;

/// What a column can be made of.
pub(super) trait Number: pco::data_types::Number {
    const BYTES: usize;
    fn put(self, out: &mut Vec<u8>);
    fn get(bytes: &[u8]) -> Option<Self>;
    /// Bit for bit.
    fn same(self, other: Self) -> bool;
}

impl Number for f32 {
    const BYTES: usize = 4;

    fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn get(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_le_bytes(bytes.try_into().ok()?))
    }

    fn same(self, other: Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl Number for u32 {
    const BYTES: usize = 4;

    fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn get(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_le_bytes(bytes.try_into().ok()?))
    }

    fn same(self, other: Self) -> bool {
        self == other
    }
}

/// Appends a column; its length is known to whoever reads it.
pub(super) fn put<T: Number>(out: &mut Vec<u8>, values: &[T]) {
    let Some(&first) = values.first() else { return };
    if values.iter().all(|v| v.same(first)) {
        out.push(SAME);
        first.put(out);
        return;
    }
    if values.len() >= PCO_FROM_ROWS {
        let config = ChunkConfig::default().with_compression_level(LEVEL);
        // It refuses only settings that make no sense.
        if let Ok(packed) = standalone::simple_compress(values, &config)
            && packed.len() + 2 < values.len() * T::BYTES
        {
            out.push(PCO);
            put_varint(out, packed.len() as u64);
            out.extend_from_slice(&packed);
            return;
        }
    }
    out.push(PLAIN);
    for value in values {
        value.put(out);
    }
}

/// As [`put`], without compression.
pub(super) fn put_quickly<T: Number>(out: &mut Vec<u8>, values: &[T]) {
    match values.first() {
        Some(&first) if !values.iter().all(|v| v.same(first)) => {
            out.push(PLAIN);
            for value in values {
                value.put(out);
            }
        }
        _ => put(out, values),
    }
}

/// The bytes of a column of `rows` values, read later or never.
pub(super) struct Column<'a> {
    form: u8,
    bytes: &'a [u8],
    rows: usize,
}

impl<'a> Column<'a> {
    pub(super) fn read<T: Number>(input: &mut Reader<'a>, rows: usize) -> Result<Self, Damaged> {
        if rows == 0 {
            return Ok(Self {
                form: PLAIN,
                bytes: &[],
                rows,
            });
        }
        let form = input.byte()?;
        let bytes = match form {
            SAME => input.take(T::BYTES)?,
            PLAIN => input.take(rows * T::BYTES)?,
            PCO => {
                let length = input.length(input.0.len())?;
                input.take(length)?
            }
            _ => return Err(Damaged("its form is not known here")),
        };
        Ok(Self { form, bytes, rows })
    }

    pub(super) fn values<T: Number + Default>(&self) -> Result<Vec<T>, Damaged> {
        let wrong = || Damaged("a column is not as long as it should be");
        match self.form {
            SAME => Ok(vec![T::get(self.bytes).ok_or_else(wrong)?; self.rows]),
            PLAIN => self.bytes.chunks_exact(T::BYTES).map(|b| T::get(b).ok_or_else(wrong)).collect(),
            _ => {
                let mut values = vec![T::default(); self.rows];
                let done = standalone::simple_decompress_into(self.bytes, &mut values).map_err(|_| Damaged("a column is damaged"))?;
                // A column that is longer than it should be is as wrong as one that is shorter.
                if done.n_processed != self.rows || !done.finished {
                    return Err(wrong());
                }
                Ok(values)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_column_comes_back_bit_for_bit(values in prop::collection::vec(any::<u32>(), 0..300), decimal in any::<bool>()) {
            #[expect(clippy::cast_precision_loss, reason = "any float will do")]
            let floats: Vec<f32> = values.iter().map(|v| if decimal { (v % 1_000) as f32 / 10.0 } else { f32::from_bits(*v) }).collect();
            let mut out = Vec::new();
            put(&mut out, &floats);
            put(&mut out, &values);
            let mut input = Reader(&out);
            let (a, b) = (Column::read::<f32>(&mut input, floats.len()).unwrap(), Column::read::<u32>(&mut input, values.len()).unwrap());
            let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&a.values().unwrap()), bits(&floats));
            prop_assert_eq!(b.values::<u32>().unwrap(), values);
            prop_assert!(input.0.is_empty());
        }

        #[test]
        fn damaged_bytes_are_refused_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), rows in 0_usize..1_000) {
            if let Ok(column) = Column::read::<f32>(&mut Reader(&bytes), rows) {
                let _ = column.values::<f32>();
            }
        }
    }
}
