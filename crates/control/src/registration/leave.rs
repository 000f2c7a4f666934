//! Taking registered instances out of their pool.

use std::net::IpAddr;

use model::{Actor, ApiError, EventKind, InstanceId, PoolId};

use super::{left, whole};
use crate::{
    Control,
    access::{Registrar, SystemAdmin},
    ports::AuditEntry,
};

impl Control {
    /// Takes an instance out of its pool because it says so.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Unavailable`].
    pub async fn deregister(&self, who: &Registrar, pool: &str, id: &str) -> Result<(), ApiError> {
        let (Ok(pool), Ok(id)) = (PoolId::new(pool), InstanceId::new(id)) else {
            return Err(unknown(pool, id));
        };
        let leaving = Leaving {
            actor: Actor::system(Registrar::NAME),
            from: who.from(),
            pool,
            ids: vec![id],
            cause: format!("it said so itself, from {}", who.from()),
        };
        self.leave(leaving).await
    }

    /// Takes registered instances out of their pool. One that goes on registering comes back.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for the first that has not registered, [`ApiError::Invalid`], [`ApiError::Unavailable`].
    pub async fn deregister_by(&self, who: &SystemAdmin, pool: &PoolId, ids: &[InstanceId]) -> Result<(), ApiError> {
        if ids.is_empty() {
            return Err(ApiError::invalid("instances", "choose at least one instance"));
        }
        let leaving = Leaving {
            actor: who.actor(),
            from: who.from(),
            pool: pool.clone(),
            ids: ids.to_vec(),
            cause: "in the console".to_owned(),
        };
        self.leave(leaving).await
    }

    async fn leave(&self, leaving: Leaving) -> Result<(), ApiError> {
        let control = self.clone();
        whole(async move { control.leave_whole(&leaving).await }).await
    }

    async fn leave_whole(&self, leaving: &Leaving) -> Result<(), ApiError> {
        let state = &self.state;
        let pool = &leaving.pool;
        let _one_at_a_time = state.registering.lock().await;
        for id in &leaving.ids {
            if state.roster.read().get(pool, id).is_none() {
                return Err(unknown(pool.as_str(), id.as_str()));
            }
        }
        for id in &leaving.ids {
            let now_ms = state.now_ms();
            let audit = AuditEntry {
                at_ms: now_ms,
                who: leaving.actor.to_string(),
                from: leaving.from.to_string(),
                action: "instance.deregister".to_owned(),
                target: format!("{pool}/{id}"),
                diff: Vec::new(),
            };
            let (cause, actor) = (leaving.cause.clone(), leaving.actor.clone());
            let event = left(now_ms, EventKind::InstanceDeregistered, pool, id, cause, actor);
            let gone = state.ports.registry.deregister(pool, id, Some(&audit), &event).await;
            gone.map_err(|e| ApiError::unavailable("the database", e))?;
            state.roster.write().remove(pool, id);
            state.reconcile_now.notify_one();
        }
        Ok(())
    }
}

struct Leaving {
    actor: Actor,
    from: IpAddr,
    pool: PoolId,
    ids: Vec<InstanceId>,
    cause: String,
}

fn unknown(pool: &str, id: &str) -> ApiError {
    ApiError::not_found("registered instance", format!("{pool}/{id}"))
}
