use std::sync::Arc;

use async_trait::async_trait;
use control::ports::{ApplyError, Balancer, BalancerCapabilities, SourceError};
use model::{
    Algorithm, BalancerId, BalancerObservation, BreakerTarget, Counters, Health, InstanceId, InstanceObservation, InstancePlan, LoadReport,
    Pins, PoolId, PoolObservation, PoolPlan, ReceiptFilter, Receipts, SourceId, Window,
};
use parking_lot::Mutex;

use super::Mode;
use crate::build;

/// A balancer that shows what it is told to show, keeps every plan it was given, and puts plans in force as a real one does. Clones are
/// the same balancer.
#[derive(Debug, Clone)]
pub struct MemoryBalancer {
    source: SourceId,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    capabilities: BalancerCapabilities,
    observation: BalancerObservation,
    applied: Vec<PoolPlan>,
    resets: Vec<(PoolId, Vec<BreakerTarget>)>,
    observed: u64,
}

impl MemoryBalancer {
    /// With no pools yet.
    pub fn new(source: &str) -> Self {
        let observation = BalancerObservation {
            balancer: BalancerId::new(source).unwrap(),
            ..build::balancer_observation(vec![])
        };
        let capabilities = BalancerCapabilities {
            algorithms: Algorithm::ALL.to_vec(),
            weights: true,
            drain: true,
            health_checks: true,
        };
        Self {
            source: build::source(source),
            state: Arc::new(Mutex::new(State {
                mode: Mode::Works,
                capabilities,
                observation,
                applied: vec![],
                resets: vec![],
                observed: 0,
            })),
        }
    }

    pub fn set_mode(&self, mode: Mode) {
        self.state.lock().mode = mode;
    }

    pub fn set_capabilities(&self, capabilities: BalancerCapabilities) {
        self.state.lock().capabilities = capabilities;
    }

    pub fn set_observation(&self, observation: BalancerObservation) {
        self.state.lock().observation = observation;
    }

    /// Changes what the next observation shows: `balancer.change(|seen| seen.pools[0].counters.requests += 10)`.
    pub fn change(&self, change: impl FnOnce(&mut BalancerObservation)) {
        change(&mut self.state.lock().observation);
    }

    /// Every plan it took, in order.
    pub fn applied(&self) -> Vec<PoolPlan> {
        self.state.lock().applied.clone()
    }

    /// Every reset it was asked for, in order.
    pub fn resets(&self) -> Vec<(PoolId, Vec<BreakerTarget>)> {
        self.state.lock().resets.clone()
    }

    /// How often it was asked.
    pub fn observed(&self) -> u64 {
        self.state.lock().observed
    }
}

#[async_trait]
impl Balancer for MemoryBalancer {
    fn source(&self) -> SourceId {
        self.source.clone()
    }

    fn describe(&self) -> String {
        "balancer in memory".to_owned()
    }

    fn capabilities(&self) -> BalancerCapabilities {
        self.state.lock().capabilities.clone()
    }

    async fn observe(&self) -> Result<BalancerObservation, SourceError> {
        let (mode, observation) = {
            let mut state = self.state.lock();
            state.observed += 1;
            (state.mode.clone(), state.observation.clone())
        };
        match mode {
            Mode::Works | Mode::Refuses(_) => Ok(observation),
            Mode::Fails(why) => Err(SourceError(why)),
            Mode::Hangs => std::future::pending().await,
        }
    }

    async fn apply(&self, plan: &PoolPlan) -> Result<(), ApplyError> {
        let mode = self.state.lock().mode.clone();
        match mode {
            Mode::Works => {
                let mut state = self.state.lock();
                state.applied.push(plan.clone());
                enforce(plan, &mut state.observation.pools);
                Ok(())
            }
            Mode::Fails(why) => Err(ApplyError::Unreachable(why)),
            Mode::Refuses(why) => Err(ApplyError::Refused(why)),
            Mode::Hangs => std::future::pending().await,
        }
    }

    async fn reset_breakers(&self, pool: &PoolId, targets: &[BreakerTarget]) -> Result<(), ApplyError> {
        let mode = self.state.lock().mode.clone();
        match mode {
            Mode::Works => {
                self.state.lock().resets.push((pool.clone(), targets.to_vec()));
                Ok(())
            }
            Mode::Fails(why) => Err(ApplyError::Unreachable(why)),
            Mode::Refuses(why) => Err(ApplyError::Refused(why)),
            Mode::Hangs => std::future::pending().await,
        }
    }

    async fn report_load(&self, pool: &PoolId, instance: &InstanceId, load: LoadReport) -> Result<(), ApplyError> {
        let mut state = self.state.lock();
        let pools = state.observation.pools.iter_mut().filter(|p| &p.pool == pool);
        let found = pools.flat_map(|p| &mut p.instances).find(|i| &i.id == instance);
        let found = found.ok_or_else(|| ApplyError::Refused(format!("pool {pool} has no instance {instance}")))?;
        found.load = Some(load);
        Ok(())
    }

    async fn pins(&self, _pool: &PoolId) -> Result<Pins, SourceError> {
        Ok(Pins::default())
    }

    async fn receipts(&self, _filter: &ReceiptFilter, _limit: usize) -> Result<Receipts, SourceError> {
        Ok(Receipts::default())
    }
}

/// The pool as the next observation shows it: what stays keeps its counters and health, what is new starts unchecked.
fn enforce(plan: &PoolPlan, pools: &mut Vec<PoolObservation>) {
    let before = pools.iter().position(|p| p.pool == plan.pool).map(|at| pools.swap_remove(at));
    let mut pool = before.unwrap_or_else(|| build::pool_observation(plan.pool.as_str(), &[]));
    pool.version = plan.version;
    pool.algorithm = plan.algorithm;
    pool.instances = plan
        .instances
        .iter()
        .map(|planned| {
            let known = pool.instances.iter().find(|i| i.id == planned.id).cloned();
            InstanceObservation {
                address: planned.address,
                weight: planned.weight,
                admin: planned.admin,
                ..known.unwrap_or_else(|| fresh(planned))
            }
        })
        .collect();
    pools.push(pool);
    pools.sort_by(|a, b| a.pool.cmp(&b.pool));
}

fn fresh(planned: &InstancePlan) -> InstanceObservation {
    InstanceObservation {
        health: Health::Unchecked,
        counters: Counters::default(),
        window: Window::default(),
        ..build::instance_observation(planned.id.as_str(), planned.address.port())
    }
}

#[cfg(test)]
mod tests {
    use model::{AdminState, BreakerHold, Weight};

    use super::*;

    fn plan(version: u64, instances: &[&str]) -> PoolPlan {
        PoolPlan::new(
            build::pool("web"),
            version,
            Algorithm::LeastConnections,
            instances
                .iter()
                .map(|name| InstancePlan {
                    id: build::instance(name),
                    address: ([127, 0, 0, 1], 9001).into(),
                    weight: Weight::new(7).unwrap(),
                    admin: AdminState::Drain,
                    breaker: BreakerHold::Auto,
                    check: None,
                })
                .collect(),
        )
    }

    #[tokio::test]
    async fn a_plan_shows_in_the_next_observation_and_counters_stay() {
        let balancer = MemoryBalancer::new("gateway");
        let mut pool = build::pool_observation("web", &["a", "b"]);
        pool.instances[0].counters.requests = 42;
        balancer.set_observation(build::balancer_observation(vec![pool]));
        balancer.apply(&plan(2, &["a", "c"])).await.unwrap();

        let seen = balancer.observe().await.unwrap();
        let web = &seen.pools[0];
        assert_eq!((web.version, web.algorithm), (2, Algorithm::LeastConnections));
        let shown: Vec<_> = web
            .instances
            .iter()
            .map(|i| (i.id.as_str(), i.counters.requests, i.health))
            .collect();
        assert_eq!(shown, [("a", 42, Health::Up), ("c", 0, Health::Unchecked)]);
        assert_eq!(web.instances[0].weight.get(), 7);
        assert_eq!(balancer.applied().len(), 1);
    }

    #[tokio::test]
    async fn it_fails_refuses_and_recovers_on_demand() {
        let balancer = MemoryBalancer::new("gateway");
        balancer.set_mode(Mode::Fails("connection refused".into()));
        assert!(balancer.observe().await.is_err());
        assert!(matches!(balancer.apply(&plan(2, &[])).await, Err(ApplyError::Unreachable(_))));
        balancer.set_mode(Mode::Refuses("no such algorithm".into()));
        assert!(balancer.observe().await.is_ok());
        assert!(matches!(balancer.apply(&plan(2, &[])).await, Err(ApplyError::Refused(_))));
        assert_eq!(balancer.applied(), []);
        balancer.set_mode(Mode::Works);
        assert_eq!(balancer.apply(&plan(2, &[])).await, Ok(()));
    }
}
