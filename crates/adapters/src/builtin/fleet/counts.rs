//! Counts of several gateways as one: each only ever adds what it gained, so that a gateway that starts again at zero takes nothing away.

use gateway::{InstanceStats, PoolStats};
use model::{Counters, Refusals, Retries, Reused};

/// What JavaScript still counts exactly, and far from overflow when pools are added up.
const MOST: u64 = 1 << 53;

/// Everything that only grows, of a pool or an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::builtin) struct Counts([u64; 18]);

impl Counts {
    fn new(counters: &Counters, unserved: u64, refusals: Refusals, retries: Retries, opened: u64, reused: Reused) -> Self {
        let Counters {
            requests,
            status_2xx,
            status_3xx,
            status_4xx,
            status_5xx,
            failed,
            bytes_sent,
        } = *counters;
        let Refusals {
            rate,
            body,
            in_flight,
            shed,
            breaker,
        } = refusals;
        let Retries { sent, over_budget } = retries;
        let Reused { deduplicated, stale } = reused;
        Self([
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
            opened,
            deduplicated,
            stale,
        ])
    }

    pub(in crate::builtin) fn of_pool(pool: &PoolStats) -> Self {
        Self::new(
            &pool.counters,
            pool.unserved,
            pool.refusals,
            pool.retries,
            pool.breaker.opened,
            pool.reused,
        )
    }

    pub(in crate::builtin) fn of_instance(instance: &InstanceStats) -> Self {
        Self::new(
            &instance.counters,
            0,
            Refusals::default(),
            Retries::default(),
            instance.breaker.opened,
            Reused::default(),
        )
    }

    /// What was gained since. One that shrank anywhere began anew.
    #[must_use]
    pub(in crate::builtin) fn since(&self, before: &Self) -> Self {
        let began_anew = self.0.iter().zip(before.0).any(|(now, before)| *now < before);
        let mut gained = *self;
        if !began_anew {
            gained.0.iter_mut().zip(before.0).for_each(|(now, before)| *now -= before);
        }
        gained
    }

    pub(in crate::builtin) fn add(&mut self, more: &Self) {
        self.0
            .iter_mut()
            .zip(more.0)
            .for_each(|(sum, more)| *sum = sum.saturating_add(more).min(MOST));
    }

    pub(in crate::builtin) fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    pub(in crate::builtin) const fn counters(&self) -> Counters {
        let [requests, status_2xx, status_3xx, status_4xx, status_5xx, failed, bytes_sent, ..] = self.0;
        Counters {
            requests,
            status_2xx,
            status_3xx,
            status_4xx,
            status_5xx,
            failed,
            bytes_sent,
        }
    }

    pub(in crate::builtin) const fn unserved(&self) -> u64 {
        self.0[7]
    }

    pub(in crate::builtin) const fn refusals(&self) -> Refusals {
        let [.., rate, body, in_flight, shed, breaker, _, _, _, _, _] = self.0;
        Refusals {
            rate,
            body,
            in_flight,
            shed,
            breaker,
        }
    }

    pub(in crate::builtin) const fn retries(&self) -> Retries {
        let [.., sent, over_budget, _, _, _] = self.0;
        Retries { sent, over_budget }
    }

    pub(in crate::builtin) const fn reused(&self) -> Reused {
        let [.., deduplicated, stale] = self.0;
        Reused { deduplicated, stale }
    }

    /// How often its breaker has opened.
    pub(in crate::builtin) const fn opened(&self) -> u64 {
        self.0[15]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One gateway's counter over time: it grows, and now and then begins anew.
    fn life() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(prop_oneof![4 => (1..50_u64).prop_map(Some), 1 => Just(None)], 1..20).prop_map(|steps| {
            let mut at = 0;
            let grow = |step: Option<u64>| {
                at = step.map_or(0, |more| at + more);
                at
            };
            steps.into_iter().map(grow).collect()
        })
    }

    fn counts(requests: u64) -> Counts {
        let counters = Counters {
            requests,
            status_2xx: requests,
            ..Counters::default()
        };
        Counts::new(&counters, 0, Refusals::default(), Retries::default(), 0, Reused::default())
    }

    #[test]
    fn every_field_keeps_its_place() {
        let refusals = Refusals {
            rate: 1,
            body: 2,
            in_flight: 3,
            shed: 4,
            breaker: 5,
        };
        let retries = Retries { sent: 6, over_budget: 7 };
        let counters = Counters {
            requests: 8,
            bytes_sent: 9,
            ..Counters::default()
        };
        let reused = Reused {
            deduplicated: 12,
            stale: 13,
        };
        let all = Counts::new(&counters, 10, refusals, retries, 11, reused);
        assert_eq!(
            (
                all.counters(),
                all.unserved(),
                all.refusals(),
                all.retries(),
                all.opened(),
                all.reused()
            ),
            (counters, 10, refusals, retries, 11, reused)
        );
    }

    proptest! {
        #[test]
        fn the_sum_never_goes_back_and_is_what_all_lives_came_to(lives in prop::collection::vec(life(), 1..5)) {
            let mut sum = Counts::default();
            for life in &lives {
                let mut last = Counts::default();
                for now in life {
                    let before = sum;
                    sum.add(&counts(*now).since(&last));
                    last = counts(*now);
                    prop_assert!(sum.counters().requests >= before.counters().requests);
                }
            }
            // Gains only: each step up, and what stood after each step down.
            let gains = |life: &Vec<u64>| {
                let mut last = 0;
                life.iter().map(|&now| { let gain = if now < last { now } else { now - last }; last = now; gain }).sum::<u64>()
            };
            prop_assert_eq!(sum.counters().requests, lives.iter().map(gains).sum::<u64>());
        }
    }
}
