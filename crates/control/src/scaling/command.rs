//! Commands change what is intended for a workload, in one transaction with audit row and event; the autoscale loop makes it so.

use model::{
    Actor, ApiError, EventKind, NewEvent, Severity, WorkloadId,
    change::Changed,
    scaling::{ScalingChange, ScalingIntent, ScalingPlan, diff},
};

use crate::{
    Control,
    access::SystemAdmin,
    decide::scaling::Schedule,
    ports::{AuditEntry, PutScaling, PutScalingError},
};

impl Control {
    /// Changes what is intended for a workload, if `expected_version` is still the one in force.
    ///
    /// The answer comes when plan, audit row and event are on disk; the next evaluation, which is woken, goes by it. A caller that goes
    /// away cannot leave it half done.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Invalid`], [`ApiError::ScalingConflict`] with both values, [`ApiError::Unavailable`].
    pub async fn change_scaling(
        &self,
        who: &SystemAdmin,
        workload: &WorkloadId,
        expected_version: u64,
        change: &ScalingChange,
    ) -> Result<Changed, ApiError> {
        let (control, who, workload, change) = (self.clone(), who.clone(), workload.clone(), change.clone());
        tokio::spawn(async move { control.change_scaling_whole(&who, &workload, expected_version, &change).await })
            .await
            .unwrap_or_else(|e| Err(ApiError::unavailable("the command", e)))
    }

    async fn change_scaling_whole(
        &self,
        who: &SystemAdmin,
        workload: &WorkloadId,
        expected_version: u64,
        change: &ScalingChange,
    ) -> Result<Changed, ApiError> {
        let state = &self.state;
        let _one_at_a_time = state.commands.lock().await;
        let current = self.scaling_intent_of(workload)?;
        let now_ms = state.now_ms();
        let after = change.apply(&current.plan, now_ms)?;
        Schedule::parse(&after.schedule)?;
        if current.version != expected_version {
            return Err(conflict(current, after));
        }
        let diff = diff(&current.plan, &after);
        if after == current.plan || diff.is_empty() {
            return Ok(Changed::Nothing { version: current.version });
        }
        let by = who.user().name.to_string();
        let put = PutScaling {
            workload: workload.clone(),
            expected_version,
            plan: after,
            audit: AuditEntry {
                at_ms: now_ms,
                who: by.clone(),
                from: who.from().to_string(),
                action: "scaling.change".into(),
                target: workload.to_string(),
                diff: diff.clone(),
            },
            event: changed_event(now_ms, workload, &current, &diff, Actor::User(by)),
        };
        let stored = match state.ports.scaling.put(&put).await {
            Ok(stored) => stored,
            Err(PutScalingError::Stale(newer)) => {
                // Another console was first.
                let yours = change.apply(&newer.plan, now_ms)?;
                self.intend((*newer).clone());
                return Err(conflict(*newer, yours));
            }
            Err(PutScalingError::Missing) => return Err(ApiError::not_found("workload", workload)),
            Err(PutScalingError::Store(e)) => return Err(ApiError::unavailable("the database", e)),
        };
        let version = stored.version;
        self.intend(stored);
        Ok(Changed::Done { version, diff })
    }

    fn intend(&self, intent: ScalingIntent) {
        if let Some(governed) = self.state.scaling.write().0.get_mut(&intent.workload) {
            governed.intend(intent);
        }
        self.state.scale_now.notify_one();
    }

    pub(super) fn scaling_intent_of(&self, workload: &WorkloadId) -> Result<ScalingIntent, ApiError> {
        let book = self.state.scaling.read();
        let governed = book.0.get(workload).ok_or_else(|| ApiError::not_found("workload", workload))?;
        Ok(governed.intent.clone())
    }
}

fn changed_event(at_ms: i64, workload: &WorkloadId, current: &ScalingIntent, diff: &[model::FieldDiff], actor: Actor) -> NewEvent {
    let what: Vec<String> = diff.iter().map(|d| said(&d.field, &d.before, &d.after)).collect();
    NewEvent {
        at_ms,
        kind: EventKind::ScalingChanged,
        severity: Severity::Info,
        pool: None,
        instance: None,
        summary: format!("Scaling of {workload}: {}", what.join(", ")),
        cause: format!("version {}, changed by {actor}", current.version + 1),
        actor,
    }
}

fn said(field: &str, before: &str, after: &str) -> String {
    match (before, after) {
        ("", after) => format!("{field} {after}"),
        (before, "") => format!("{field} {before} ended"),
        (before, after) => format!("{field} {before} → {after}"),
    }
}

fn conflict(current: ScalingIntent, yours: ScalingPlan) -> ApiError {
    ApiError::ScalingConflict {
        current: Box::new(current),
        yours: Box::new(yours),
    }
}
