//! Unix time in the parts that people read.

use std::fmt;

/// A moment in UTC, in the parts people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utc {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub second_of_day: i64,
    pub ms: i64,
}

/// Civil date from days since 1970-01-01, by Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
pub fn utc(unix_ms: i64) -> Utc {
    let (seconds, ms) = (unix_ms.div_euclid(1000), unix_ms.rem_euclid(1000));
    let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Utc {
        year,
        month,
        day,
        second_of_day,
        ms,
    }
}

impl fmt::Display for Utc {
    /// `2026-11-20 18:52:43 UTC`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, Self { year, month, day, .. }) = (self.second_of_day, *self);
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
            s / 3_600,
            s / 60 % 60,
            s % 60
        )
    }
}

/// Days from 1970-01-01, by Howard Hinnant's `days_from_civil`: the way back of [`utc`].
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Unix ms of what a browser's field for a moment holds: `2026-11-20T18:52` or `2026-11-20T18:52:43`, taken as UTC. `None` where there is
/// no such day or hour.
pub fn parse_moment(text: &str) -> Option<i64> {
    let number = |text: &str, digits: usize| {
        let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (date, clock) = text.split_once('T')?;
    let mut date = date.split('-');
    let (year, month, day) = (number(date.next()?, 4)?, number(date.next()?, 2)?, number(date.next()?, 2)?);
    let mut clock = clock.split(':');
    let (hour, minute) = (number(clock.next()?, 2)?, number(clock.next()?, 2)?);
    let second = clock.next().map_or(Some(0), |text| number(text, 2))?;
    if date.next().is_some() || clock.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let unix_ms = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1_000;
    let back = utc(unix_ms);
    (back.year == year && back.month == month && back.day == day).then_some(unix_ms)
}

/// What a browser's field for a moment is given: `2026-11-20T18:52:43`.
pub fn moment_field(unix_ms: i64) -> String {
    iso(unix_ms).chars().take(19).collect()
}

/// For machines, and for `<time datetime>`: `2026-11-20T18:52:43.120Z`.
pub fn iso(unix_ms: i64) -> String {
    let t = utc(unix_ms);
    let s = t.second_of_day;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        t.year,
        t.month,
        t.day,
        s / 3_600,
        s / 60 % 60,
        s % 60,
        t.ms
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_days_and_times_before_1970_are_right() {
        assert_eq!(utc(951_827_696_789).to_string(), "2000-02-29 12:34:56 UTC");
        assert_eq!(utc(-1).to_string(), "1969-12-31 23:59:59 UTC");
    }

    #[test]
    fn a_field_for_a_moment_round_trips_and_nonsense_is_nothing() {
        for ms in [0, 951_827_696_000, 1_795_200_763_000, 4_102_444_799_000] {
            assert_eq!(parse_moment(&moment_field(ms)), Some(ms));
        }
        assert_eq!(parse_moment("2026-11-20T18:52"), Some(1_795_200_720_000));
        for bad in [
            "",
            "T",
            "2026-11-20",
            "2026-02-29T00:00",
            "2026-13-01T00:00",
            "2026-11-20T24:00",
            "2026-11-20T18:60",
            "2026-11-20T18:52:43:1",
            "+026-11-20T18:52",
            "2026-11-20T18:52Z",
            "99999-01-01T00:00",
        ] {
            assert_eq!(parse_moment(bad), None, "{bad}");
        }
    }
}
