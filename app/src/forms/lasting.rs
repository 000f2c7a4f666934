//! Stretches of time as people write them: `8 h`, `1 h 30 min`, `45 s`; a number alone is minutes.

const UNITS: [(&str, u32); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];

/// In seconds.
///
/// # Errors
/// What to type instead.
pub fn parse(text: &str) -> Result<u32, String> {
    let bad = || "type a time such as 8 h, 1 h 30 min or 90 min".to_owned();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(bad());
    }
    let mut total: u32 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u32 = rest[..digits].parse().map_err(|_| bad())?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match &rest[..letters] {
            // "90" is 90 minutes, but "1 h 30" is a slip.
            "" if total == 0 && rest.is_empty() => 60,
            "m" => 60,
            name => UNITS.iter().find(|(unit, _)| *unit == name).map(|(_, s)| *s).ok_or_else(bad)?,
        };
        let part = number.checked_mul(unit).and_then(|part| total.checked_add(part));
        total = part.ok_or_else(|| "is too long".to_owned())?;
        rest = rest[letters..].trim_start();
    }
    Ok(total)
}

pub fn text(seconds: u32) -> String {
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, length) in UNITS {
        if rest / length > 0 {
            parts.push(format!("{} {unit}", rest / length));
            rest %= length;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (seconds, written) in [
            (28_800, "8 h"),
            (5_400, "1 h 30 min"),
            (45, "45 s"),
            (93_784, "1 d 2 h 3 min 4 s"),
            (0, "0 s"),
        ] {
            assert_eq!(text(seconds), written);
            assert_eq!(parse(written), Ok(seconds));
        }
        assert_eq!((parse("90"), parse("90m"), parse("1h30min")), (Ok(5_400), Ok(5_400), Ok(5_400)));
    }

    #[test]
    fn slips_are_not_guessed_at() {
        for bad in ["", "soon", "1 h 30", "h", "8 hours", "1.5 h", "-3 h", "é"] {
            assert!(parse(bad).unwrap_err().starts_with("type a time"), "{bad:?}");
        }
        assert_eq!(parse("4294967295 h").unwrap_err(), "is too long");
    }
}
