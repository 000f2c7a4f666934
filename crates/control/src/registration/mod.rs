//! Instances that announce themselves: what they may do with the registry's token, and what an admin may do about them.

mod leave;
mod list;
mod resolve;
mod words;

use std::{net::IpAddr, sync::Arc, time::Instant};

use model::{ApiError, InstanceId, LoadReport, Offer, PoolId, Registration};
use serde::Serialize;

pub use list::{Part, Reader, Service, Services};
use resolve::Names;
pub(crate) use words::left;

use crate::{
    Control,
    access::Registrar,
    decide::{
        offer::announced,
        readmit::{clash, no_room},
        report::Report,
    },
    setup::RegistrySetup,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Registered,
    Updated,
    Refreshed,
}

/// What came of a registration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Accepted {
    pub outcome: Outcome,
    /// How often a heartbeat is wanted.
    pub refresh_s: u64,
    /// After how long without one the instance leaves its pool.
    pub expire_s: u64,
    #[serde(flatten)]
    pub service: Service,
}

/// What came of a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Alive {
    pub refresh_s: u64,
    pub expire_s: u64,
    /// Whether the balancer took the load report; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_taken: Option<bool>,
}

impl Control {
    /// Whether the one who presents this token may register.
    ///
    /// # Errors
    /// [`ApiError::Refused`] while the registry is off, [`ApiError::WrongToken`], [`ApiError::TooManyRequests`].
    pub fn registrar(&self, presented: Option<&str>, from: IpAddr) -> Result<Registrar, ApiError> {
        let token = self.state.registry.as_ref().map(|registry| &registry.token);
        self.state.registrars.admit(token, presented, from)
    }

    /// Takes an instance into its pool, or notes that it is still there. A new one is on disk when the answer comes; the balancer follows
    /// at once. A caller that goes away cannot leave it half done.
    ///
    /// # Errors
    /// [`ApiError::Invalid`], [`ApiError::NotFound`], [`ApiError::Clash`], [`ApiError::Unavailable`].
    pub async fn register(&self, who: &Registrar, offer: Offer) -> Result<Accepted, ApiError> {
        let (control, who) = (self.clone(), who.clone());
        whole(async move { control.register_whole(&who, offer).await }).await
    }

    async fn register_whole(&self, who: &Registrar, offer: Offer) -> Result<Accepted, ApiError> {
        let state = &self.state;
        let registry = self.registry()?;
        let _place = state
            .arriving
            .try_acquire()
            .map_err(|_| ApiError::unavailable("the registry", "too many register at once; try again in a moment"))?;
        let announced = announced(offer)?;
        let setup = state
            .pool(&announced.pool)
            .ok_or_else(|| ApiError::not_found("pool", &announced.pool))?;
        let names = Names {
            reach: &registry.reach,
            resolver: state.ports.resolver.as_ref(),
        };
        let known = self.registered(&announced.pool, &announced.id);
        let mut registration = names.resolved(announced, known.as_deref(), state.now_ms()).await?;
        if let Some(why) = clash(setup, &registration) {
            return Err(ApiError::Clash { why });
        }
        if let Some(why) = self.run_by_workload(&registration) {
            return Err(ApiError::Clash { why });
        }
        // Most calls end here: they wait neither for others nor for the database.
        if let Some(accepted) = self.refreshed(registry, &registration) {
            return Ok(accepted);
        }

        let _one_at_a_time = state.registering.lock().await;
        // Another call for the same instance may have been first.
        if let Some(accepted) = self.refreshed(registry, &registration) {
            return Ok(accepted);
        }
        let known = self.registered(&registration.pool, &registration.id);
        self.is_free(registry, &registration)?;
        let outcome = if let Some(known) = &known {
            registration.registered_at_ms = known.registered_at_ms;
            Outcome::Updated
        } else {
            self.has_room(registry, &registration.pool)?;
            Outcome::Registered
        };
        let now_ms = state.now_ms();
        let (audit, event) = words::told(now_ms, who, known.as_deref(), &registration);
        let stored = state.ports.registry.register(&registration, &audit, &event).await;
        stored.map_err(|e| ApiError::unavailable("the database", e))?;
        let accepted = self.accepted(outcome, registry, &registration, now_ms);
        state.roster.write().put(registration, Instant::now(), now_ms);
        state.reconcile_now.notify_one();
        Ok(accepted)
    }

    /// When it says what is known already, it is a sign of life and nothing else.
    fn refreshed(&self, registry: &RegistrySetup, registration: &Registration) -> Option<Accepted> {
        let now_ms = self.state.now_ms();
        let known = self.state.roster.write().refresh(registration, Instant::now(), now_ms)?;
        Some(self.accepted(Outcome::Refreshed, registry, &known, now_ms))
    }

    fn accepted(&self, outcome: Outcome, registry: &RegistrySetup, registration: &Registration, now_ms: i64) -> Accepted {
        let weight = self.state.intents.read().get(&registration.pool).and_then(|intent| {
            let policy = intent.policy.instances.get(&registration.id)?;
            Some(policy.weight)
        });
        Accepted {
            outcome,
            refresh_s: registry.refresh.as_secs(),
            expire_s: registry.expire.as_secs(),
            service: Service::registered(registration, now_ms, weight),
        }
    }

    fn registered(&self, pool: &PoolId, id: &InstanceId) -> Option<Arc<Registration>> {
        let roster = self.state.roster.read();
        roster.get(pool, id).map(|entry| entry.registration.clone())
    }

    /// Why it cannot stand beside those that are run by a workload.
    fn run_by_workload(&self, registration: &Registration) -> Option<String> {
        let Registration { pool, id, address, .. } = registration;
        let fleet = self.state.fleet.read();
        let there = fleet.present().find(|((p, i), a)| p == pool && (i == id || a == address))?;
        Some(format!(
            "{} in pool {pool} is run by a workload; it stands, choose another id and address",
            there.0.1
        ))
    }

    /// Two names for one address would count and load it twice.
    fn is_free(&self, registry: &RegistrySetup, registration: &Registration) -> Result<(), ApiError> {
        let Registration { pool, id, address, .. } = registration;
        match self.state.roster.read().at(pool, *address).find(|there| *there != id) {
            None => Ok(()),
            Some(other) => Err(ApiError::Clash {
                why: format!(
                    "{other} is registered at {address} in pool {pool} already; it leaves when it deregisters, or is not heard of for {} s",
                    registry.expire.as_secs()
                ),
            }),
        }
    }

    fn has_room(&self, registry: &RegistrySetup, pool: &PoolId) -> Result<(), ApiError> {
        let roster = self.state.roster.read();
        match no_room(roster.count(pool), roster.total(), &self.state.pools, registry) {
            None => Ok(()),
            Some(why) => Err(ApiError::Clash {
                why: format!("there is no room in pool {pool}: {why}"),
            }),
        }
    }

    /// Notes that an instance is still there, and what it says of its load.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when it has to register again, [`ApiError::Invalid`] for an absurd report, which is no sign of life either.
    pub async fn heartbeat(&self, _who: &Registrar, pool: &str, id: &str, report: &Report) -> Result<Alive, ApiError> {
        let registry = self.registry()?;
        let unknown = || ApiError::not_found("registered instance (register again)", format!("{pool}/{id}"));
        let (Ok(pool), Ok(id)) = (PoolId::new(pool), InstanceId::new(id)) else {
            return Err(unknown());
        };
        let now_ms = self.state.now_ms();
        let load = if report.is_empty() { None } else { Some(report.read(now_ms)?) };
        if !self.state.roster.write().heard(&pool, &id, Instant::now(), now_ms) {
            return Err(unknown());
        }
        let load_taken = match load {
            None => None,
            // One that registered a moment ago may not be in the plan yet; its next report is taken.
            Some(load) => Some(self.pass_on(&pool, &id, load).await.is_ok()),
        };
        Ok(Alive {
            refresh_s: registry.refresh.as_secs(),
            expire_s: registry.expire.as_secs(),
            load_taken,
        })
    }

    /// Takes what a member of a pool, registered or not, says of its load.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`], [`ApiError::Unavailable`].
    pub async fn report_load(&self, _who: &Registrar, pool: &str, id: &str, report: &Report) -> Result<(), ApiError> {
        let load = report.read(self.state.now_ms())?;
        let missing = || ApiError::not_found("pool", pool);
        let pool = PoolId::new(pool).map_err(|_| missing())?;
        let members = self.state.members(&pool).ok_or_else(missing)?;
        let member = members.into_iter().find(|member| member.setup.id.as_str() == id);
        let member = member.ok_or_else(|| ApiError::not_found("instance", id))?;
        self.pass_on(&pool, &member.setup.id, load).await
    }

    async fn pass_on(&self, pool: &PoolId, id: &InstanceId, load: LoadReport) -> Result<(), ApiError> {
        let setup = self.state.pool(pool).ok_or_else(|| ApiError::not_found("pool", pool))?;
        let balancer = self.state.ports.balancers.iter().find(|b| b.source() == setup.balancer);
        let balancer = balancer.ok_or_else(|| ApiError::not_found("balancer", &setup.balancer))?;
        let taken = balancer.report_load(pool, id, load).await;
        taken.map_err(|e| ApiError::unavailable("the balancer", e))
    }

    fn registry(&self) -> Result<&RegistrySetup, ApiError> {
        self.state.registry.as_ref().ok_or_else(ApiError::registry_is_off)
    }
}

/// Goes on to its end when its caller goes away.
async fn whole<T: Send + 'static>(work: impl Future<Output = Result<T, ApiError>> + Send + 'static) -> Result<T, ApiError> {
    tokio::spawn(work)
        .await
        .unwrap_or_else(|e| Err(ApiError::unavailable("the command", e)))
}
