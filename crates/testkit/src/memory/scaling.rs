use std::collections::BTreeMap;

use async_trait::async_trait;
use control::ports::{ChangeRecord, PutScaling, PutScalingError, ScalingLedger, ScalingPolicies, StoreError};
use model::{
    Page, WorkloadId,
    scaling::{DecisionSpan, LedgerFilter, ScalingEvent, ScalingEventFilter, ScalingIntent, ScalingPlan},
};

use super::store::{MemoryStore, State, next_id, page};

#[derive(Debug, Default)]
pub(super) struct Scaling {
    intents: BTreeMap<WorkloadId, ScalingIntent>,
    spans: Vec<DecisionSpan>,
    changes: Vec<ScalingEvent>,
    begun: BTreeMap<WorkloadId, ScalingEvent>,
}

impl Scaling {
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.spans.len() as u64, self.changes.len() as u64)
    }

    pub(super) fn forget_spans(&mut self, before_ms: i64) -> u64 {
        let before = self.spans.len();
        self.spans.retain(|span| span.to_ms >= before_ms);
        (before - self.spans.len()) as u64
    }

    pub(super) fn forget_changes(&mut self, before_ms: i64) -> u64 {
        let before = self.changes.len();
        self.changes.retain(|event| event.at_ms >= before_ms);
        (before - self.changes.len()) as u64
    }
}

#[async_trait]
impl ScalingPolicies for MemoryStore {
    async fn list(&self) -> Result<Vec<ScalingIntent>, StoreError> {
        Ok(self.reading()?.scaling.intents.values().cloned().collect())
    }

    async fn ensure(&self, workload: &WorkloadId, plan: &ScalingPlan, now_ms: i64) -> Result<ScalingIntent, StoreError> {
        let mut state = self.writing()?;
        let intents = &mut state.scaling.intents;
        let stored = intents.entry(workload.clone()).or_insert_with(|| ScalingIntent {
            workload: workload.clone(),
            version: 1,
            plan: plan.clone(),
            changed_at_ms: now_ms,
            changed_by: None,
        });
        Ok(stored.clone())
    }

    async fn put(&self, put: &PutScaling) -> Result<ScalingIntent, PutScalingError> {
        let mut state = self.writing()?;
        let intent = state.scaling.intents.get_mut(&put.workload).ok_or(PutScalingError::Missing)?;
        if intent.version != put.expected_version {
            return Err(PutScalingError::Stale(Box::new(intent.clone())));
        }
        *intent = ScalingIntent {
            workload: put.workload.clone(),
            version: put.expected_version + 1,
            plan: put.plan.clone(),
            changed_at_ms: put.audit.at_ms,
            changed_by: Some(put.audit.who.clone()),
        };
        let done = intent.clone();
        state.write_audit(&put.audit);
        state.write_event(&put.event);
        Ok(done)
    }
}

impl State {
    fn keep_span(&mut self, span: &DecisionSpan) {
        let spans = &mut self.scaling.spans;
        let known = spans.iter_mut().find(|s| s.workload == span.workload && s.from_ms == span.from_ms);
        if let Some(known) = known {
            *known = DecisionSpan {
                id: known.id,
                ..span.clone()
            };
        } else {
            let id = next_id(spans.len());
            spans.push(DecisionSpan { id, ..span.clone() });
        }
    }

    fn keep_change(&mut self, record: &ChangeRecord) {
        let event = &record.event;
        let changes = &mut self.scaling.changes;
        let known = changes.iter_mut().find(|e| e.workload == event.workload && e.at_ms == event.at_ms);
        match known {
            Some(known) if known.outcome == event.outcome => return,
            Some(known) => {
                known.outcome = event.outcome.clone();
                known.ended_at_ms = event.ended_at_ms;
            }
            None => {
                let id = next_id(changes.len());
                changes.push(ScalingEvent { id, ..event.clone() });
            }
        }
        for told in &record.told {
            self.write_event(told);
        }
    }
}

#[async_trait]
impl ScalingLedger for MemoryStore {
    async fn keep(&self, spans: &[DecisionSpan], changes: &[ChangeRecord]) -> Result<(), StoreError> {
        let mut state = self.writing()?;
        for span in spans {
            state.keep_span(span);
        }
        for change in changes {
            state.keep_change(change);
        }
        Ok(())
    }

    async fn begin(&self, change: &ScalingEvent) -> Result<(), StoreError> {
        let mut state = self.writing()?;
        state.scaling.begun.insert(change.workload.clone(), change.clone());
        Ok(())
    }

    async fn begun(&self, workload: &WorkloadId) -> Result<Option<ScalingEvent>, StoreError> {
        Ok(self.reading()?.scaling.begun.get(workload).cloned())
    }

    async fn decisions(&self, filter: &LedgerFilter, limit: u32) -> Result<Page<DecisionSpan>, StoreError> {
        let state = self.reading()?;
        let passes = |span: &&DecisionSpan| {
            span.workload == filter.workload
                && filter.from_ms.is_none_or(|t| span.to_ms >= t)
                && filter.to_ms.is_none_or(|t| span.from_ms <= t)
                && filter.before_id.is_none_or(|id| span.id < id)
                && (!filter.changes_only || span.decision.is_change())
        };
        Ok(page(state.scaling.spans.iter().filter(passes), limit, |span| span.id))
    }

    async fn changes(&self, filter: &ScalingEventFilter, limit: u32) -> Result<Page<ScalingEvent>, StoreError> {
        let state = self.reading()?;
        let passes = |event: &&ScalingEvent| {
            filter.workload.as_ref().is_none_or(|w| &event.workload == w)
                && filter.from_ms.is_none_or(|t| event.at_ms >= t)
                && filter.to_ms.is_none_or(|t| event.at_ms <= t)
                && filter.before_id.is_none_or(|id| event.id < id)
        };
        Ok(page(state.scaling.changes.iter().filter(passes), limit, |event| event.id))
    }
}
