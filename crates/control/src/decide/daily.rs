//! When something that happens once a day happens next.

use jiff::{Timestamp, tz::TimeZone};

/// The next moment after `now_ms` at which clocks on the wall in `zone` show `hour` o'clock, Unix ms. Where that hour is left out in
/// spring, it is the moment that takes its place; where it comes twice in autumn, the first of the two.
pub fn next(now_ms: i64, hour: i8, zone: &TimeZone) -> i64 {
    const DAY_MS: i64 = 86_400_000;
    let at = |day_ms: i64| {
        let day = Timestamp::from_millisecond(day_ms).ok()?.to_zoned(zone.clone()).date();
        Some(day.at(hour, 0, 0, 0).to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
    };
    // A day of summer time begins is shorter than another: the one after tomorrow covers every case.
    let days = [0, 1, 2].map(|n| now_ms.saturating_add(n * DAY_MS));
    let next = days.into_iter().filter_map(at).find(|at| *at > now_ms);
    next.unwrap_or_else(|| now_ms.saturating_add(DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn it_is_always_three_by_the_clock_on_the_wall() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (now, expected) in [
            ("2026-01-10T00:00:00Z", "2026-01-10T02:00:00Z"),
            ("2026-01-10T02:00:00Z", "2026-01-11T02:00:00Z"),
            ("2026-07-10T22:30:00Z", "2026-07-11T01:00:00Z"),
            // The night of 29 March 2026 has no 02:30, and 03:00 is one hour earlier; that of 25 October has one hour more.
            ("2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            ("2026-10-24T12:00:00Z", "2026-10-25T02:00:00Z"),
        ] {
            assert_eq!(next(ms(now), 3, &berlin), ms(expected), "{now}");
        }
        assert_eq!(
            next(ms("2026-03-28T12:00:00Z"), 2, &berlin),
            ms("2026-03-29T01:00:00Z"),
            "the hour that is left out"
        );
        assert_eq!(
            next(ms("2026-10-24T12:00:00Z"), 2, &berlin),
            ms("2026-10-25T00:00:00Z"),
            "the first of two"
        );
    }
}
