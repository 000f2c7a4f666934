//! Who belongs to which pool, for machines.

use std::collections::BTreeMap;

use model::{ApiError, InstanceId, InstanceState, PoolId, Registration, Weight};
use serde::Serialize;

use crate::{
    Control,
    access::{Registrar, Viewer},
    decide::members::{Member, Origin, with_asked},
};

/// Rows of one answer.
const PAGE_MAX: usize = 500;

/// One member of a pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Service {
    pub pool: PoolId,
    pub id: InstanceId,
    /// `settings`, `workload` or `registered`.
    pub origin: &'static str,
    /// Absent until its balancer has told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<InstanceState>,
    pub address: String,
    pub health_url: Option<String>,
    /// As intended.
    pub weight: Weight,
    pub zone: Option<String>,
    pub capabilities: Vec<String>,
    pub tags: Vec<String>,
    pub metadata: BTreeMap<String, String>,
    /// Unix time, ms; absent for those that did not register.
    pub registered_at_ms: Option<i64>,
    /// Unix time, ms; absent for those that did not register.
    pub heartbeat_at_ms: Option<i64>,
}

impl Service {
    /// With an operator's weight where there is one.
    pub(super) fn registered(registration: &Registration, heartbeat_at_ms: i64, weight: Option<Weight>) -> Self {
        Self {
            pool: registration.pool.clone(),
            id: registration.id.clone(),
            origin: "registered",
            state: None,
            address: registration.address.to_string(),
            health_url: registration.check.as_ref().map(|c| format!("http://{}{}", c.address, c.path)),
            weight: weight.unwrap_or(registration.weight),
            zone: registration.zone.clone(),
            capabilities: registration.capabilities.clone(),
            tags: registration.tags.clone(),
            metadata: registration.metadata.clone(),
            registered_at_ms: Some(registration.registered_at_ms),
            heartbeat_at_ms: Some(heartbeat_at_ms),
        }
    }

    fn unregistered(pool: &PoolId, member: &Member, weight: Weight) -> Self {
        Self {
            pool: pool.clone(),
            id: member.setup.id.clone(),
            origin: member.origin.id(),
            state: None,
            address: member.setup.address.to_string(),
            health_url: None,
            weight,
            zone: member.setup.zone.clone(),
            capabilities: Vec::new(),
            tags: Vec::new(),
            metadata: BTreeMap::new(),
            registered_at_ms: None,
            heartbeat_at_ms: None,
        }
    }
}

/// Part of the list; `next` is the `after` of the next part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Services {
    pub items: Vec<Service>,
    pub next: Option<String>,
}

/// Whoever may read the list.
#[derive(Debug, Clone)]
pub enum Reader {
    Viewer(Viewer),
    Registrar(Registrar),
}

/// Which part of the list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part<'a> {
    pub pool: Option<&'a str>,
    /// `pool/id`: what comes behind it.
    pub after: Option<&'a str>,
    /// At most so many.
    pub limit: Option<usize>,
}

impl Control {
    /// The members of all pools or of one, by pool and name.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for a pool that does not exist, [`ApiError::Invalid`] for a cursor that is none.
    pub fn services(&self, _who: &Reader, part: Part<'_>) -> Result<Services, ApiError> {
        if let Some(pool) = part.pool
            && !self.state.pools.iter().any(|setup| setup.id.as_str() == pool)
        {
            return Err(ApiError::not_found("pool", pool));
        }
        let after = match part.after.map(|after| after.split_once('/')) {
            None => None,
            Some(Some(after)) => Some(after),
            Some(None) => {
                return Err(ApiError::invalid(
                    "after",
                    "must be what an earlier answer called next, such as web/web-1",
                ));
            }
        };
        let limit = part.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let mut pools: Vec<_> = self.state.pools.iter().map(|setup| &setup.id).collect();
        pools.sort_unstable();
        let mut items = Vec::new();
        for pool in pools.into_iter().filter(|id| part.pool.is_none_or(|pool| pool == id.as_str())) {
            let mut members = self.state.members(pool).unwrap_or_default();
            members.sort_unstable_by(|a, b| a.setup.id.cmp(&b.setup.id));
            let behind = |member: &Member| after.is_none_or(|after| (pool.as_str(), member.setup.id.as_str()) > after);
            let room = (limit + 1).saturating_sub(items.len());
            let wanted: Vec<_> = members.iter().filter(|member| behind(member)).take(room).collect();
            items.extend(self.of_pool(pool, &members, &wanted));
        }
        let has_more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| has_more);
        Ok(Services {
            next: last.map(|last| format!("{}/{}", last.pool, last.id)),
            items,
        })
    }

    fn of_pool(&self, pool: &PoolId, members: &[Member], wanted: &[&Member]) -> Vec<Service> {
        let state = &self.state;
        let policy = state.intents.read().get(pool).map(|intent| with_asked(&intent.policy, members));
        let snapshot = state.snapshot.borrow().clone();
        let seen = snapshot.pools.iter().find(|p| &p.id == pool).map(|p| p.instances.as_slice());
        let roster = state.roster.read();
        let one = |member: &&Member| {
            let id = &member.setup.id;
            let weight = policy.as_ref().map(|policy| policy.instance(id).weight);
            let service = match (&member.origin, roster.get(pool, id)) {
                (Origin::Registered(_), Some(entry)) => Service::registered(&entry.registration, entry.heartbeat_at_ms, weight),
                // It has left since.
                (Origin::Registered(registration), None) => Service::registered(registration, registration.registered_at_ms, weight),
                (Origin::Settings | Origin::Workload { .. }, _) => Service::unregistered(pool, member, weight.unwrap_or_default()),
            };
            let state = seen.and_then(|seen| seen.iter().find(|i| &i.id == id)).map(|i| i.state);
            Service { state, ..service }
        };
        wanted.iter().map(one).collect()
    }
}
