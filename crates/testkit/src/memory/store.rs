use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use control::ports::{AuditEntry, AuditRecord, FenceCell, Journal, PAGE_MAX, Policies, PutError, PutPolicy, StoreError};
use model::{Actor, Event, EventFilter, NewEvent, Page, PoolId, PoolIntent, PoolPolicy};
use parking_lot::{Mutex, MutexGuard};

use super::{identity::Accounts, lease::Held, registry::Instances, samples::Measured, scaling::Scaling};

/// Every port of the store in memory, with the meaning of the real one. Clones are the same store.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    fence: Option<FenceCell>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    fails: Option<StoreError>,
    read_only: Option<StoreError>,
    policies: BTreeMap<PoolId, Policy>,
    pub(super) events: Vec<Event>,
    pub(super) audit: Vec<AuditRecord>,
    pub(super) accounts: Accounts,
    pub(super) instances: Instances,
    pub(super) scaling: Scaling,
    pub(super) measured: Measured,
    pub(super) lease: Held,
}

#[derive(Debug)]
struct Policy {
    intent: PoolIntent,
    announced: u64,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// The same store, where every write proves this fence.
    #[must_use]
    pub fn fenced(&self, fence: FenceCell) -> Self {
        Self {
            state: self.state.clone(),
            fence: Some(fence),
        }
    }

    /// From now on everything fails so, until `None`.
    pub fn fail(&self, error: Option<StoreError>) {
        self.state.lock().fails = error;
    }

    /// From now on everything that writes fails so, until `None`.
    pub fn fail_writes(&self, error: Option<StoreError>) {
        self.state.lock().read_only = error;
    }

    pub(super) fn reading(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state.lock();
        match &state.fails {
            Some(error) => Err(error.clone()),
            None => Ok(state),
        }
    }

    pub(super) fn writing(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.reading()?;
        if let Some(error) = &state.read_only {
            return Err(error.clone());
        }
        match &self.fence {
            Some(cell) if cell.get() != Some(state.lease.fence) => Err(StoreError::Deposed),
            _ => Ok(state),
        }
    }
}

impl State {
    pub(super) fn write_event(&mut self, event: &NewEvent) -> Event {
        let (_, actor) = event.actor.parts();
        let event = NewEvent {
            summary: storable(&event.summary),
            cause: storable(&event.cause),
            actor: match event.actor {
                Actor::System(_) => Actor::System(storable(actor)),
                Actor::User(_) => Actor::User(storable(actor)),
                Actor::Outside(_) => Actor::Outside(storable(actor)),
            },
            ..event.clone()
        };
        let stored = Event {
            // An id never comes back after a clean-up.
            id: self.events.last().map_or(1, |last| last.id + 1),
            event,
        };
        self.events.push(stored.clone());
        stored
    }

    pub(super) fn write_audit(&mut self, entry: &AuditEntry) {
        let entry = AuditEntry {
            at_ms: entry.at_ms,
            who: storable(&entry.who),
            from: storable(&entry.from),
            action: storable(&entry.action),
            target: storable(&entry.target),
            diff: entry.diff.clone(),
        };
        let id = self.audit.last().map_or(1, |last| last.id + 1);
        self.audit.push(AuditRecord { id, entry });
    }
}

#[async_trait]
impl Policies for MemoryStore {
    async fn list(&self) -> Result<Vec<PoolIntent>, StoreError> {
        Ok(self.reading()?.policies.values().map(|p| p.intent.clone()).collect())
    }

    async fn ensure(&self, pool: &PoolId, policy: &PoolPolicy, now_ms: i64) -> Result<PoolIntent, StoreError> {
        let mut state = self.writing()?;
        let stored = state.policies.entry(pool.clone()).or_insert_with(|| Policy {
            intent: PoolIntent {
                pool: pool.clone(),
                version: 1,
                policy: policy.clone(),
                changed_at_ms: now_ms,
                changed_by: None,
            },
            announced: 0,
        });
        Ok(stored.intent.clone())
    }

    async fn put(&self, put: &PutPolicy) -> Result<PoolIntent, PutError> {
        let mut state = self.writing()?;
        let intent = &mut state.policies.get_mut(&put.pool).ok_or(PutError::Missing)?.intent;
        if intent.version != put.expected_version {
            return Err(PutError::Stale(Box::new(intent.clone())));
        }
        *intent = PoolIntent {
            pool: put.pool.clone(),
            version: put.expected_version + 1,
            policy: put.policy.clone(),
            changed_at_ms: put.audit.at_ms,
            changed_by: Some(storable(&put.audit.who)),
        };
        let done = intent.clone();
        state.write_audit(&put.audit);
        Ok(done)
    }

    async fn announced(&self, pool: &PoolId) -> Result<u64, StoreError> {
        Ok(self.reading()?.policies.get(pool).map_or(0, |p| p.announced))
    }

    async fn announce(&self, pool: &PoolId, version: u64, event: &NewEvent) -> Result<bool, StoreError> {
        let mut state = self.writing()?;
        match state.policies.get_mut(pool) {
            Some(policy) if policy.announced < version => policy.announced = version,
            _ => return Ok(false),
        }
        state.write_event(event);
        Ok(true)
    }
}

#[async_trait]
impl Journal for MemoryStore {
    async fn append(&self, events: Vec<NewEvent>) -> Result<Vec<Event>, StoreError> {
        let mut state = self.writing()?;
        Ok(events.iter().map(|event| state.write_event(event)).collect())
    }

    async fn record(&self, audit: &AuditEntry, event: &NewEvent) -> Result<Event, StoreError> {
        let mut state = self.writing()?;
        state.write_audit(audit);
        Ok(state.write_event(event))
    }

    async fn read(&self, filter: &EventFilter, limit: u32) -> Result<Page<Event>, StoreError> {
        let filter = EventFilter {
            text: filter.text.as_deref().map(storable),
            ..filter.clone()
        };
        let state = self.reading()?;
        Ok(page(state.events.iter().filter(|e| filter.passes(e)), limit, |event| event.id))
    }

    async fn audit(&self, before_id: Option<i64>, limit: u32) -> Result<Page<AuditRecord>, StoreError> {
        let state = self.reading()?;
        let older = state.audit.iter().filter(|record| before_id.is_none_or(|id| record.id < id));
        Ok(page(older, limit, |record| record.id))
    }
}

pub(super) fn page<'a, T: Clone + 'a>(oldest_first: impl DoubleEndedIterator<Item = &'a T>, limit: u32, id: fn(&T) -> i64) -> Page<T> {
    let limit = limit.min(PAGE_MAX) as usize;
    let mut items: Vec<_> = oldest_first.rev().take(limit + 1).cloned().collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(id) } else { None };
    Page { items, next }
}

/// The port's rule for U+0000.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

pub(super) fn next_id(stored: usize) -> i64 {
    i64::try_from(stored).unwrap() + 1
}
