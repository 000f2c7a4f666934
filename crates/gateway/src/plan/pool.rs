//! One pool, ready to pick from.

mod watch;

use std::sync::{Arc, atomic::Ordering};

use http::HeaderValue;
use model::{AdminState, BreakerTarget, InstanceId, PoolId, PoolPlan, RetryPolicy, Standing, Weight};
use pingora_core::{protocols::l4::socket::SocketAddr, upstreams::peer::HttpPeer};
use tracing::warn;

use super::Common;
use crate::{
    GatewayConfig,
    affinity::{self, Affinity},
    algorithm::{self, Candidates, Frozen, Load, Noted, Picker, Request, Response, Sketch, pick_noted},
    state::{InstanceState, Journal, Pass, PoolState, RateLimit, monotonic_ms, monotonic_s},
    tls::Upstream,
};

/// Instances that any request tries at most.
pub(crate) const MAX_ATTEMPTS: usize = RetryPolicy::MAX_ATTEMPTS as usize;

#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) plan: PoolPlan,
    pub(crate) members: Vec<Member>,
    pub(crate) state: Arc<PoolState>,
    pub(crate) affinity: Option<Arc<Affinity>>,
    pub(crate) rate: Option<Arc<RateLimit>>,
    /// Absent: in the clear.
    pub(crate) tls: Option<Arc<Upstream>>,
    /// Empty without affinity.
    index: affinity::Index,
    journal: Arc<Journal>,
    picker: Arc<dyn Picker>,
}

/// One instance of a pool. What changes with the plan is here, what lasts is in its state.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) weight: Weight,
    pub(crate) admin: AdminState,
    pub(crate) state: Arc<InstanceState>,
    /// The value of `x-served-by`.
    pub(crate) served_by: HeaderValue,
    /// How Pingora reaches it; cloned for each attempt.
    pub(crate) peer: HttpPeer,
}

impl Pool {
    /// `members` as in `plan.instances`. `previous` keeps its place in the order when the same instances have the same weights.
    pub(super) fn new(
        plan: &PoolPlan,
        members: Vec<Member>,
        state: Arc<PoolState>,
        tls: Option<Arc<Upstream>>,
        previous: Option<&Pool>,
        common: Common<'_>,
    ) -> Self {
        let order = |pool: &PoolPlan| -> Vec<_> { pool.instances.iter().map(|i| (i.id.clone(), i.address, i.weight)).collect() };
        let picker = match previous {
            Some(previous) if previous.plan.algorithm == plan.algorithm && order(&previous.plan) == order(plan) => previous.picker.clone(),
            _ => {
                let instances: Vec<_> = plan
                    .instances
                    .iter()
                    .map(|instance| (instance.id.clone(), instance.weight))
                    .collect();
                algorithm::picker(plan.algorithm, &instances, rand::random())
            }
        };
        let key = &common.config.affinity_key;
        let affinity = Affinity::new(
            &plan.pool,
            &plan.affinity,
            key,
            previous.and_then(|previous| previous.affinity.as_ref()),
        );
        let index = match affinity {
            Some(_) => members
                .iter()
                .enumerate()
                .map(|(at, member)| (member.state.id.clone(), at))
                .collect(),
            None => affinity::Index::new(),
        };
        let rate = match previous {
            // Who has used up what it may has not got it back because something was changed.
            Some(previous) if previous.plan.limits == plan.limits => previous.rate.clone(),
            _ => RateLimit::new(&plan.limits).map(Arc::new),
        };
        let pool = Self {
            plan: plan.clone(),
            members,
            state,
            affinity,
            rate,
            tls,
            index,
            journal: common.journal.clone(),
            picker,
        };
        pool.hold_breakers();
        pool.refresh();
        pool
    }

    pub(crate) fn id(&self) -> &PoolId {
        &self.plan.pool
    }

    /// The index of a member that takes requests and was not tried.
    pub(crate) fn pick(&self, tried: &Tried, request: &Request<'_>) -> Option<usize> {
        self.picker.pick(&self.view(tried), request, None)
    }

    /// [`Pool::pick`], with what it went by.
    pub(crate) fn pick_noted(&self, tried: &Tried, request: &Request<'_>) -> Option<Sketch> {
        let pool = self.frozen(tried);
        let (picked, noted) = pick_noted(self.picker.as_ref(), &pool, request)?;
        Some(Sketch {
            pool,
            algorithm: self.plan.algorithm,
            picked,
            noted,
        })
    }

    /// What the pool looked like when affinity chose that member.
    pub(crate) fn pinned_noted(&self, tried: &Tried, member: usize) -> Sketch {
        Sketch {
            pool: self.frozen(tried),
            algorithm: self.plan.algorithm,
            picked: member,
            noted: Noted::default(),
        }
    }

    fn frozen(&self, tried: &Tried) -> Frozen {
        let view = self.view(tried);
        let members = self.members.iter().enumerate();
        let standings = members.map(|(index, member)| (&member.state.id, view.standing(index)));
        Frozen::new(&view, standings)
    }

    /// A request of that member began or ended.
    pub(crate) fn changed(&self, member: usize) {
        self.picker.changed(&self.view(&Tried::default()), member);
    }

    /// Brings up to date what picks depend on: called once a second and when somebody's health has changed.
    pub(crate) fn refresh(&self) {
        self.tell(None, self.state.breaker.tick(&self.plan.breaker));
        for member in &self.members {
            self.tell(Some(member), member.state.breaker.tick(&self.plan.breaker));
        }
        self.look_for_panic();
        self.tell_moves();
        self.look_for_strain();
        if let Some(affinity) = &self.affinity {
            affinity.tidy();
        }
        self.state.budget.sample(monotonic_ms());
        self.picker.refresh(&self.view(&Tried::default()));
    }

    /// The member of that name, when it takes requests.
    pub(crate) fn pinned(&self, instance: &InstanceId, tried: &Tried) -> Option<usize> {
        let member = *self.index.get(instance)?;
        self.view(tried).takes(member).then_some(member)
    }

    /// Leave to ask the pool at all; `None` while its breaker is open.
    pub(crate) fn enter(&self) -> Option<Pass> {
        let (pass, transition) = self.state.breaker.enter(&self.plan.breaker);
        self.tell(None, transition);
        if pass.is_some() {
            self.state.budget.admitted();
        }
        pass
    }

    /// Leave to ask that member; `None` when others were quicker to take the last place of its breaker.
    pub(crate) fn enter_member(&self, member: usize) -> Option<Pass> {
        let member = &self.members[member];
        let (pass, transition) = member.state.breaker.enter(&self.plan.breaker);
        self.tell(Some(member), transition);
        pass
    }

    /// How the pool answered a request, whichever instance it was.
    pub(crate) fn judge_all(&self, pass: &mut Pass, failed: bool) {
        self.tell(None, pass.judge(failed, &self.plan.breaker));
    }

    /// Closes a breaker at once. `None` when the pool has no such instance.
    pub(crate) fn reset_breaker(&self, target: &BreakerTarget) -> Option<()> {
        match target {
            BreakerTarget::Pool => self.tell(None, self.state.breaker.reset()),
            BreakerTarget::Instance(id) => {
                let member = self.members.iter().find(|member| &member.state.id == id)?;
                self.tell(Some(member), member.state.breaker.reset());
            }
        }
        Some(())
    }

    fn hold_breakers(&self) {
        self.tell(None, self.state.breaker.set_hold(self.plan.breaker_hold));
        for (member, planned) in self.members.iter().zip(&self.plan.instances) {
            self.tell(Some(member), member.state.breaker.set_hold(planned.breaker));
        }
    }

    /// How a request to that member went; one failure too many ejects it for a while.
    pub(crate) fn judge(&self, member: usize, pass: &mut Pass, failed: bool) {
        let state = &self.members[member].state;
        self.tell(Some(&self.members[member]), pass.judge(failed, &self.plan.breaker));
        let rule = &self.plan.outlier;
        let ejected = state.judge(failed, rule, || {
            let out = self.members.iter().filter(|member| member.state.is_ejected()).count();
            let mut alone = Tried::default();
            alone.add(member);
            rule.allows(out, self.members.len()) && self.has_another(&alone)
        });
        if let Some(for_ms) = ejected {
            warn!(pool = %self.id(), instance = %state.id, for_ms, failures = rule.failures, "instance fails requests and is ejected");
            self.refresh();
        }
    }

    /// Whether another pick would find somebody.
    pub(crate) fn has_another(&self, tried: &Tried) -> bool {
        let view = self.view(tried);
        (0..view.len()).any(|index| view.takes(index))
    }

    fn view<'a>(&'a self, tried: &'a Tried) -> View<'a> {
        View { pool: self, tried }
    }
}

impl Member {
    pub(super) fn new(
        weight: Weight,
        admin: AdminState,
        state: Arc<InstanceState>,
        tls: Option<&Upstream>,
        config: &GatewayConfig,
    ) -> Self {
        let served_by = HeaderValue::from_str(state.id.as_str()).expect("a name is printable ASCII");
        let mut peer = HttpPeer::new(state.address, false, String::new());
        debug_assert_eq!(peer._address, SocketAddr::Inet(state.address));
        peer.options.connection_timeout = Some(config.connect_timeout);
        peer.options.read_timeout = Some(config.read_timeout);
        peer.options.write_timeout = Some(config.write_timeout);
        peer.options.idle_timeout = Some(config.upstream_idle_timeout);
        if let Some(tls) = tls {
            tls.equip(&mut peer, state.address);
        }
        Self {
            weight,
            admin,
            state,
            served_by,
            peer,
        }
    }

    /// By what checks and requests say.
    fn is_well(&self) -> bool {
        self.state.health().serves() && !self.state.is_ejected()
    }
}

/// The members a request has tried, without an allocation.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    members: [usize; MAX_ATTEMPTS],
    count: usize,
}

impl Tried {
    /// Beyond [`MAX_ATTEMPTS`] nothing is added: nobody asks again then.
    pub(crate) fn add(&mut self, member: usize) {
        if let Some(slot) = self.members.get_mut(self.count) {
            *slot = member;
            self.count += 1;
        }
    }

    pub(crate) fn contains(&self, member: usize) -> bool {
        self.members[..self.count].contains(&member)
    }
}

struct View<'a> {
    pool: &'a Pool,
    tried: &'a Tried,
}

impl View<'_> {
    fn state(&self, index: usize) -> &InstanceState {
        &self.pool.members[index].state
    }

    /// Whether it takes this request, or the first reason against it.
    fn standing(&self, index: usize) -> Standing {
        let (pool, member) = (self.pool, &self.pool.members[index]);
        match member.admin {
            AdminState::Drain => return Standing::Drain,
            AdminState::Maintenance => return Standing::Maintenance,
            AdminState::Ready => {}
        }
        if !member.is_well() && !pool.state.is_panicking.load(Ordering::Relaxed) {
            return if member.state.health().serves() {
                Standing::Ejected
            } else {
                Standing::Down
            };
        }
        if !member.state.breaker.may(&pool.plan.breaker) {
            return Standing::BreakerOpen;
        }
        if self.tried.contains(index) {
            return Standing::Tried;
        }
        Standing::Takes
    }
}

impl Candidates for View<'_> {
    fn len(&self) -> usize {
        self.pool.members.len()
    }

    fn takes(&self, index: usize) -> bool {
        self.standing(index) == Standing::Takes
    }

    fn weight(&self, index: usize) -> Weight {
        self.pool.members[index].weight
    }

    fn in_flight(&self, index: usize) -> u32 {
        self.state(index).tally.in_flight()
    }

    fn ramp(&self, index: usize) -> f32 {
        self.state(index).ramp(self.pool.plan.health_check.slow_start_ms)
    }

    fn response(&self, index: usize) -> Response {
        self.state(index).responses.read(monotonic_s())
    }

    fn load(&self, index: usize) -> Option<Load> {
        self.state(index).fresh_load(self.pool.plan.health_check.report_stale_ms())
    }
}
