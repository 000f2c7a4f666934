//! Three figures that matter, a thin space, a unit.

/// Shown where nothing was measured; never zero.
pub const MISSING: &str = "–";

/// `0`, `0.42`, `4.2`, `52`, and above a thousand `1.2 k`, `3.4 M`.
fn scaled(value: f64) -> String {
    match value {
        v if !v.is_finite() => MISSING.to_owned(),
        v if v.abs() >= 999_950.0 => format!("{:.1} M", v / 1e6),
        v if v.abs() >= 999.5 => format!("{:.1} k", v / 1e3),
        v => plain(v),
    }
}

fn plain(value: f64) -> String {
    match value.abs() {
        v if v < 0.005 => "0".to_owned(),
        v if v < 0.995 => format!("{value:.2}"),
        v if v < 9.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Whatever has no unit: `0`, `0.53`, `4.2`, `47`, `1.2 k`.
pub fn number(value: f64) -> String {
    scaled(value)
}

/// Requests per second: `52 /s`, `1.2 k/s`.
pub fn rate(per_s: f64) -> String {
    let number = scaled(per_s);
    match number.as_str() {
        MISSING => number,
        n if n.ends_with(['k', 'M']) => format!("{n}/s"),
        n => format!("{n} /s"),
    }
}

/// `0 %`, `0.05 %`, `1.2 %`, `34 %`. What is above zero never shows as zero.
pub fn percent(value: Option<f64>) -> String {
    match value {
        Some(v) if v > 0.0 && v < 0.005 => "< 0.01 %".to_owned(),
        Some(v) if v.is_finite() => format!("{} %", plain(v)),
        _ => MISSING.to_owned(),
    }
}

/// A share from 0 to 1 in percent, without decimals: `34 %`.
pub fn utilisation(share: Option<f32>) -> String {
    match share {
        Some(v) if v.is_finite() => format!("{:.0} %", v * 100.0),
        _ => MISSING.to_owned(),
    }
}

/// Milliseconds: `0.85 ms`, `12.3 ms`, `123 ms`, and from a second on `1.24 s`.
pub fn millis(value: Option<f32>) -> String {
    match value {
        Some(v) if !v.is_finite() => MISSING.to_owned(),
        Some(v) if v < 9.995 => format!("{v:.2} ms"),
        Some(v) if v < 99.95 => format!("{v:.1} ms"),
        Some(v) if v < 999.5 => format!("{v:.0} ms"),
        Some(v) => format!("{:.2} s", v / 1000.0),
        None => MISSING.to_owned(),
    }
}

/// With commas between thousands: `1,234,567`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `950 B`, `12.3 kB`, `1.20 GB`: three digits, in thousands.
pub fn bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB"] {
        if value < 1_000.0 {
            break;
        }
        value /= 1_000.0;
        unit = larger;
    }
    match value {
        _ if unit == "B" => format!("{bytes} B"),
        v if v < 10.0 => format!("{v:.2} {unit}"),
        v if v < 100.0 => format!("{v:.1} {unit}"),
        v => format!("{v:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_keep_the_figures_that_matter() {
        for (value, text) in [
            (0.0, "0 /s"),
            (0.42, "0.42 /s"),
            (4.24, "4.2 /s"),
            (9.96, "10 /s"),
            (52.3, "52 /s"),
            (999.4, "999 /s"),
            (999.6, "1.0 k/s"),
            (1_234.0, "1.2 k/s"),
            (3_400_000.0, "3.4 M/s"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(rate(value), text);
        }
    }

    #[test]
    fn a_small_share_is_not_zero_and_a_missing_one_neither() {
        for (value, text) in [
            (None, "–"),
            (Some(0.0), "0 %"),
            (Some(0.001), "< 0.01 %"),
            (Some(0.05), "0.05 %"),
            (Some(1.23), "1.2 %"),
            (Some(34.4), "34 %"),
            (Some(100.0), "100 %"),
        ] {
            assert_eq!(percent(value), text);
        }
        assert_eq!(utilisation(Some(0.344)), "34 %");
        assert_eq!(utilisation(None), "–");
    }

    #[test]
    fn milliseconds_become_seconds() {
        for (value, text) in [
            (0.854, "0.85 ms"),
            (12.34, "12.3 ms"),
            (99.96, "100 ms"),
            (123.4, "123 ms"),
            (1_240.0, "1.24 s"),
        ] {
            assert_eq!(millis(Some(value)), text);
        }
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            (count(0), count(999), count(1_000), count(1_234_567)),
            ("0".into(), "999".into(), "1,000".into(), "1,234,567".into())
        );
    }

    #[test]
    fn sizes_have_three_digits() {
        for (n, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (12_345, "12.3 kB"),
            (987_654_321, "988 MB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }
}
