//! Taking a registered instance out of its pool.

use std::{net::IpAddr, slice};

use model::{Actor, AdminState, ApiError, EventKind, InstanceId, PoolId};

use super::{left, whole};
use crate::{
    Control,
    access::{Registrar, SystemAdmin},
    decide::guard,
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
            id,
            cause: format!("it said so itself, from {}", who.from()),
        };
        let control = self.clone();
        whole(async move {
            let _one_at_a_time = control.state.registering.lock().await;
            control.must_be_registered(&leaving)?;
            control.leave(&leaving).await
        })
        .await
    }

    /// Takes a registered instance out of its pool, if enough others stay in service. One that goes on registering comes back.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`] when too few would be left, [`ApiError::Unavailable`].
    pub async fn deregister_by(&self, who: &SystemAdmin, pool: &PoolId, id: &InstanceId) -> Result<(), ApiError> {
        let leaving = Leaving {
            actor: who.actor(),
            from: who.from(),
            pool: pool.clone(),
            id: id.clone(),
            cause: "in the console".to_owned(),
        };
        let control = self.clone();
        whole(async move {
            // In this order everywhere. Who drains and who deregisters at once would each count on the other's.
            let _no_change = control.state.commands.lock().await;
            let _one_at_a_time = control.state.registering.lock().await;
            control.must_be_registered(&leaving)?;
            control.may_be_sent_away(&leaving.pool, &leaving.id)?;
            control.leave(&leaving).await
        })
        .await
    }

    fn must_be_registered(&self, leaving: &Leaving) -> Result<(), ApiError> {
        let Leaving { pool, id, .. } = leaving;
        match self.state.roster.read().get(pool, id) {
            Some(_) => Ok(()),
            None => Err(unknown(pool.as_str(), id.as_str())),
        }
    }

    /// The rule for drain and maintenance.
    fn may_be_sent_away(&self, pool: &PoolId, id: &InstanceId) -> Result<(), ApiError> {
        let state = &self.state;
        let (Some(seen), Some(intent)) = (state.seen(pool), state.intents.read().get(pool).cloned()) else {
            return Ok(());
        };
        guard::may_take_out(&seen, &intent.policy, slice::from_ref(id), AdminState::Maintenance)
            .map_err(|refused| ApiError::invalid("instance", refused.reason))
    }

    /// Behind `registering`.
    async fn leave(&self, leaving: &Leaving) -> Result<(), ApiError> {
        let state = &self.state;
        let Leaving { pool, id, .. } = leaving;
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
        Ok(())
    }
}

struct Leaving {
    actor: Actor,
    from: IpAddr,
    pool: PoolId,
    id: InstanceId,
    cause: String,
}

fn unknown(pool: &str, id: &str) -> ApiError {
    ApiError::not_found("registered instance", format!("{pool}/{id}"))
}
