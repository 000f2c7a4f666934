//! Decimal fractions as whole numbers of their last digit, so that none is rounded.

/// `12.5` with 3 digits is 12500.
///
/// # Errors
/// What to type instead.
pub fn parse(text: &str, digits: u32) -> Result<i64, String> {
    let bad = || format!("type a number with at most {digits} digits after the point");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > digits as usize {
        return Err(bad());
    }
    let places = digits - u32::try_from(fraction.len()).unwrap_or(digits);
    let joined: i64 = format!("{whole}{fraction}").parse().map_err(|_| "is too large".to_owned())?;
    joined.checked_mul(10_i64.pow(places)).ok_or_else(|| "is too large".to_owned())
}

/// `12.5` from 12500 with 3 digits.
pub fn text(value: i64, digits: u32) -> String {
    let one = 10_u64.pow(digits);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.unsigned_abs() / one, value.unsigned_abs() % one);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{rest:0width$}", width = digits as usize);
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (value, digits, written) in [
            (12_500, 3, "12.5"),
            (70_000, 3, "70"),
            (50, 3, "0.05"),
            (1, 3, "0.001"),
            (466_666, 4, "46.6666"),
            (0, 4, "0"),
        ] {
            assert_eq!(text(value, digits), written);
            assert_eq!(parse(written, digits), Ok(value));
        }
    }

    #[test]
    fn what_is_no_such_number_says_what_is() {
        for bad in ["", "-1", "1e3", ".5", "1.2345", "1.2.3", "NaN", "12 "] {
            assert_eq!(
                parse(bad, 3).unwrap_err(),
                "type a number with at most 3 digits after the point",
                "{bad:?}"
            );
        }
        assert_eq!(parse("99999999999999999999", 3).unwrap_err(), "is too large");
        assert_eq!(parse("9223372036854775", 4).unwrap_err(), "is too large");
    }
}
