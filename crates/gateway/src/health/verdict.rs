//! Rise and fall: when a check's result changes the health.

use model::{Health, HealthCheck};

/// The health that the checks so far add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    pub(super) health: Health,
    /// Results in a row that speak against `health`: failures while it serves, passes while it is down.
    against: u8,
}

impl Verdict {
    /// The first pass makes an unchecked instance up: it was served already, there is nothing to wait for.
    pub(super) fn after(self, passed: bool, check: &HealthCheck) -> Self {
        let against = self.against.saturating_add(1);
        match (self.health, passed) {
            (Health::Down, true) if against < check.rise => Self { against, ..self },
            (Health::Down, false) => Self { against: 0, ..self },
            (_, true) => Self {
                health: Health::Up,
                against: 0,
            },
            (_, false) if against < check.fall => Self {
                health: Health::GoingDown,
                against,
            },
            (_, false) => Self {
                health: Health::Down,
                against: 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(rise: u8, fall: u8) -> HealthCheck {
        HealthCheck {
            rise,
            fall,
            ..HealthCheck::default()
        }
    }

    /// `+` passes, `-` fails; the healths after each.
    fn story(results: &str, rise: u8, fall: u8) -> Vec<Health> {
        let mut verdict = Verdict::default();
        let next = |c| {
            verdict = verdict.after(c == '+', &check(rise, fall));
            verdict.health
        };
        results.chars().map(next).collect()
    }

    #[test]
    fn it_falls_after_fall_and_rises_after_rise() {
        use Health::{Down, GoingDown, Up};
        assert_eq!(story("+---++", 2, 3), [Up, GoingDown, GoingDown, Down, Down, Up]);
        assert_eq!(story("--+--", 2, 3), [GoingDown, GoingDown, Up, GoingDown, GoingDown]);
        assert_eq!(story("---+-++", 2, 3), [GoingDown, GoingDown, Down, Down, Down, Down, Up]);
        assert_eq!(story("-+", 1, 1), [Down, Up]);
    }

    proptest! {
        #[test]
        fn down_means_fall_failures_in_a_row_and_no_rise_since(
            results in prop::collection::vec(any::<bool>(), 0..60), rise in 1_u8..5, fall in 1_u8..5,
        ) {
            let mut verdict = Verdict::default();
            let (mut fails, mut passes, mut down) = (0, 0, false);
            for passed in results {
                (fails, passes) = if passed { (0, passes + 1) } else { (fails + 1, 0) };
                down = if down { passes < rise } else { fails >= fall };
                verdict = verdict.after(passed, &check(rise, fall));
                prop_assert_eq!(verdict.health == Health::Down, down);
                prop_assert_eq!(verdict.health == Health::Up, !down && fails == 0);
            }
        }
    }
}
