//! The rule itself: pure, one step a second.

use model::DegradationPolicy;

/// Below this share of a threshold, in percent, a measure is well again: what lies between changes nothing.
const WELL_BELOW: u64 = 80;

/// Of one second. Absent where nothing was measured: nothing was asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measures {
    pub(super) in_flight: u32,
    pub(super) p95_ms: Option<u32>,
    pub(super) error_percent: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Rule {
    is_degraded: bool,
    /// Seconds in a row that speak for a change.
    streak_s: u32,
}

impl Rule {
    /// What has changed, and why.
    pub(super) fn step(&mut self, policy: &DegradationPolicy, measures: Measures) -> Option<(bool, String)> {
        let looked_at: Vec<_> = [
            ("in flight", "", policy.in_flight, Some(measures.in_flight)),
            ("p95", " ms", policy.p95_ms, measures.p95_ms),
            ("errors", " %", policy.error_percent, measures.error_percent),
        ]
        .into_iter()
        .filter(|(.., threshold, _)| *threshold > 0)
        .collect();
        let over = looked_at
            .iter()
            .find(|(.., threshold, now)| now.is_some_and(|now| now > *threshold));
        let is_well = |threshold: u32, now: u32| u64::from(now) * 100 <= u64::from(threshold) * WELL_BELOW;
        let all_well = looked_at
            .iter()
            .all(|(.., threshold, now)| now.is_none_or(|now| is_well(*threshold, now)));
        let speaks_for_change = if self.is_degraded { all_well } else { over.is_some() };
        self.streak_s = if speaks_for_change { self.streak_s + 1 } else { 0 };
        let needed_s = if self.is_degraded { policy.recover_s } else { policy.after_s };
        // Switched off, there is nothing to wait for.
        let is_off = self.is_degraded && looked_at.is_empty();
        if self.streak_s < needed_s && !is_off {
            return None;
        }
        self.streak_s = 0;
        self.is_degraded = !self.is_degraded;
        let why = match over {
            Some((name, unit, threshold, now)) => {
                let now = now.unwrap_or_default();
                format!("{name} {now}{unit} for {needed_s} s, more than {threshold}{unit}")
            }
            None if is_off => "no threshold is set any more".to_owned(),
            None => format!("everything has been well below its threshold for {needed_s} s"),
        };
        Some((self.is_degraded, why))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: DegradationPolicy = DegradationPolicy {
        in_flight: 100,
        p95_ms: 0,
        error_percent: 10,
        after_s: 3,
        recover_s: 2,
    };

    /// In flight second by second; answers with when it changed, and to what.
    fn story(policy: &DegradationPolicy, in_flight: &[u32]) -> Vec<(usize, bool)> {
        let mut rule = Rule::default();
        let step = |(second, in_flight): (usize, &u32)| {
            let measures = Measures {
                in_flight: *in_flight,
                ..Measures::default()
            };
            rule.step(policy, measures).map(|(degraded, _)| (second, degraded))
        };
        in_flight.iter().enumerate().filter_map(step).collect()
    }

    #[test]
    fn only_seconds_in_a_row_count() {
        assert_eq!(story(&POLICY, &[101, 101, 100, 101, 101, 101]), [(5, true)]);
        assert_eq!(story(&POLICY, &[100; 20]), []);
    }

    #[test]
    fn between_the_thresholds_nothing_changes() {
        assert_eq!(story(&POLICY, &[200, 200, 200, 90, 90, 90, 90, 80, 80]), [(2, true), (8, false)]);
        assert_eq!(story(&POLICY, &[200, 200, 200, 80, 90, 80, 80]), [(2, true), (6, false)]);
    }

    #[test]
    fn each_measure_alone_is_enough_and_all_have_to_be_well() {
        let mut rule = Rule::default();
        let errors = |percent| Measures {
            in_flight: 5,
            error_percent: Some(percent),
            ..Measures::default()
        };
        let mut told = Vec::new();
        for measures in [errors(50), errors(50), errors(50), errors(9), errors(8), errors(0)] {
            told.extend(rule.step(&POLICY, measures));
        }
        assert_eq!(told[0], (true, "errors 50 % for 3 s, more than 10 %".to_owned()));
        assert!(!told[1].0);
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn switched_off_it_ends_at_once() {
        let mut rule = Rule::default();
        for _ in 0..3 {
            rule.step(
                &POLICY,
                Measures {
                    in_flight: 200,
                    ..Measures::default()
                },
            );
        }
        let told = rule.step(&DegradationPolicy::default(), Measures::default());
        assert_eq!(told.map(|(degraded, _)| degraded), Some(false));
    }

    proptest! {
        #[test]
        fn it_never_changes_faster_than_its_rule(in_flight in prop::collection::vec(0_u32..200, 0..80)) {
            let changes = story(&POLICY, &in_flight);
            for pair in changes.windows(2) {
                let needed = if pair[1].1 { POLICY.after_s } else { POLICY.recover_s };
                prop_assert!(pair[1].0 - pair[0].0 >= needed as usize);
                prop_assert_ne!(pair[0].1, pair[1].1);
            }
        }
    }
}
