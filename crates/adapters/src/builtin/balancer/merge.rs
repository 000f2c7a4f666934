//! What several gateways see of one pool, in one sentence each. Pure, and the same whatever order they come in.
//!
//! | | rule |
//! |---|---|
//! | in flight, pinned | the sum |
//! | health | of those that have checked: down when at least half find it down; going down when any of the others does, or is about to |
//! | ejected | when at least half have ejected it; until the last of them takes it back |
//! | breaker | the worst, with the name of the gateway it belongs to |
//! | last check | the latest of those who agree with the verdict |
//! | load report | the freshest |
//! | version | the lowest in force |
//! | panic, degraded | when any of them is |
//!
//! Counters are not merged here but added up over time ([`Counts`]); so are latencies.

use std::cmp::Reverse;

use gateway::{InstanceStats, PoolStats};
use model::{BreakerStatus, CheckResult, GatewayId, Health, InstanceObservation, LoadReport, PoolObservation, Window};

use crate::builtin::fleet::counts::Counts;

/// What one gateway says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice<'a, T> {
    pub(super) gateway: &'a GatewayId,
    pub(super) says: &'a T,
}

/// The pool without its instances and its latencies. `own` is what the console's gateway says, which is one of the voices.
pub(super) fn pool(own: &PoolStats, mut voices: Vec<Voice<'_, PoolStats>>, counts: &Counts) -> PoolObservation {
    voices.sort_by_key(|voice| voice.gateway);
    let says = || voices.iter().map(|voice| voice.says);
    let several = voices.len() > 1;
    let degraded = voices.iter().find_map(|v| Some((v.gateway, v.says.degraded.as_ref()?)));
    PoolObservation {
        pool: own.pool.clone(),
        version: says().map(|p| p.version).min().unwrap_or(own.version),
        algorithm: own.algorithm,
        in_flight: says().map(|p| p.in_flight).fold(0, u32::saturating_add),
        counters: counts.counters,
        unserved: counts.unserved,
        refusals: counts.refusals,
        retries: counts.retries,
        reused: counts.reused,
        breaker: worst(voices.iter().map(|v| (v.gateway, &v.says.breaker)), counts.opened),
        is_panicking: says().any(|p| p.is_panicking),
        degraded: degraded.map(|(gateway, why)| named(several, gateway, why)),
        window: Window::default(),
        instances: Vec::new(),
    }
}

/// The instance without its latencies.
pub(super) fn instance(own: &InstanceStats, mut voices: Vec<Voice<'_, InstanceStats>>, counts: &Counts) -> InstanceObservation {
    voices.sort_by_key(|voice| voice.gateway);
    let says = || voices.iter().map(|voice| voice.says);
    let health = health(says().map(|i| i.health));
    let agreeing = || says().filter(|i| i.health == health);
    InstanceObservation {
        id: own.id.clone(),
        address: own.address,
        weight: own.weight,
        admin: own.admin,
        health,
        health_since_ms: agreeing().map(|i| i.health_since_ms).max().unwrap_or(own.health_since_ms),
        ejected_until_ms: ejected(says().map(|i| i.ejected_until_ms)),
        breaker: worst(voices.iter().map(|v| (v.gateway, &v.says.breaker)), counts.opened),
        pinned: says().filter_map(|i| i.pinned).reduce(u32::saturating_add),
        in_flight: says().map(|i| i.in_flight).fold(0, u32::saturating_add),
        counters: counts.counters,
        window: Window::default(),
        last_check: latest(agreeing().filter_map(|i| i.last_check.as_ref()))
            .or_else(|| latest(says().filter_map(|i| i.last_check.as_ref()))),
        load: freshest(says().filter_map(|i| i.load)),
    }
}

fn health(votes: impl Iterator<Item = Health>) -> Health {
    let votes: Vec<Health> = votes.filter(|h| *h != Health::Unchecked).collect();
    let count = |health| votes.iter().filter(|h| **h == health).count();
    let down = count(Health::Down);
    match votes.len() {
        0 => Health::Unchecked,
        all if 2 * down >= all => Health::Down,
        _ if down + count(Health::GoingDown) > 0 => Health::GoingDown,
        _ => Health::Up,
    }
}

fn ejected(votes: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    let votes: Vec<Option<i64>> = votes.collect();
    let until = votes.iter().filter_map(|v| *v);
    if 2 * until.clone().count() >= votes.len() {
        until.max()
    } else {
        None
    }
}

/// Of equally bad ones the one that has changed last.
fn worst<'a>(breakers: impl ExactSizeIterator<Item = (&'a GatewayId, &'a BreakerStatus)>, opened: u64) -> Option<BreakerStatus> {
    let several = breakers.len() > 1;
    let (gateway, worst) = breakers.min_by_key(|(gateway, status)| (status.state, Reverse(status.since_ms), *gateway))?;
    Some(BreakerStatus {
        opened,
        cause: if worst.cause.is_empty() {
            String::new()
        } else {
            named(several, gateway, &worst.cause)
        },
        ..worst.clone()
    })
}

/// Who says so, when there is more than one who could.
fn named(several: bool, gateway: &GatewayId, what: &str) -> String {
    if several { told_by(gateway, what) } else { what.to_owned() }
}

/// Something one gateway says, with its name.
pub(super) fn told_by(gateway: &GatewayId, what: &str) -> String {
    if what.is_empty() {
        format!("gateway {gateway}")
    } else {
        format!("gateway {gateway}: {what}")
    }
}

fn latest<'a>(checks: impl Iterator<Item = &'a CheckResult>) -> Option<CheckResult> {
    checks.max_by_key(|check| (check.at_ms, &check.detail)).cloned()
}

fn freshest(loads: impl Iterator<Item = LoadReport>) -> Option<LoadReport> {
    loads.max_by_key(|load| load.at_ms)
}

#[cfg(test)]
mod tests {
    use model::{AdminState, Algorithm, BreakerState, Counters, Refusals, Retries, Weight};
    use proptest::prelude::*;

    use super::*;

    fn breaker(state: BreakerState) -> BreakerStatus {
        BreakerStatus {
            state,
            since_ms: 1,
            until_ms: None,
            requests: 0,
            failures: 0,
            opened: 0,
            cause: if state == BreakerState::Closed {
                String::new()
            } else {
                "5 of 5 failed".into()
            },
        }
    }

    fn stats(health: Health) -> InstanceStats {
        InstanceStats {
            id: "a".parse().unwrap(),
            address: "127.0.0.1:9".parse().unwrap(),
            weight: Weight::ONE,
            admin: AdminState::Ready,
            health,
            health_since_ms: 1,
            ejected_until_ms: None,
            breaker: breaker(BreakerState::Closed),
            pinned: None,
            in_flight: 1,
            counters: Counters::default(),
            histogram: gateway::Distribution::default(),
            last_check: None,
            load: None,
        }
    }

    fn pool_stats(version: u64, breaker: BreakerStatus) -> PoolStats {
        PoolStats {
            pool: "web".parse().unwrap(),
            version,
            algorithm: Algorithm::RoundRobin,
            in_flight: 3,
            counters: Counters::default(),
            unserved: 0,
            refusals: Refusals::default(),
            retries: Retries::default(),
            reused: model::Reused::default(),
            breaker,
            is_panicking: false,
            degraded: None,
            histogram: gateway::Distribution::default(),
            instances: vec![],
        }
    }

    fn names(count: usize) -> Vec<GatewayId> {
        (0..count).map(|n| format!("g{n}").parse().unwrap()).collect()
    }

    fn voices<'a, T>(names: &'a [GatewayId], says: &'a [T]) -> Vec<Voice<'a, T>> {
        names.iter().zip(says).map(|(gateway, says)| Voice { gateway, says }).collect()
    }

    #[test]
    fn half_of_those_who_checked_decide() {
        use Health::{Down, GoingDown, Unchecked, Up};
        let table: [(&[Health], Health); 11] = [
            (&[], Unchecked),
            (&[Unchecked, Unchecked], Unchecked),
            (&[Up, Unchecked], Up),
            (&[Up, Up, Up], Up),
            (&[Up, Up, GoingDown], GoingDown),
            (&[Up, Up, Down], GoingDown),
            (&[Up, Down], Down),
            (&[Up, Down, Down], Down),
            (&[Down, Unchecked, Unchecked], Down),
            (&[Up, Down, Unchecked], Down),
            (&[GoingDown], GoingDown),
        ];
        for (votes, expected) in table {
            assert_eq!(health(votes.iter().copied()), expected, "{votes:?}");
        }
        for (votes, expected) in [
            (&[None, Some(5)][..], Some(5)),
            (&[None, None, Some(5)], None),
            (&[Some(3), Some(7), None], Some(7)),
            (&[None], None),
        ] {
            assert_eq!(ejected(votes.iter().copied()), expected, "{votes:?}");
        }
    }

    #[test]
    fn the_worst_breaker_and_the_lowest_version_stand_for_all_with_their_gateway() {
        let says = [
            pool_stats(7, breaker(BreakerState::Closed)),
            pool_stats(6, breaker(BreakerState::Open)),
        ];
        let names = names(2);
        let merged = pool(&says[0], voices(&names, &says), &Counts::default());
        assert_eq!((merged.version, merged.in_flight), (6, 6));
        let worst = merged.breaker.unwrap();
        assert_eq!(
            (worst.state, worst.cause.as_str()),
            (BreakerState::Open, "gateway g1: 5 of 5 failed")
        );
        // Alone, a gateway needs no name.
        let alone = pool(&says[1], voices(&names[..1], &says[1..]), &Counts::default());
        assert_eq!(alone.breaker.unwrap().cause, "5 of 5 failed");
    }

    #[test]
    fn the_check_shown_is_one_that_agrees_and_the_load_the_freshest() {
        let check = |at_ms, passed: bool| CheckResult {
            at_ms,
            took_ms: 1.0,
            passed,
            detail: if passed { "200".into() } else { "connection refused".into() },
        };
        let load = |at_ms| LoadReport {
            at_ms,
            cpu: None,
            memory: None,
            gpu: None,
            gpu_simulated: false,
            sessions: None,
        };
        let mut says = [stats(Health::Up), stats(Health::Down), stats(Health::Down)];
        (says[0].last_check, says[0].load) = (Some(check(9, true)), Some(load(1)));
        (says[1].last_check, says[1].load) = (Some(check(5, false)), Some(load(4)));
        (says[2].last_check, says[2].pinned) = (Some(check(6, false)), Some(2));
        let names = names(3);
        let merged = instance(&says[0], voices(&names, &says), &Counts::default());
        assert_eq!((merged.health, merged.in_flight, merged.pinned), (Health::Down, 3, Some(2)));
        assert_eq!((merged.last_check.unwrap().at_ms, merged.load.unwrap().at_ms), (6, 4));
    }

    proptest! {
        #[test]
        fn the_order_of_the_gateways_means_nothing(
            says in prop::collection::vec((0..4_usize, 0..5_usize, 0..3_i64, 0..100_u32, any::<bool>()), 1..6),
            turn in any::<prop::sample::Index>(),
        ) {
            let healths = [Health::Unchecked, Health::Up, Health::GoingDown, Health::Down];
            let says: Vec<InstanceStats> = says.iter().map(|&(health, state, at, in_flight, ejected)| InstanceStats {
                health_since_ms: at,
                in_flight,
                ejected_until_ms: ejected.then_some(at),
                breaker: BreakerStatus { since_ms: at, ..breaker(BreakerState::ALL[state]) },
                last_check: Some(CheckResult { at_ms: at, took_ms: 1.0, passed: true, detail: format!("{state}") }),
                ..stats(healths[health])
            }).collect();
            let names = names(says.len());
            let one_way = voices(&names, &says);
            let mut other_way = one_way.clone();
            other_way.rotate_left(turn.index(says.len()));
            other_way.reverse();
            let merged = instance(&says[0], one_way, &Counts::default());
            prop_assert_eq!(&merged, &instance(&says[0], other_way, &Counts::default()));
            prop_assert_eq!(merged.in_flight, says.iter().map(|s| s.in_flight).sum::<u32>());
        }
    }
}
