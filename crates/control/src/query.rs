//! Questions: nothing here changes anything.

use model::{
    ApiError, Event, EventFilter, Frame, FrameId, Page, Pins, PoolId, PoolIntent, ReceiptFilter, Receipts, SearchHit, SourceState,
    ViewData, ViewKey,
};

use crate::{
    Control, LiveStream, LoopStatus,
    access::Viewer,
    decide::members::{Member, with_asked},
    live,
};

/// Rows of one answer of [`Control::events`].
const EVENTS_PAGE_MAX: u32 = 500;

/// Receipts of one answer of [`Control::receipts`].
const RECEIPTS_MAX: usize = 200;

/// Hits of one search.
const SEARCH_HITS_MAX: usize = 20;

/// Longest search text, in characters.
const SEARCH_TEXT_MAX: usize = 100;

impl Control {
    /// A view as it is now.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for a pool or workload that does not exist.
    pub fn view(&self, _who: &Viewer, key: &ViewKey) -> Result<Frame, ApiError> {
        self.known(key)?;
        let frame = live::current(&self.state, key);
        match (&frame.view, key) {
            (ViewData::Gone, ViewKey::Pool(_)) => Err(ApiError::unavailable("the pool", "its balancer has not answered yet")),
            (ViewData::Gone, ViewKey::Workload(_)) => Err(ApiError::unavailable("the workload", "what runs it has not answered yet")),
            _ => Ok(frame),
        }
    }

    /// Frames of a view as they come. `after` is the last frame the listener has.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for a pool that does not exist.
    pub fn subscribe(&self, _who: &Viewer, key: ViewKey, after: Option<FrameId>) -> Result<LiveStream, ApiError> {
        self.known(&key)?;
        Ok(live::stream(self.state.clone(), key, after))
    }

    fn known(&self, key: &ViewKey) -> Result<(), ApiError> {
        match key {
            ViewKey::Pool(id) if self.state.pool(id).is_none() => Err(ApiError::not_found("pool", id)),
            ViewKey::Workload(id) if !self.state.scaling.read().0.contains_key(id) => Err(ApiError::not_found("workload", id)),
            _ => Ok(()),
        }
    }

    /// Unix time, ms: when what is said to last from now on begins.
    pub fn now_ms(&self) -> i64 {
        self.state.now_ms()
    }

    /// Unix time of the newest snapshot, ms: the end of a relative range.
    pub fn newest_ms(&self, _who: &Viewer) -> i64 {
        self.state.snapshot.borrow().at_ms
    }

    /// Events, newest first.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] for a filter text that is too long, [`ApiError::Unavailable`] when the database does not answer.
    pub async fn events(&self, _who: &Viewer, filter: &EventFilter, limit: u32) -> Result<Page<Event>, ApiError> {
        if filter.text.as_ref().is_some_and(|t| t.chars().count() > EventFilter::TEXT_MAX) {
            return Err(ApiError::invalid("text", format!("at most {} characters", EventFilter::TEXT_MAX)));
        }
        let limit = limit.clamp(1, EVENTS_PAGE_MAX);
        self.state
            .ports
            .journal
            .read(filter, limit)
            .await
            .map_err(|e| ApiError::unavailable("the list of events", e))
    }

    /// The policy of a pool that is intended now.
    ///
    /// # Errors
    /// [`ApiError::NotFound`].
    pub fn intent(&self, _who: &Viewer, pool: &PoolId) -> Result<PoolIntent, ApiError> {
        let missing = || ApiError::not_found("pool", pool);
        let intent = self.state.intents.read().get(pool).cloned().ok_or_else(missing)?;
        let members = self.state.members(pool).ok_or_else(missing)?;
        Ok(PoolIntent {
            policy: with_asked(&intent.policy, &members),
            ..intent
        })
    }

    /// Which clients come back to which instance of a pool.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], [`ApiError::Unavailable`] where the pool has no affinity or its balancer does not answer.
    pub async fn pins(&self, _who: &Viewer, pool: &PoolId) -> Result<Pins, ApiError> {
        let setup = self.state.pool(pool).ok_or_else(|| ApiError::not_found("pool", pool))?;
        let balancer = self.state.ports.balancers.iter().find(|b| b.source() == setup.balancer);
        let balancer = balancer.ok_or_else(|| ApiError::not_found("balancer", &setup.balancer))?;
        balancer
            .pins(pool)
            .await
            .map_err(|e| ApiError::unavailable("the list of clients", e))
    }

    /// Receipts of requests, newest first, of all balancers that write them; at most `limit`, cut to [`RECEIPTS_MAX`].
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] when a balancer does not answer.
    pub async fn receipts(&self, _who: &Viewer, filter: &ReceiptFilter, limit: usize) -> Result<Receipts, ApiError> {
        let limit = limit.min(RECEIPTS_MAX);
        let mut all = Receipts::default();
        for balancer in &self.state.ports.balancers {
            let some = balancer
                .receipts(filter, limit)
                .await
                .map_err(|e| ApiError::unavailable("the list of requests", e))?;
            all.kept += some.kept;
            all.sample = all.sample.max(some.sample);
            all.items.extend(some.items);
        }
        all.items.sort_by_key(|receipt| std::cmp::Reverse(receipt.at_ms));
        all.items.truncate(limit);
        Ok(all)
    }

    /// Pools and instances whose name or address holds `text`, best first.
    pub fn search(&self, _who: &Viewer, text: &str) -> Vec<SearchHit> {
        let text: String = text.trim().to_lowercase().chars().take(SEARCH_TEXT_MAX).collect();
        if text.is_empty() {
            return Vec::new();
        }
        let mut hits: Vec<(bool, SearchHit)> = Vec::new();
        for pool in &self.state.pools {
            let href = format!("/pools/{}", pool.id);
            if pool.id.as_str().contains(&text) {
                let hit = SearchHit {
                    kind: "pool".into(),
                    label: pool.id.to_string(),
                    href: href.clone(),
                };
                hits.push((!pool.id.as_str().starts_with(&text), hit));
            }
            for Member { setup: instance, .. } in self.state.members(&pool.id).unwrap_or_default() {
                let address = instance.address.to_string();
                if instance.id.as_str().contains(&text) || address.contains(&text) {
                    let label = format!("{} · {} · {address}", instance.id, pool.id);
                    let hit = SearchHit {
                        kind: "instance".into(),
                        label,
                        href: format!("{href}?q={}", instance.id),
                    };
                    hits.push((!instance.id.as_str().starts_with(&text), hit));
                }
            }
        }
        hits.sort_by(|a, b| (a.0, &a.1.kind, &a.1.label).cmp(&(b.0, &b.1.kind, &b.1.label)));
        hits.into_iter().take(SEARCH_HITS_MAX).map(|(_, hit)| hit).collect()
    }

    /// What each loop does.
    pub fn loops(&self, _who: &Viewer) -> Vec<LoopStatus> {
        self.state.statuses.all()
    }

    /// For `/ready` and `/metrics`, which know nobody: whether the console has data, and how old it is.
    pub fn live_status(&self) -> LiveStatus {
        let snapshot = self.state.snapshot.borrow().clone();
        LiveStatus {
            seq: snapshot.seq,
            age_ms: self.state.now_ms().saturating_sub(snapshot.at_ms),
            sources_down: snapshot
                .sources
                .iter()
                .filter(|s| matches!(s.state, SourceState::Down { .. }))
                .map(|s| s.id.clone())
                .collect(),
            listeners: self.state.snapshot.receiver_count(),
            snapshot,
        }
    }
}

/// What probes and the metrics page may know without a session.
#[derive(Debug, Clone)]
pub struct LiveStatus {
    /// Number of the newest snapshot; 0 before the first.
    pub seq: u64,
    pub age_ms: i64,
    pub sources_down: Vec<model::SourceId>,
    /// Browsers that follow.
    pub listeners: usize,
    pub snapshot: std::sync::Arc<model::Snapshot>,
}
