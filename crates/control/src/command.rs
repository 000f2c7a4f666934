//! Commands change what is intended, in one transaction with their audit row; the reconcile loop makes it so.

use std::collections::BTreeSet;

use model::{
    Actor, ApiError, BreakerTarget, EventKind, FieldDiff, InstanceId, NewEvent, PoolChange, PoolId, PoolIntent, PoolPolicy, Severity,
    change, change::Changed,
};

use crate::{
    Control,
    access::SystemAdmin,
    decide::{
        guard,
        members::{Member, with_asked, without_asked},
    },
    ports::{AuditEntry, PutError, PutPolicy},
    state::{UNANNOUNCED_MAX, Unannounced},
};

impl Control {
    /// Changes a pool's policy, if `expected_version` is still the one in force.
    ///
    /// The answer comes when policy and audit row are on disk; the balancer follows within a second. A caller that goes away cannot
    /// leave it half done.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`], [`ApiError::Conflict`] with both values, [`ApiError::Unavailable`].
    pub async fn change_pool(
        &self,
        who: &SystemAdmin,
        pool: &PoolId,
        expected_version: u64,
        change: &PoolChange,
    ) -> Result<Changed, ApiError> {
        let (control, who, pool, change) = (self.clone(), who.clone(), pool.clone(), change.clone());
        tokio::spawn(async move { control.change_pool_whole(&who, &pool, expected_version, &change).await })
            .await
            .unwrap_or_else(|e| Err(ApiError::unavailable("the command", e)))
    }

    async fn change_pool_whole(
        &self,
        who: &SystemAdmin,
        pool: &PoolId,
        expected_version: u64,
        change: &PoolChange,
    ) -> Result<Changed, ApiError> {
        let state = &self.state;
        let _one_at_a_time = state.commands.lock().await;
        let members = state.members(pool).ok_or_else(|| ApiError::not_found("pool", pool))?;
        let names = names(&members);
        let current = state
            .intents
            .read()
            .get(pool)
            .cloned()
            .ok_or_else(|| ApiError::not_found("pool", pool))?;
        let base = with_asked(&current.policy, &members);
        let after = change.apply(&base, &names)?;
        if let PoolChange::Instances {
            ids, admin: Some(admin), ..
        } = change
            && let Some(seen) = state.seen(pool)
        {
            guard::may_take_out(&seen, &current.policy, ids, *admin)?;
        }
        if current.version != expected_version {
            return Err(conflict(current, base, after));
        }
        let diff = change::diff(&base, &after);
        if after == base || diff.is_empty() {
            return Ok(Changed::Nothing { version: current.version });
        }
        let by = who.user().name.to_string();
        let audit = AuditEntry {
            at_ms: state.now_ms(),
            who: by.clone(),
            from: who.from().to_string(),
            action: "pool.change".into(),
            target: pool.to_string(),
            diff: diff.clone(),
        };
        let put = PutPolicy {
            pool: pool.clone(),
            expected_version,
            policy: without_asked(after, &current.policy, &members),
            audit,
        };
        let stored = match state.ports.policies.put(&put).await {
            Ok(stored) => stored,
            Err(PutError::Stale(newer)) => {
                // Another console was first.
                state.intents.write().insert(pool.clone(), (*newer).clone());
                state.reconcile_now.notify_one();
                let base = with_asked(&newer.policy, &members);
                let yours = change.apply(&base, &names)?;
                return Err(conflict(*newer, base, yours));
            }
            Err(PutError::Missing) => return Err(ApiError::not_found("pool", pool)),
            Err(PutError::Store(e)) => return Err(ApiError::unavailable("the database", e)),
        };
        let version = stored.version;
        state.intents.write().insert(pool.clone(), stored);
        {
            let mut waiting = state.unannounced.lock();
            if waiting.len() < UNANNOUNCED_MAX {
                waiting.push_back(Unannounced {
                    pool: pool.clone(),
                    version,
                    by,
                    diff: diff.clone(),
                });
            }
        }
        state.reconcile_now.notify_one();
        Ok(Changed::Done { version, diff })
    }
}

impl Control {
    /// Closes breakers at once; what they counted is forgotten. Not a policy: it happens, and is written down first.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`], [`ApiError::Unavailable`].
    pub async fn reset_breakers(&self, who: &SystemAdmin, pool: &PoolId, targets: &[BreakerTarget]) -> Result<(), ApiError> {
        let (control, who, pool, targets) = (self.clone(), who.clone(), pool.clone(), targets.to_vec());
        tokio::spawn(async move { control.reset_breakers_whole(&who, &pool, &targets).await })
            .await
            .unwrap_or_else(|e| Err(ApiError::unavailable("the command", e)))
    }

    async fn reset_breakers_whole(&self, who: &SystemAdmin, pool: &PoolId, targets: &[BreakerTarget]) -> Result<(), ApiError> {
        let state = &self.state;
        let setup = state.pool(pool).ok_or_else(|| ApiError::not_found("pool", pool))?;
        if targets.is_empty() {
            return Err(ApiError::invalid("targets", "choose at least one breaker"));
        }
        let members = names(&state.members(pool).unwrap_or_default());
        for target in targets {
            if let BreakerTarget::Instance(id) = target
                && !members.contains(id)
            {
                return Err(ApiError::invalid("targets", format!("the pool has no instance {id}")));
            }
        }
        let balancer = state.ports.balancers.iter().find(|b| b.source() == setup.balancer);
        let balancer = balancer.ok_or_else(|| ApiError::not_found("balancer", &setup.balancer))?;
        let names: Vec<_> = targets
            .iter()
            .map(|target| match target {
                BreakerTarget::Pool => format!("pool {pool}"),
                BreakerTarget::Instance(id) => id.to_string(),
            })
            .collect();
        let by = who.user().name.to_string();
        let audit = AuditEntry {
            at_ms: state.now_ms(),
            who: by.clone(),
            from: who.from().to_string(),
            action: "breaker.reset".into(),
            target: pool.to_string(),
            diff: names
                .iter()
                .map(|name| FieldDiff {
                    field: format!("{name} breaker"),
                    before: String::new(),
                    after: "reset".into(),
                })
                .collect(),
        };
        let event = NewEvent {
            at_ms: state.now_ms(),
            kind: EventKind::BreakerReset,
            severity: Severity::Info,
            pool: Some(pool.clone()),
            instance: None,
            summary: format!("Breaker reset: {}", names.join(", ")),
            cause: String::new(),
            actor: Actor::User(by),
        };
        let journal = &state.ports.journal;
        journal
            .record(&audit, &event)
            .await
            .map_err(|e| ApiError::unavailable("the database", e))?;
        balancer
            .reset_breakers(pool, targets)
            .await
            .map_err(|e| ApiError::unavailable("the balancer", e))?;
        state.collect_now.notify_one();
        Ok(())
    }
}

fn names(members: &[Member]) -> BTreeSet<InstanceId> {
    members.iter().map(|member| member.setup.id.clone()).collect()
}

/// `base`: the current policy as people see it.
fn conflict(current: PoolIntent, base: PoolPolicy, yours: PoolPolicy) -> ApiError {
    ApiError::Conflict {
        current: Box::new(PoolIntent { policy: base, ..current }),
        yours: Box::new(yours),
    }
}
