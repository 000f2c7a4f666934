//! Kubernetes' resource quantities: `250m`, `1.5Gi`, `2e3`
//! (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>).

use serde::{Deserialize, Deserializer, de};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a quantity: a number with n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or an exponent")]
pub struct InvalidQuantity(pub String);

/// In whole thousandths, rounded up as Kubernetes' `MilliValue` does; what is larger than an `i64` holds is the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(pub i64);

impl Quantity {
    pub const fn milli(self) -> i64 {
        self.0
    }

    /// Whole units, rounded up as Kubernetes' `Value` does.
    pub const fn units(self) -> i64 {
        self.0.div_euclid(1_000) + if self.0.rem_euclid(1_000) == 0 { 0 } else { 1 }
    }
}

/// Longest text: sign, 20 digits before and after the point, a suffix.
const TEXT_MAX_BYTES: usize = 48;

impl std::str::FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let invalid = || InvalidQuantity(text.chars().take(TEXT_MAX_BYTES).collect());
        if text.is_empty() || text.len() > TEXT_MAX_BYTES {
            return Err(invalid());
        }
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (negative, digits) = match number.as_bytes().first() {
            Some(b'-') => (true, &number[1..]),
            Some(b'+') => (false, &number[1..]),
            _ => (false, number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
            return Err(invalid());
        }
        let (factor, exponent) = scale(suffix).ok_or_else(invalid)?;
        // value = digits * 10^(exponent - places) * factor, in thousandths.
        let places = i32::try_from(fraction.len()).map_err(|_| invalid())?;
        let digits: u128 = format!("0{whole}{fraction}").parse().map_err(|_| invalid())?;
        let power = exponent + 3 - places;
        let scaled = digits.checked_mul(factor);
        let milli = if digits == 0 {
            Some(0)
        } else if power >= 0 {
            scaled.and_then(|n| n.checked_mul(10_u128.checked_pow(power.unsigned_abs())?))
        } else {
            let divisor = 10_u128.checked_pow(power.unsigned_abs());
            Some(divisor.map_or(1, |d| scaled.unwrap_or(u128::MAX).div_ceil(d)))
        };
        let milli = milli.and_then(|n| i64::try_from(n).ok()).unwrap_or(i64::MAX);
        Ok(Self(if negative { -milli } else { milli }))
    }
}

/// Binary factor and decimal exponent of a suffix.
fn scale(suffix: &str) -> Option<(u128, i32)> {
    let binary = |power: u32| Some((1_u128 << (10 * power), 0));
    match suffix {
        "" => Some((1, 0)),
        "n" => Some((1, -9)),
        "u" => Some((1, -6)),
        "m" => Some((1, -3)),
        "k" => Some((1, 3)),
        "M" => Some((1, 6)),
        "G" => Some((1, 9)),
        "T" => Some((1, 12)),
        "P" => Some((1, 15)),
        "E" => Some((1, 18)),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let exponent: i32 = exponent.parse().ok()?;
            (-30..=30).contains(&exponent).then_some((1, exponent))
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    /// A string, or a bare number as people write it in YAML.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Quantity;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a quantity such as 250m or 64Mi")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Quantity, E> {
                n.to_string().parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Quantity, E> {
                n.to_string().parse().map_err(E::custom)
            }
            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Quantity, E> {
                n.to_string().parse().map_err(E::custom)
            }
        }
        from.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        for (text, milli) in [
            ("0", 0),
            ("1", 1_000),
            ("250m", 250),
            ("1.5", 1_500),
            (".5", 500),
            ("100n", 1),
            ("1500u", 2),
            ("64Mi", 64 * 1_024 * 1_024 * 1_000),
            ("1.5Gi", 3 * 512 * 1_024 * 1_024 * 1_000),
            ("2k", 2_000_000),
            ("2e3", 2_000_000),
            ("5E-1", 500),
            ("-3", -3_000),
            ("9Ei", i64::MAX),
        ] {
            assert_eq!(text.parse::<Quantity>().unwrap().milli(), milli, "{text}");
        }
        for bad in [
            "",
            "m",
            "1 Mi",
            "1mi",
            "1e99",
            "0x10",
            "1..2",
            "--1",
            "1-2",
            "nan",
            "1e",
            &"9".repeat(60),
        ] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }
}
