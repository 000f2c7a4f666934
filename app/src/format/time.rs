//! Ages and moments. UTC always: the same text for everybody who looks at the same event.

pub use model::time::iso;
use model::time::utc;

/// `0 s`, `14 s`, `3 min`, `2 h`, `5 d`.
pub fn age(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long before `now_ms` it was.
pub fn age_between(since_ms: i64, now_ms: i64) -> String {
    age(now_ms.saturating_sub(since_ms))
}

/// In two parts: `42 s`, `3 min 5 s`, `2 h 5 min`, `5 d 3 h`. For what somebody waits for.
pub fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    let (large, unit, small, small_unit) = match seconds {
        0..60 => return format!("{seconds} s"),
        60..3_600 => (seconds / 60, "min", seconds % 60, "s"),
        3_600..172_800 => (seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => (seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    };
    match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {small_unit}"),
    }
}

/// `18:52:43`
pub fn clock(unix_ms: i64) -> String {
    let s = utc(unix_ms).second_of_day;
    format!("{:02}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
}

/// `20 Nov 18:52:43`, with the year when it is not `now_ms`'s.
pub fn date_time(unix_ms: i64, now_ms: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (t, now) = (utc(unix_ms), utc(now_ms));
    let month = usize::try_from(t.month - 1)
        .ok()
        .and_then(|m| MONTHS.get(m))
        .copied()
        .unwrap_or("?");
    let year = if t.year == now.year {
        String::new()
    } else {
        format!(" {}", t.year)
    };
    format!("{} {month}{year} {}", t.day, clock(unix_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        for (ms, text) in [
            (-5, "0 s"),
            (999, "0 s"),
            (14_000, "14 s"),
            (200_000, "3 min"),
            (7_300_000, "2 h"),
            (172_800_000, "2 d"),
            (432_000_000, "5 d"),
        ] {
            assert_eq!(age(ms), text);
        }
    }

    #[test]
    fn what_is_waited_for_is_told_in_two_parts() {
        for (ms, text) in [
            (-5, "0 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (185_000, "3 min 5 s"),
            (7_500_000, "2 h 5 min"),
            (172_800_000, "2 d"),
            (442_800_000, "5 d 3 h"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn no_moment_is_too_far_away_for_an_age() {
        assert_eq!(
            (age_between(i64::MAX, -5).as_str(), age_between(i64::MIN, 5).as_str()),
            ("0 s", "106751991167 d")
        );
    }

    #[test]
    fn moments_are_told_in_utc() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_827_696_789), "2000-02-29T12:34:56.789Z");
        assert_eq!(iso(-1), "1969-12-31T23:59:59.999Z");
        let now = 1_795_200_763_000;
        assert_eq!(iso(now), "2026-11-20T18:52:43.000Z");
        assert_eq!(date_time(now, now), "20 Nov 18:52:43");
        assert_eq!(date_time(0, now), "1 Jan 1970 00:00:00");
    }
}
