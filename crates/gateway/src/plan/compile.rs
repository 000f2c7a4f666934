//! Turns a plan into what the request path reads, carrying over the state of what stays.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use model::{CheckKind, GatewayPlan, InstancePlan, PoolId, PoolPlan, Route};

use super::{
    MAX_INSTANCES,
    pool::{Member, Pool},
    route::{RouteTable, Way},
};
use crate::{
    GatewayConfig, PlanError,
    state::{CheckOrders, InstanceState, Journal},
    tls::Upstream,
};

/// What every pool of a gateway shares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Common<'a> {
    pub(crate) config: &'a GatewayConfig,
    pub(crate) journal: &'a Arc<Journal>,
}

/// A whole plan, compiled. Swapped as one, so that routes and pools never disagree.
#[derive(Debug)]
pub(crate) struct Compiled {
    routes: Vec<Route>,
    table: Arc<RouteTable>,
    index: HashMap<PoolId, usize>,
    pub(crate) pools: Vec<Arc<Pool>>,
}

impl Compiled {
    /// The pool, and the route that leads to it.
    pub(crate) fn find(&self, authority: &str, path: &str) -> Option<(&Arc<Pool>, Way)> {
        self.table.find(authority, path).map(|(index, way)| (&self.pools[index], way))
    }

    pub(crate) fn instances(&self) -> impl Iterator<Item = &Arc<InstanceState>> {
        self.pools.iter().flat_map(|pool| pool.members.iter().map(|member| &member.state))
    }

    /// Tells every checker what its pool's plan says.
    pub(crate) fn order_checks(&self) {
        for pool in &self.pools {
            for (member, planned) in pool.members.iter().zip(&pool.plan.instances) {
                member.state.order(Some(check_orders(pool, planned)));
            }
        }
    }

    pub(crate) fn pool(&self, id: &PoolId) -> Option<&Arc<Pool>> {
        self.index.get(id).map(|&index| &self.pools[index])
    }
}

/// The pool's check, at the instance's own check target where it has one: plain HTTP, however the instance itself is spoken to.
fn check_orders(pool: &Pool, planned: &InstancePlan) -> CheckOrders {
    let mut orders = CheckOrders {
        address: planned.address,
        check: pool.plan.health_check.clone(),
        admin: planned.admin,
        tls: pool.tls.clone(),
    };
    if let Some(target) = &planned.check {
        orders.address = target.address;
        orders.check.kind = CheckKind::Http;
        orders.check.path = target.path.clone();
        orders.tls = None;
    }
    orders
}

pub(crate) fn compile(plan: &GatewayPlan, previous: Option<&Compiled>, common: Common<'_>) -> Result<Compiled, PlanError> {
    let mut index = HashMap::with_capacity(plan.pools.len());
    let mut pools = Vec::with_capacity(plan.pools.len());
    for (position, pool) in plan.pools.iter().enumerate() {
        if index.insert(pool.pool.clone(), position).is_some() {
            return Err(PlanError::DuplicatePool(pool.pool.clone()));
        }
        pools.push(compile_pool(pool, previous.and_then(|previous| previous.pool(&pool.pool)), common)?);
    }
    Ok(Compiled {
        table: Arc::new(RouteTable::new(&plan.routes, &index)?),
        routes: plan.routes.clone(),
        index,
        pools,
    })
}

/// The plan in force with one pool changed.
pub(crate) fn replace_pool(plan: &PoolPlan, current: &Compiled, common: Common<'_>) -> Result<Compiled, PlanError> {
    let position = *current
        .index
        .get(&plan.pool)
        .ok_or_else(|| PlanError::UnknownPool(plan.pool.clone()))?;
    let mut pools = current.pools.clone();
    pools[position] = compile_pool(plan, Some(&current.pools[position]), common)?;
    Ok(Compiled {
        routes: current.routes.clone(),
        table: current.table.clone(),
        index: current.index.clone(),
        pools,
    })
}

fn compile_pool(plan: &PoolPlan, previous: Option<&Arc<Pool>>, common: Common<'_>) -> Result<Arc<Pool>, PlanError> {
    if let Some(previous) = previous.filter(|previous| previous.plan == *plan) {
        return Ok(previous.clone());
    }
    validate(plan)?;
    let tls = upstream(plan, previous)?;
    let known: HashMap<_, _> = previous
        .iter()
        .flat_map(|pool| &pool.members)
        .map(|member| ((&member.state.id, member.state.address), &member.state))
        .collect();
    let members = plan
        .instances
        .iter()
        .map(|instance| {
            let state = known.get(&(&instance.id, instance.address)).map_or_else(
                || Arc::new(InstanceState::new(plan.pool.clone(), instance.id.clone(), instance.address)),
                |state| Arc::clone(state),
            );
            Member::new(instance.weight, instance.admin, state, tls.as_deref(), common.config)
        })
        .collect();
    let state = previous.map_or_else(Arc::default, |previous| previous.state.clone());
    Ok(Arc::new(Pool::new(plan, members, state, tls, previous.map(Arc::as_ref), common)))
}

/// The authorities are read again only when something else is asked for.
fn upstream(plan: &PoolPlan, previous: Option<&Arc<Pool>>) -> Result<Option<Arc<Upstream>>, PlanError> {
    match previous {
        Some(previous) if previous.plan.tls == plan.tls => Ok(previous.tls.clone()),
        _ => Upstream::load(&plan.tls).map_err(|reason| PlanError::Tls {
            pool: plan.pool.clone(),
            reason,
        }),
    }
}

fn validate(plan: &PoolPlan) -> Result<(), PlanError> {
    if plan.instances.len() > MAX_INSTANCES {
        return Err(PlanError::TooManyInstances {
            pool: plan.pool.clone(),
            count: plan.instances.len(),
        });
    }
    let mut seen = HashSet::with_capacity(plan.instances.len());
    if let Some(twice) = plan.instances.iter().find(|instance| !seen.insert(&instance.id)) {
        return Err(PlanError::DuplicateInstance {
            pool: plan.pool.clone(),
            instance: twice.id.clone(),
        });
    }
    plan.validate().map_err(|(group, reason)| PlanError::Settings {
        pool: plan.pool.clone(),
        group,
        reason,
    })
}

#[cfg(test)]
mod tests {
    use model::{AdminState, Algorithm, Health, InstanceId, PathPrefix, Weight};
    use proptest::prelude::*;

    use super::*;
    use crate::{algorithm::Request, plan::Tried};

    const ANYBODY: Request<'static> = Request {
        client: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        path_and_query: "/",
    };

    fn instance(name: &str, port: u16) -> InstancePlan {
        InstancePlan {
            id: InstanceId::new(name).unwrap(),
            address: ([127, 0, 0, 1], port).into(),
            weight: Weight::ONE,
            admin: AdminState::Ready,
            breaker: model::BreakerHold::Auto,
            check: None,
        }
    }

    fn pool(instances: Vec<InstancePlan>) -> PoolPlan {
        PoolPlan::new(PoolId::new("p").unwrap(), 1, Algorithm::RoundRobin, instances)
    }

    fn plan(pools: Vec<PoolPlan>) -> GatewayPlan {
        let routes = pools
            .first()
            .map(|pool| Route {
                host: None,
                path: PathPrefix::new("/").unwrap(),
                pool: pool.pool.clone(),
                priority: model::Priority::Normal,
                reuse: model::ReusePolicy::default(),
            })
            .into_iter()
            .collect();
        GatewayPlan { routes, pools }
    }

    fn compiled(plan: &GatewayPlan) -> Result<Compiled, PlanError> {
        with_common(|common| compile(plan, None, common))
    }

    fn with_common<T>(work: impl FnOnce(Common<'_>) -> T) -> T {
        work(Common {
            config: &GatewayConfig::default(),
            journal: &Arc::default(),
        })
    }

    fn replaced(plan: &PoolPlan, current: &Compiled) -> Result<Compiled, PlanError> {
        with_common(|common| replace_pool(plan, current, common))
    }

    #[test]
    fn contradictions_are_refused_by_name() {
        let twice = plan(vec![pool(vec![instance("a", 1), instance("a", 2)])]);
        assert_eq!(compiled(&twice).unwrap_err().to_string(), "pool p names instance a twice");
        let pools = plan(vec![pool(vec![]), pool(vec![])]);
        assert_eq!(compiled(&pools).unwrap_err().to_string(), "pool p is named twice");
        let mut check = plan(vec![pool(vec![])]);
        check.pools[0].health_check.rise = 0;
        assert_eq!(
            compiled(&check).unwrap_err().to_string(),
            "health check of pool p: rise: 0 is not between 1 and 100"
        );
        let first = compiled(&plan(vec![pool(vec![])])).unwrap();
        let mut other = pool(vec![]);
        other.pool = PoolId::new("q").unwrap();
        let unknown = replaced(&other, &first).unwrap_err();
        assert_eq!(unknown, PlanError::UnknownPool(other.pool));
    }

    #[test]
    fn state_is_carried_over_by_id_and_address() {
        let first = compiled(&plan(vec![pool(vec![instance("a", 1), instance("b", 2), instance("c", 3)])])).unwrap();
        let moved = pool(vec![instance("c", 3), instance("a", 1), instance("b", 20)]);
        let second = replaced(&moved, &first).unwrap();
        let (before, after) = (&first.pools[0].members, &second.pools[0].members);
        assert!(Arc::ptr_eq(&before[2].state, &after[0].state));
        assert!(Arc::ptr_eq(&before[0].state, &after[1].state));
        assert!(
            !Arc::ptr_eq(&before[1].state, &after[2].state),
            "another address is another process"
        );
        assert!(Arc::ptr_eq(&first.pools[0].state, &second.pools[0].state));
    }

    #[test]
    fn a_plan_applied_twice_is_the_same_pool() {
        let plan = plan(vec![pool(vec![instance("a", 1)])]);
        let first = compiled(&plan).unwrap();
        let second = with_common(|common| compile(&plan, Some(&first), common)).unwrap();
        assert!(Arc::ptr_eq(&first.pools[0], &second.pools[0]));
    }

    #[test]
    fn a_change_of_admin_state_keeps_the_place_in_the_order() {
        let three = || vec![instance("a", 1), instance("b", 2), instance("c", 3)];
        let first = compiled(&plan(vec![pool(three())])).unwrap();
        assert_eq!(first.pools[0].pick(&Tried::default(), &ANYBODY), Some(0));
        let mut drained = pool(three());
        drained.instances[1].admin = AdminState::Drain;
        let second = replaced(&drained, &first).unwrap();
        assert_eq!(second.pools[0].pick(&Tried::default(), &ANYBODY), Some(2));
    }

    proptest! {
        #[test]
        fn nobody_down_draining_or_tried_is_picked(
            states in prop::collection::vec((0_usize..3, 0_usize..4), 0..8),
            algorithm in prop::sample::select(Algorithm::ALL.to_vec()),
            refreshed in any::<bool>(),
            tried_one in 0_usize..8,
        ) {
            let healths = [Health::Unchecked, Health::Up, Health::GoingDown, Health::Down];
            let mut plan_of_pool = pool((0..states.len()).map(|i| instance(&format!("i{i}"), 1)).collect());
            plan_of_pool.algorithm = algorithm;
            for (instance, state) in plan_of_pool.instances.iter_mut().zip(&states) {
                instance.admin = AdminState::ALL[state.0];
            }
            let compiled = compiled(&plan(vec![plan_of_pool])).unwrap();
            let pool = &compiled.pools[0];
            for (member, state) in pool.members.iter().zip(&states) {
                member.state.publish(healths[state.1], 0);
            }
            if refreshed {
                pool.refresh();
            }
            let mut tried = Tried::default();
            tried.add(tried_one);
            let may = |i: usize| states[i].0 == 0 && states[i].1 != 3 && i != tried_one;
            for _ in 0..20 {
                match pool.pick(&tried, &ANYBODY) {
                    Some(picked) => prop_assert!(may(picked)),
                    None => prop_assert!(!(0..states.len()).any(may)),
                }
            }
            prop_assert_eq!(pool.has_another(&tried), (0..states.len()).any(may));
        }
    }
}
