//! What a plain word of YAML stands for. `kubectl` reads YAML 1.1, where `yes` is true and `010` is eight.

use std::sync::Arc;

use serde_json::Number;

use super::node::Value;

/// Longest word that can be a number.
const NUMBER_MAX_BYTES: usize = 40;

pub(super) fn plain(word: &str) -> Value {
    match word {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Flag(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Value::Flag(false),
        _ => {}
    }
    number(word).map_or_else(|| text(word), Value::Number)
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(Arc::from(text))
}

fn number(word: &str) -> Option<Number> {
    if word.len() > NUMBER_MAX_BYTES || !word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let clean = word.replace('_', "");
    let (is_negative, digits) = match clean.as_bytes().first()? {
        b'-' => (true, &clean[1..]),
        b'+' => (false, &clean[1..]),
        _ => (false, clean.as_str()),
    };
    let whole = |digits: &str, radix: u32| {
        // `from_str_radix` takes a sign of its own.
        let is_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric());
        is_digits.then(|| i64::from_str_radix(digits, radix).ok()).flatten()
    };
    let magnitude = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => whole(&digits[2..], 16),
        [b'0', b'o' | b'O', ..] => whole(&digits[2..], 8),
        [b'0', b'b' | b'B', ..] => whole(&digits[2..], 2),
        [b'0', _, ..] if digits.bytes().all(|b| b.is_ascii_digit()) => whole(digits, 8),
        _ => whole(digits, 10),
    };
    if let Some(n) = magnitude {
        return Some(if is_negative { -n } else { n }.into());
    }
    let is_decimal = digits.bytes().any(|b| b.is_ascii_digit()) && digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    is_decimal
        .then(|| clean.parse::<f64>().ok().filter(|n| n.is_finite()).and_then(Number::from_f64))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_kubectl_takes_it_for() {
        let said = |word: &str| match plain(word) {
            Value::Null => "null".to_owned(),
            Value::Flag(flag) => flag.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Text(text) => format!("{text:?}"),
            _ => unreachable!("a word is no collection"),
        };
        for (word, is) in [
            ("~", "null"),
            ("yes", "true"),
            ("Off", "false"),
            ("70", "70"),
            ("-3", "-3"),
            ("010", "8"),
            ("0x1F", "31"),
            ("1_000", "1000"),
            ("2.5", "2.5"),
            ("1e3", "1000.0"),
            ("250m", "\"250m\""),
            ("1.2.3", "\"1.2.3\""),
            ("--1", "\"--1\""),
            ("+-1", "\"+-1\""),
            ("09", "9.0"),
            ("-", "\"-\""),
            (".", "\".\""),
            ("inf", "\"inf\""),
            ("99999999999999999999", "1e+20"),
        ] {
            assert_eq!(said(word), is, "{word}");
        }
    }
}
