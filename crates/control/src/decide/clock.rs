//! Whether the clock on the wall is believed when what it says decides what is removed for good. A clock that is set a year ahead by
//! mistake makes everything look old.

use std::time::Duration;

/// So far it may be ahead of the time that has passed: more than a leap of summer time by somebody who set it by hand.
pub const AHEAD_MAX_MS: i64 = 3_600_000;

/// A console that was off for a weekend looks like one whose clock was wrong when it started. After so long it is believed.
const SETTLED: Duration = Duration::from_hours(24);

/// A moment on the wall that is believed, and how long the process had run then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Believed {
    wall_ms: i64,
    ran: Duration,
    /// From the newest stored row of an earlier run, not from a clock that was watched.
    stored: bool,
}

/// How far the clock is ahead of what is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    pub by_ms: i64,
    pub of_stored: bool,
}

impl Believed {
    pub const fn now(wall_ms: i64, ran: Duration) -> Self {
        Self {
            wall_ms,
            ran,
            stored: false,
        }
    }

    /// Of a process that begins.
    pub const fn stored(newest_ms: i64) -> Self {
        Self {
            wall_ms: newest_ms,
            ran: Duration::ZERO,
            stored: true,
        }
    }

    /// Looks at the clock. Each look that is believed is what the next one is measured from.
    ///
    /// # Errors
    /// [`Ahead`] when it is ahead by more than [`AHEAD_MAX_MS`].
    pub fn look(&mut self, wall_ms: i64, ran: Duration) -> Result<(), Ahead> {
        let passed = ran.saturating_sub(self.ran);
        let expected_ms = self.wall_ms.saturating_add(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX));
        let by_ms = wall_ms.saturating_sub(expected_ms);
        if by_ms > AHEAD_MAX_MS && !(self.stored && passed >= SETTLED) {
            return Err(Ahead {
                by_ms,
                of_stored: self.stored,
            });
        }
        *self = Self::now(wall_ms, ran);
        Ok(())
    }
}

impl std::fmt::Display for Ahead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minutes = self.by_ms / 60_000;
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let (of, or) = if self.of_stored {
            ("the newest stored value", ", or it has run on for a day")
        } else {
            ("the time that has passed", "")
        };
        write!(
            f,
            "the clock is {hours} h {minutes} min ahead of {of}: nothing is removed until it is right, a system admin starts the clean-up{or}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;
    const START_MS: i64 = 1_795_200_000_000;

    fn hours(hours: u64) -> Duration {
        Duration::from_hours(hours)
    }

    #[test]
    fn a_clock_that_leaps_is_not_believed_until_it_is_right_again() {
        let mut believed = Believed::now(START_MS, hours(5));
        assert_eq!(believed.look(START_MS + 2 * HOUR_MS, hours(6)), Ok(()), "an hour ahead");
        let leap = believed.look(START_MS + 10_000 * HOUR_MS, hours(6));
        assert_eq!(leap.map_err(|a| a.by_ms), Err(9_998 * HOUR_MS));
        assert!(
            believed.look(START_MS + 11_000 * HOUR_MS, hours(1_006)).is_err(),
            "time alone makes it no better"
        );
        assert_eq!(believed.look(START_MS + 1_002 * HOUR_MS, hours(1_006)), Ok(()));
        assert_eq!(believed.look(START_MS, hours(1_006)), Ok(()), "going back removes nothing");
        assert!(
            believed.look(START_MS + 2 * HOUR_MS, hours(1_006)).is_err(),
            "and forward again is a leap"
        );
    }

    #[test]
    fn after_a_start_it_is_measured_by_the_newest_row_for_a_day() {
        let mut believed = Believed::stored(START_MS);
        assert_eq!(Believed::stored(START_MS).look(START_MS + HOUR_MS / 2, Duration::ZERO), Ok(()));
        let why = believed.look(START_MS + 72 * HOUR_MS, Duration::ZERO).unwrap_err();
        assert!(why.to_string().contains("72 h 0 min ahead of the newest stored value"), "{why}");
        assert!(believed.look(START_MS + 95 * HOUR_MS, hours(23)).is_err());
        assert_eq!(believed.look(START_MS + 96 * HOUR_MS, hours(24)), Ok(()));
    }
}
