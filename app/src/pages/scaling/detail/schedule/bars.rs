//! The coming week as bars, a line for each day (UTC). Pure.

use model::time::utc;

use super::week::Stretch;

pub const DAY_MS: i64 = 86_400_000;

/// A part of a day, in minutes from midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub from_min: i64,
    pub minutes: i64,
    /// A rule of the schedule is in force.
    pub is_ruled: bool,
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `Sat 21 Nov`.
    pub label: String,
    pub bars: Vec<Bar>,
}

/// One line for each day that a stretch touches.
pub fn days(week: &[Stretch]) -> Vec<Day> {
    let (Some(first), Some(last)) = (week.first(), week.last()) else {
        return Vec::new();
    };
    let (first, last) = (first.from_ms.div_euclid(DAY_MS), (last.to_ms - 1).div_euclid(DAY_MS));
    // A week touches eight days at most; more would be no week.
    (first..=last)
        .take(8)
        .map(|day| {
            let (begin, end) = (day * DAY_MS, (day + 1) * DAY_MS);
            let within = week.iter().filter(|s| s.from_ms < end && s.to_ms > begin);
            let bar = |s: &Stretch| {
                let from_min = (s.from_ms.max(begin) - begin) / 60_000;
                Bar {
                    from_min,
                    minutes: ((s.to_ms.min(end) - begin) / 60_000 - from_min).max(1),
                    is_ruled: !s.rules.is_empty(),
                    title: s.bounds(),
                }
            };
            Day {
                label: label(begin),
                bars: within.map(bar).collect(),
            }
        })
        .collect()
}

/// `Sat 21 Nov`; the first of January 1970 was a Thursday.
pub fn label(unix_ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let t = utc(unix_ms);
    let name = |names: &'static [&'static str], n: i64| usize::try_from(n).ok().and_then(|n| names.get(n)).copied().unwrap_or("?");
    let weekday = name(&DAYS, unix_ms.div_euclid(DAY_MS).rem_euclid(7));
    format!("{weekday} {} {}", t.day, name(&MONTHS, t.month - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: i64 = 1_795_132_800_000 + 43_200_000;

    fn stretch(from_h: i64, to_h: i64, rules: &[&str]) -> Stretch {
        Stretch {
            from_ms: NOON_MS + from_h * 3_600_000,
            to_ms: NOON_MS + to_h * 3_600_000,
            min: 2,
            max: 10,
            rules: rules.iter().map(|r| (*r).to_owned()).collect(),
        }
    }

    #[test]
    fn a_stretch_over_midnight_is_a_bar_in_both_days() {
        let week = [stretch(0, 6, &[]), stretch(6, 20, &["night"]), stretch(20, 168, &[])];
        let days = days(&week);
        assert_eq!(days.len(), 8);
        assert_eq!(days[0].label, "Fri 20 Nov");
        let bars = |day: &Day| day.bars.iter().map(|b| (b.from_min, b.minutes, b.is_ruled)).collect::<Vec<_>>();
        assert_eq!(bars(&days[0]), [(720, 360, false), (1_080, 360, true)]);
        assert_eq!(bars(&days[1]), [(0, 480, true), (480, 960, false)]);
        assert_eq!(bars(&days[7]), [(0, 720, false)]);
        assert_eq!(days[1].bars[0].title, "2 to 10, by night");
    }

    #[test]
    fn nothing_is_no_day() {
        assert_eq!(super::days(&[]), []);
    }
}
