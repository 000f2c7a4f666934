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
}
