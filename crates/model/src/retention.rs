//! How finely measured values are kept, and how long everything is kept.

use serde::{Deserialize, Serialize};

/// One measured value stands for this much time. Coarser ones keep the smallest, the largest and the mean value and how many there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Every value as it was measured.
    Second,
    TenSeconds,
    Minute,
    QuarterHour,
}

impl Resolution {
    /// The finest first.
    pub const ALL: [Self; 4] = [Self::Second, Self::TenSeconds, Self::Minute, Self::QuarterHour];

    pub const fn ms(self) -> i64 {
        match self {
            Self::Second => 1_000,
            Self::TenSeconds => 10_000,
            Self::Minute => 60_000,
            Self::QuarterHour => 900_000,
        }
    }

    /// Values are stored, and leave, in slices of this much time.
    pub const fn slice_ms(self) -> i64 {
        match self {
            Self::Second => 900_000,
            Self::TenSeconds => 2 * HOUR_MS,
            Self::Minute => 12 * HOUR_MS,
            Self::QuarterHour => 8 * DAY_MS,
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Second => "1 s",
            Self::TenSeconds => "10 s",
            Self::Minute => "1 min",
            Self::QuarterHour => "15 min",
        }
    }
}

/// How long measured values are kept, by resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleRetention {
    pub second_h: u32,
    pub ten_seconds_h: u32,
    pub minute_d: u32,
    pub quarter_hour_d: u32,
}

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

impl SampleRetention {
    pub fn ms(&self, resolution: Resolution) -> i64 {
        match resolution {
            Resolution::Second => i64::from(self.second_h) * HOUR_MS,
            Resolution::TenSeconds => i64::from(self.ten_seconds_h) * HOUR_MS,
            Resolution::Minute => i64::from(self.minute_d) * DAY_MS,
            Resolution::QuarterHour => i64::from(self.quarter_hour_d) * DAY_MS,
        }
    }

    /// The coarsest resolution that still gives `points` values between these moments, or the finest one that is kept so far back.
    pub fn resolution(&self, from_ms: i64, to_ms: i64, points: u16, now_ms: i64) -> Resolution {
        let fits = |r: &Resolution| (to_ms.saturating_sub(from_ms)) / r.ms() >= i64::from(points);
        let kept = |r: &Resolution| now_ms.saturating_sub(from_ms) <= self.ms(*r) + SLACK_MS;
        let wanted = Resolution::ALL.into_iter().rev().find(fits).unwrap_or(Resolution::Second);
        let mut coarser = Resolution::ALL.into_iter().filter(|r| *r >= wanted);
        coarser.find(kept).unwrap_or(Resolution::QuarterHour)
    }
}

/// A question for the last hour begins a little more than an hour ago when it is answered; blocks leave as a whole, so it is still there.
const SLACK_MS: i64 = 60_000;

impl Default for SampleRetention {
    /// 1 s for 1 h, 10 s for 24 h, 1 min for 30 d, 15 min for 13 months.
    fn default() -> Self {
        Self {
            second_h: 1,
            ten_seconds_h: 24,
            minute_d: 30,
            quarter_hour_d: 396,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resolution_follows_the_range_and_what_is_kept() {
        let kept = SampleRetention::default();
        let now = 1_795_200_763_000;
        let of = |from_h: i64, to_h: i64, points| kept.resolution(now - from_h * HOUR_MS, now - to_h * HOUR_MS, points, now);
        for (from_h, to_h, points, expected) in [
            (1, 0, 600, Resolution::Second),
            (6, 0, 600, Resolution::TenSeconds),
            (24, 0, 600, Resolution::Minute),
            (24 * 7, 0, 600, Resolution::QuarterHour),
            (24 * 30, 0, 600, Resolution::QuarterHour),
            // An hour of yesterday is not kept by the second any more, one of last week not by the ten seconds, one of last year not
            // by the minute.
            (20, 19, 600, Resolution::TenSeconds),
            (24 * 7, 24 * 7 - 1, 600, Resolution::Minute),
            (24 * 300, 24 * 300 - 1, 600, Resolution::QuarterHour),
            (24 * 4_000, 24 * 4_000 - 1, 600, Resolution::QuarterHour),
        ] {
            assert_eq!(of(from_h, to_h, points), expected, "{from_h} h to {to_h} h");
        }
    }

    #[test]
    fn a_last_hour_that_is_asked_for_a_moment_late_is_still_by_the_second() {
        let kept = SampleRetention::default();
        assert_eq!(kept.resolution(0, HOUR_MS, 600, HOUR_MS + 5_000), Resolution::Second);
    }
}
