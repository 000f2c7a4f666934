//! Brotli and gzip beside each asset, made once here instead of on every answer.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::Mode;

/// The largest window that every browser accepts.
const BROTLI_WINDOW: i32 = 22;

/// File name ending and content of every form that is smaller than the original.
pub(super) fn forms(bytes: &[u8], mode: Mode) -> std::io::Result<Vec<(&'static str, Vec<u8>)>> {
    let mut forms = vec![("br", brotli(bytes, mode)?), ("gz", gzip(bytes, mode)?)];
    forms.retain(|(_, packed)| packed.len() < bytes.len());
    Ok(forms)
}

fn brotli(bytes: &[u8], mode: Mode) -> std::io::Result<Vec<u8>> {
    let quality = match mode {
        Mode::Dev => 2,
        Mode::Full => 11,
    };
    let params = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: BROTLI_WINDOW,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &params)?;
    Ok(packed)
}

fn gzip(bytes: &[u8], mode: Mode) -> std::io::Result<Vec<u8>> {
    let level = match mode {
        Mode::Dev => Compression::fast(),
        Mode::Full => Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn both_forms_unpack_to_the_original() {
        let original = b"evenkeel ".repeat(500);
        for mode in [Mode::Dev, Mode::Full] {
            let forms = forms(&original, mode).unwrap();
            let names: Vec<_> = forms.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, ["br", "gz"]);

            let mut unpacked = Vec::new();
            brotli::BrotliDecompress(&mut &*forms[0].1, &mut unpacked).unwrap();
            assert_eq!(unpacked, original);

            unpacked.clear();
            flate2::read::GzDecoder::new(&*forms[1].1).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, original);
        }
    }

    #[test]
    fn a_form_that_is_not_smaller_is_not_kept() {
        assert!(forms(b"x", Mode::Full).unwrap().is_empty());
    }
}
