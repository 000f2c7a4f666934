//! Which of those that were chosen to go may drain now, and which have drained.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use model::{AdminState, GatewaySnapshot, GatewayState, InstanceId, InstanceSnapshot, InstanceState, PlanState, PoolPolicy, PoolSnapshot};

use super::{fleet::Leaver, guard::serving};

/// One that drains for longer is stopped with what is still under way on it: a WebSocket may be open for an hour, and a scale-down takes
/// less than five minutes.
pub const DRAIN_MAX: Duration = Duration::from_mins(4);

/// What is known of a pool that some are to leave.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    pub pool: &'a PoolSnapshot,
    pub policy: &'a PoolPolicy,
    pub gateways: &'a [GatewaySnapshot],
    pub leavers: &'a [Leaver],
    /// How long each has been seen to get nothing new from the balancer.
    pub drained: &'a BTreeMap<InstanceId, Duration>,
    /// Those that were let go before.
    pub draining: &'a BTreeSet<InstanceId>,
    /// So long it takes a request that was about to be sent to show.
    pub settle: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Those that get nothing new from now on.
    pub drain: BTreeSet<InstanceId>,
    /// Those that can be stopped.
    pub retire: Vec<Retired>,
    /// Why the others cannot go yet, a sentence each.
    pub waits: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    pub id: InstanceId,
    /// Requests, upgraded ones among them, that end with it.
    pub cut: u32,
}

/// Lets go as many as the pool can do without: the rule for operators who drain ([`super::guard`]). When others fail meanwhile, those that
/// still run come back into service until there are enough again.
pub fn retire(inputs: Inputs<'_>) -> Outcome {
    let seen: BTreeMap<&InstanceId, &InstanceSnapshot> = inputs
        .leavers
        .iter()
        .filter_map(|leaver| {
            let mut found = inputs.pool.instances.iter();
            // One of the same name elsewhere was there before.
            Some((&leaver.id, found.find(|i| i.id == leaver.id && i.address == leaver.address)?))
        })
        .collect();
    if seen.values().any(|i| i.state == InstanceState::Unknown) {
        return Outcome {
            drain: inputs.draining.clone(),
            waits: vec![format!("the balancer of pool {} does not tell who drains", inputs.pool.id)],
            ..Outcome::default()
        };
    }
    let mut outcome = Outcome::default();
    let needed = needed(inputs, &seen);
    for leaver in inputs.leavers {
        let id = &leaver.id;
        let Some(instance) = seen.get(id) else {
            outcome.waits.push(format!("{id} waits: its balancer does not know it yet"));
            continue;
        };
        if needed.ids.contains(id) {
            outcome.waits.push(format!("{id} stays in service: {}", needed.why));
            continue;
        }
        outcome.drain.insert(id.clone());
        match drained(inputs, instance) {
            Ok(cut) => outcome.retire.push(Retired { id: id.clone(), cut }),
            Err(why) => outcome.waits.push(format!("{id} drains: {why}")),
        }
    }
    outcome
}

struct Needed<'a> {
    ids: BTreeSet<&'a InstanceId>,
    why: String,
}

/// Those that have to stay in service for now.
fn needed<'a>(inputs: Inputs<'a>, seen: &BTreeMap<&'a InstanceId, &InstanceSnapshot>) -> Needed<'a> {
    let left = serving(inputs.pool, inputs.policy).filter(|i| !seen.contains_key(&i.id)).count();
    let members = inputs.pool.instances.len();
    let must_stay = inputs.policy.health_check.must_stay(u32::try_from(members).unwrap_or(u32::MAX)) as usize;
    let mut able: Vec<&InstanceId> = seen
        .iter()
        .filter(|(id, i)| {
            let could = i.state.gets_requests() || i.state == InstanceState::Drain;
            could && inputs.policy.instance(id).admin == AdminState::Ready
        })
        .map(|(id, _)| *id)
        .collect();
    // Who has been let go already comes back last.
    able.sort_by_key(|id| inputs.draining.contains(*id));
    able.truncate(must_stay.saturating_sub(left));
    Needed {
        ids: able.into_iter().collect(),
        why: format!("only {left} of {members} would be left without it and the pool keeps at least {must_stay}"),
    }
}

/// How much is cut off when it is stopped now; why it must not be.
fn drained(inputs: Inputs<'_>, instance: &InstanceSnapshot) -> Result<u32, String> {
    let drained = inputs.drained.get(&instance.id).filter(|_| instance.admin != AdminState::Ready);
    let Some(drained) = drained else {
        return Err("its balancer still sends to it".to_owned());
    };
    let under_way = instance.totals.in_flight;
    if *drained >= DRAIN_MAX {
        return Ok(under_way);
    }
    if under_way > 0 {
        return Err(format!("{under_way} still under way"));
    }
    let behind = inputs.gateways.iter().find(|gateway| may_send(gateway));
    if let Some(gateway) = behind {
        return Err(format!("gateway {} may not know it yet", gateway.facts.id));
    }
    if *drained < inputs.settle {
        return Err("a last request may be on its way".to_owned());
    }
    Ok(0)
}

/// By a plan in which the instance does not drain; of one that is silent nobody knows.
fn may_send(gateway: &GatewaySnapshot) -> bool {
    gateway.facts.serves() && (gateway.facts.state == GatewayState::Stale || gateway.facts.plan != PlanState::InForce)
}

#[cfg(test)]
mod tests {
    use model::{GatewayFacts, GatewayId, Totals, WorkloadId};
    use proptest::prelude::*;

    use super::*;
    use crate::decide::testing::{id, pool_snapshot};

    const SETTLE: Duration = Duration::from_secs(1);

    /// Instances `i0`, `i1`, …; those of `leaving` are chosen to go.
    struct Case {
        pool: PoolSnapshot,
        policy: PoolPolicy,
        leavers: Vec<Leaver>,
        drained: BTreeMap<InstanceId, Duration>,
        draining: BTreeSet<InstanceId>,
        gateways: Vec<GatewaySnapshot>,
    }

    impl Case {
        fn new(states: &[InstanceState], leaving: &[usize], min_healthy: u32) -> Self {
            let mut pool = pool_snapshot(states);
            for instance in &mut pool.instances {
                if instance.state == InstanceState::Drain {
                    instance.admin = AdminState::Drain;
                }
            }
            let mut policy = PoolPolicy::default();
            policy.health_check.min_healthy = min_healthy;
            let leavers = leaving.iter().map(|&at| Leaver {
                source: 0,
                workload: WorkloadId::new("samples").unwrap(),
                id: pool.instances[at].id.clone(),
                address: pool.instances[at].address,
            });
            Self {
                leavers: leavers.collect(),
                drained: BTreeMap::new(),
                draining: BTreeSet::new(),
                gateways: vec![],
                pool,
                policy,
            }
        }

        /// `i0` drains, for so long and with so many requests under way.
        fn draining(for_s: u64, in_flight: u32) -> Self {
            let mut case = Self::new(&[InstanceState::Drain, InstanceState::Up, InstanceState::Up], &[0], 2);
            case.drained.insert(id("i0"), Duration::from_secs(for_s));
            case.draining.insert(id("i0"));
            case.pool.instances[0].totals.in_flight = in_flight;
            case
        }

        fn decide(&self) -> Outcome {
            retire(Inputs {
                pool: &self.pool,
                policy: &self.policy,
                gateways: &self.gateways,
                leavers: &self.leavers,
                drained: &self.drained,
                draining: &self.draining,
                settle: SETTLE,
            })
        }

        fn lets_go(&self) -> Vec<String> {
            self.decide().drain.iter().map(ToString::to_string).collect()
        }
    }

    fn gateway(state: GatewayState, plan: PlanState) -> GatewaySnapshot {
        GatewaySnapshot {
            facts: GatewayFacts {
                id: GatewayId::new("edge-1").unwrap(),
                run: 1,
                is_local: false,
                addresses: vec![([10, 0, 0, 1], 80).into()],
                tls_addresses: vec![],
                software: String::new(),
                state,
                started_at_ms: 0,
                heard_at_ms: 0,
                away_ms: None,
                plan,
                troubles: vec![],
                connections: 0,
            },
            totals: Totals::default(),
            share_percent: None,
        }
    }

    #[test]
    fn as_many_drain_as_the_pool_can_do_without() {
        use InstanceState::{Down, Drain, Up};

        /// States, those that leave, how many are kept, those that drain.
        type Row = (&'static [InstanceState], &'static [usize], u32, &'static [&'static str]);
        let table: [Row; 10] = [
            (&[Up, Up, Up], &[2], 2, &["i2"]),
            (&[Up, Up, Up, Up], &[2, 3], 2, &["i2", "i3"]),
            // Of three, one may go; of the two that are left, one.
            (&[Up, Up, Up], &[1, 2], 2, &["i2"]),
            (&[Up, Up], &[1], 2, &["i1"]),
            // The last one stays, unless none is wanted.
            (&[Up], &[0], 2, &[]),
            (&[Up], &[0], 0, &["i0"]),
            // Who gets nothing anyway may always go.
            (&[Up, Down, Up], &[1], 2, &["i1"]),
            (&[Up, Down, Up], &[1, 2], 2, &["i1"]),
            // It drains already and is needed again.
            (&[Up, Down, Drain], &[2], 2, &[]),
            (&[Up, Up, Drain], &[2], 2, &["i2"]),
        ];
        for (states, leaving, min_healthy, expected) in table {
            let case = Case::new(states, leaving, min_healthy);
            assert_eq!(case.lets_go(), expected, "{states:?} without {leaving:?}, keeping {min_healthy}");
            let told = case.decide().waits.iter().filter(|why| why.contains("stays in service")).count();
            assert_eq!(told, leaving.len() - expected.len());
        }
    }

    #[test]
    fn the_reason_says_who_stays_and_why() {
        let case = Case::new(&[InstanceState::Up], &[0], 2);
        let why = "i0 stays in service: only 0 of 1 would be left without it and the pool keeps at least 1";
        assert_eq!(case.decide().waits, [why]);
    }

    #[test]
    fn who_was_let_go_already_comes_back_last() {
        use InstanceState::{Down, Drain, Up};
        let mut case = Case::new(&[Drain, Up, Up, Down, Down], &[0, 1], 2);
        case.draining.insert(id("i0"));
        assert_eq!(case.lets_go(), ["i0"]);
    }

    #[test]
    fn an_operators_own_drain_stands_and_is_nothing_to_be_kept_in_service() {
        let mut case = Case::new(&[InstanceState::Up, InstanceState::Drain], &[0, 1], 1);
        let drained = model::InstancePolicy {
            admin: AdminState::Drain,
            ..Default::default()
        };
        case.policy.instances.insert(id("i1"), drained);
        assert_eq!(case.lets_go(), ["i1"]);
    }

    #[test]
    fn it_goes_when_nothing_is_under_way_or_after_the_longest_drain() {
        let table = [(0, 0, None), (1, 0, Some(0)), (1, 1, None), (239, 3, None), (240, 3, Some(3))];
        for (for_s, in_flight, expected) in table {
            let outcome = Case::draining(for_s, in_flight).decide();
            let cut = outcome.retire.first().map(|retired| retired.cut);
            assert_eq!(cut, expected, "after {for_s} s with {in_flight} under way");
            assert_eq!(outcome.waits.len(), usize::from(expected.is_none()));
        }
    }

    #[test]
    fn it_waits_for_every_gateway_that_may_send_to_it() {
        let refused = PlanState::Refused { why: "no".into() };
        let table = [
            (GatewayState::Up, PlanState::InForce, true),
            (GatewayState::Up, PlanState::Behind, false),
            (GatewayState::Up, refused, false),
            (GatewayState::Stale, PlanState::InForce, false),
        ];
        for (state, plan, expected) in table {
            let mut case = Case::draining(5, 0);
            case.gateways = vec![gateway(state, plan.clone())];
            assert_eq!(!case.decide().retire.is_empty(), expected, "{state:?}, {plan:?}");
            // One that does not serve sends nothing.
            case.gateways[0].facts.addresses.clear();
            assert!(!case.decide().retire.is_empty());
        }
    }

    #[test]
    fn what_the_balancer_has_not_shown_is_waited_for() {
        let mut case = Case::draining(5, 0);
        case.pool.instances[0].admin = AdminState::Ready;
        assert_eq!(case.decide().waits, ["i0 drains: its balancer still sends to it"]);
        case.pool.instances[0].address = ([127, 0, 0, 1], 2).into();
        assert_eq!(case.decide().waits, ["i0 waits: its balancer does not know it yet"]);
        let mut silent = Case::draining(500, 0);
        silent.pool.instances.iter_mut().for_each(|i| i.state = InstanceState::Unknown);
        let outcome = silent.decide();
        assert_eq!(
            (outcome.retire, outcome.drain),
            (vec![], silent.draining),
            "nothing is changed in the dark"
        );
    }

    proptest! {
        #[test]
        fn it_never_leaves_fewer_in_service_than_must_stay_or_were_there(
            up in prop::collection::vec(any::<bool>(), 1..8), leaving in prop::collection::btree_set(0_usize..8, 0..8), min_healthy in 0_u32..6,
        ) {
            let states: Vec<_> = up.iter().map(|up| if *up { InstanceState::Up } else { InstanceState::Down }).collect();
            let leaving: Vec<_> = leaving.into_iter().filter(|at| *at < up.len()).collect();
            let case = Case::new(&states, &leaving, min_healthy);
            let outcome = case.decide();
            let before = up.iter().filter(|up| **up).count();
            let after = case.pool.instances.iter().filter(|i| i.state == InstanceState::Up && !outcome.drain.contains(&i.id)).count();
            let must_stay = case.policy.health_check.must_stay(u32::try_from(up.len()).unwrap()) as usize;
            prop_assert!(after >= must_stay.min(before), "{after} of {before}, keeping {must_stay}");
            // And holds back no more than that takes.
            let kept = leaving.iter().filter(|at| up[**at] && !outcome.drain.contains(&case.pool.instances[**at].id)).count();
            prop_assert!(kept == 0 || after == must_stay.min(before));
        }
    }
}
