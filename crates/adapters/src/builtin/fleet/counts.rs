//! Counts of several gateways as one: each only ever adds what it gained, so that a gateway that starts again at zero takes nothing away.

use gateway::{InstanceStats, PoolStats};
use model::{Counters, Refusals, Retries, Reused};

/// Sums stop here: bytes of a busy fleet over centuries, and a few of them still fit in 64 bits.
const MOST: u64 = 1 << 60;

/// Everything that only grows, of a pool or an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::builtin) struct Counts {
    pub(in crate::builtin) counters: Counters,
    pub(in crate::builtin) unserved: u64,
    pub(in crate::builtin) refusals: Refusals,
    pub(in crate::builtin) retries: Retries,
    pub(in crate::builtin) reused: Reused,
    /// How often its breaker has opened.
    pub(in crate::builtin) opened: u64,
}

impl Counts {
    pub(in crate::builtin) const fn of_pool(pool: &PoolStats) -> Self {
        Self {
            counters: pool.counters,
            unserved: pool.unserved,
            refusals: pool.refusals,
            retries: pool.retries,
            reused: pool.reused,
            opened: pool.breaker.opened,
        }
    }

    pub(in crate::builtin) fn of_instance(instance: &InstanceStats) -> Self {
        Self {
            counters: instance.counters,
            opened: instance.breaker.opened,
            ..Self::default()
        }
    }

    pub(super) const fn put_into_pool(self, pool: &mut PoolStats) {
        pool.counters = self.counters;
        pool.unserved = self.unserved;
        pool.refusals = self.refusals;
        pool.retries = self.retries;
        pool.reused = self.reused;
        pool.breaker.opened = self.opened;
    }

    pub(super) const fn put_into_instance(self, instance: &mut InstanceStats) {
        instance.counters = self.counters;
        instance.breaker.opened = self.opened;
    }

    /// Every number, always in the same order.
    const fn each(&mut self) -> [&mut u64; 18] {
        let Self {
            counters:
                Counters {
                    requests,
                    status_2xx,
                    status_3xx,
                    status_4xx,
                    status_5xx,
                    failed,
                    bytes_sent,
                },
            unserved,
            refusals:
                Refusals {
                    rate,
                    body,
                    in_flight,
                    shed,
                    breaker,
                },
            retries: Retries { sent, over_budget },
            reused: Reused { deduplicated, stale },
            opened,
        } = self;
        [
            requests,
            status_2xx,
            status_3xx,
            status_4xx,
            status_5xx,
            failed,
            bytes_sent,
            unserved,
            rate,
            body,
            in_flight,
            shed,
            breaker,
            sent,
            over_budget,
            deduplicated,
            stale,
            opened,
        ]
    }

    /// None above `most`.
    #[must_use]
    pub(super) fn at_most(mut self, most: u64) -> Self {
        for count in self.each() {
            *count = (*count).min(most);
        }
        self
    }

    /// What was gained since. One that shrank anywhere began anew.
    #[must_use]
    pub(in crate::builtin) fn since(mut self, mut before: Self) -> Self {
        let whole = self;
        for (now, before) in self.each().into_iter().zip(before.each()) {
            match now.checked_sub(*before) {
                Some(gained) => *now = gained,
                None => return whole,
            }
        }
        self
    }

    pub(in crate::builtin) fn add(&mut self, mut more: Self) {
        for (sum, more) in self.each().into_iter().zip(more.each()) {
            *sum = sum.saturating_add(*more).min(MOST);
        }
    }

    pub(in crate::builtin) fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Counts in which each number is another.
    fn numbered(from: u64) -> Counts {
        let mut counts = Counts::default();
        for (at, count) in (from..).zip(counts.each()) {
            *count = at;
        }
        counts
    }

    /// One gateway's counts over time: all of them grow, and now and then begin anew.
    fn life() -> impl Strategy<Value = Vec<Counts>> {
        let step = prop_oneof![4 => prop::array::uniform18(0..50_u64).prop_map(Some), 1 => Just(None)];
        prop::collection::vec(step, 1..20).prop_map(|steps| {
            let mut at = Counts::default();
            let grow = |step: Option<[u64; 18]>| {
                let Some(step) = step else {
                    at = Counts::default();
                    return at;
                };
                for (count, more) in at.each().into_iter().zip(step) {
                    *count += more;
                }
                at
            };
            steps.into_iter().map(grow).collect()
        })
    }

    #[test]
    fn no_number_takes_the_place_of_another() {
        let (all, earlier) = (numbered(100), numbered(1));
        assert_eq!(all.each_value(), std::array::from_fn(|at| 100 + at as u64));
        assert_eq!(all.since(earlier).each_value(), [99; 18]);
        assert_eq!(all.at_most(105).each_value()[4..8], [104, 105, 105, 105]);
        let mut sum = all;
        sum.add(earlier);
        assert_eq!(sum.each_value(), std::array::from_fn(|at| 101 + 2 * at as u64));
        // Any one of them that shrank tells of a new beginning.
        for at in 0..18 {
            let mut former = earlier;
            *former.each()[at] = 1_000;
            assert_eq!(all.since(former), all);
        }
    }

    impl Counts {
        fn each_value(mut self) -> [u64; 18] {
            self.each().map(|count| *count)
        }
    }

    proptest! {
        #[test]
        fn the_sum_never_goes_back_and_is_what_all_lives_came_to(lives in prop::collection::vec(life(), 1..5)) {
            let mut sum = Counts::default();
            let mut expected = [0_u64; 18];
            for life in &lives {
                let mut last = Counts::default();
                for &now in life {
                    let before = sum.each_value();
                    sum.add(now.since(last));
                    prop_assert!(sum.each_value().iter().zip(before).all(|(now, before)| *now >= before));
                    // Each step up, and all that stands after a new beginning.
                    let (began_anew, values, former) = (now == Counts::default(), now.each_value(), last.each_value());
                    for (at, expected) in expected.iter_mut().enumerate() {
                        *expected += if began_anew { 0 } else { values[at] - former[at] };
                    }
                    last = now;
                }
            }
            prop_assert_eq!(sum.each_value(), expected);
        }
    }
}
