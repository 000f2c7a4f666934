//! Everything that is known of a cluster, in memory, shared with every look at it.
//!
//! ```text
//!  watch ── apply, retain ─► State ── look ─► ClusterLook     (namespaces that did not change are the same Arc)
//!                              └ changed ─► seq, at most every 50 ms
//! ```
//! A watch may tell the same twice, and a list after a gap tells everything again: what has the resource version that is known already
//! changes nothing and is not told on.

mod kept;
mod shared;
mod status;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use control::ports::cluster::{ClusterLook, ControllerSettings, CustomValue, MetricQuestion, NamespaceObjects};
use kept::{Kept, of_kind};
use model::{SourceState, cluster::KindState};
use parking_lot::Mutex;
use shared::Interner;
use status::ScopeStatus;
use tokio::sync::Notify;

pub(super) use status::Scope;

use super::{api::now_ms, kind::Kind};

/// The figures of the pods, or why there are none.
/// Namespace and name of an object.
pub type Named = (Arc<str>, Arc<str>);

pub(super) type Figures = Result<Arc<control::ports::cluster::Figures>, Arc<str>>;
/// What was answered to each question.
pub(super) type Custom = BTreeMap<MetricQuestion, Result<CustomValue, Arc<str>>>;

/// Names in their namespaces.
pub(super) type Names = BTreeSet<(Arc<str>, Arc<str>)>;

/// Part of a namespace's events that is dropped at once when there are too many.
const EVENTS_DROPPED: usize = NamespaceObjects::EVENTS_MAX / 10;

/// What a watch tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Added or modified.
    Put,
    Deleted,
}

pub struct Store {
    objects_max: usize,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    seq: u64,
    source: SourceState,
    version: Option<Arc<str>>,
    namespaces: BTreeMap<Arc<str>, Arc<NamespaceObjects>>,
    counts: [usize; Kind::ALL.len()],
    scopes: BTreeMap<Scope, ScopeStatus>,
    figures: Figures,
    custom: Arc<Custom>,
    interner: Interner,
}

/// What putting an object did.
enum Put {
    Changed,
    Same,
    /// There are as many as are kept.
    Over,
}

impl Store {
    /// Keeps so many objects of each kind.
    pub fn new(objects_max: usize) -> Self {
        Self {
            objects_max,
            state: Mutex::new(State {
                seq: 0,
                source: SourceState::Waiting { since_ms: now_ms() },
                version: None,
                namespaces: BTreeMap::new(),
                counts: [0; Kind::ALL.len()],
                scopes: BTreeMap::new(),
                figures: Err("not read yet".into()),
                custom: Arc::default(),
                interner: Interner::new(),
            }),
            changed: Notify::new(),
        }
    }

    /// Takes over what a watch tells of one object, as JSON. Answers its namespace and name; `None` for one that is not kept.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn apply(&self, kind: Kind, change: Change, json: &str) -> Result<Option<Named>, serde_json::Error> {
        of_kind!(kind, Self::apply_one(self, kind, None, change, json))
    }

    /// As [`apply`](Self::apply), of a scope whose status is kept.
    pub(super) fn apply_in(&self, scope: &Scope, change: Change, json: &str) -> Result<Option<Named>, serde_json::Error> {
        of_kind!(scope.0, Self::apply_one(self, scope.0, Some(scope), change, json))
    }

    fn apply_one<T: Kept>(
        &self,
        kind: Kind,
        scope: Option<&Scope>,
        change: Change,
        json: &str,
    ) -> Result<Option<Named>, serde_json::Error> {
        // Reading takes the longest and needs nothing of the state.
        let mut object: T = serde_json::from_str(json)?;
        if object.meta().name.is_empty() || object.meta().namespace.is_empty() {
            return Err(serde::de::Error::custom("it has no name or no namespace"));
        }
        if !object.is_wanted() {
            return Ok(None);
        }
        let mut state = self.state.lock();
        let state = &mut *state;
        state.interner.meta(object.meta_mut());
        object.share(&mut state.interner);
        let id = (object.meta().namespace.clone(), object.meta().name.clone());
        let put = match change {
            Change::Put => state.put(kind, object, self.objects_max),
            Change::Deleted if state.remove::<T>(kind, &id.0, &id.1) => Put::Changed,
            Change::Deleted => Put::Same,
        };
        match put {
            Put::Changed => self.tell(state),
            Put::Same => {}
            Put::Over => {
                if let Some(status) = scope.and_then(|scope| state.scopes.get_mut(scope)) {
                    status.over_since_ms.get_or_insert_with(now_ms);
                }
            }
        }
        Ok(Some(id))
    }

    /// After a complete list: what was not in it is gone.
    pub(super) fn retain(&self, scope: &Scope, seen: &Names, is_complete: bool) {
        let mut state = self.state.lock();
        let state = &mut *state;
        let (removed, all_kept) = of_kind!(scope.0, State::retain(state, scope, seen));
        let status = state.scopes.entry(scope.clone()).or_insert(ScopeStatus::WAITING);
        status.over_since_ms = if is_complete && all_kept {
            None
        } else {
            status.over_since_ms.or_else(|| Some(now_ms()))
        };
        if removed {
            self.tell(state);
        }
    }

    /// Whether there is more than is kept.
    pub(super) fn is_over(&self, scope: &Scope) -> bool {
        self.state.lock().scopes.get(scope).is_some_and(|s| s.over_since_ms.is_some())
    }

    /// How the reading of it stands. Down since then, when it was down already.
    pub(super) fn set_kind(&self, scope: &Scope, mut to: KindState) {
        let mut state = self.state.lock();
        let status = state.scopes.entry(scope.clone()).or_insert(ScopeStatus::WAITING);
        if let (KindState::Down { since_ms: old, .. }, KindState::Down { since_ms, .. }) = (&status.state, &mut to) {
            *since_ms = *old;
        }
        if status.state != to {
            status.state = to;
            self.tell(&mut state);
        }
    }

    /// Something was heard of it, if only that it is still there.
    pub(super) fn heard(&self, scope: &Scope) {
        if let Some(status) = self.state.lock().scopes.get_mut(scope) {
            status.heard_at_ms = Some(now_ms());
        }
    }

    pub(super) fn set_source(&self, to: SourceState) {
        let mut state = self.state.lock();
        if state.source != to {
            state.source = to;
            self.tell(&mut state);
        }
    }

    pub(super) fn set_version(&self, version: &str) {
        let mut state = self.state.lock();
        if state.version.as_deref() != Some(version) {
            state.version = Some(version.into());
            self.tell(&mut state);
        }
    }

    pub(super) fn set_figures(&self, figures: Figures) {
        let mut state = self.state.lock();
        if state.figures != figures {
            state.figures = figures;
            self.tell(&mut state);
        }
    }

    pub(super) fn set_custom(&self, custom: Custom) {
        let mut state = self.state.lock();
        if *state.custom != custom {
            state.custom = Arc::new(custom);
            self.tell(&mut state);
        }
    }

    fn tell(&self, state: &mut State) {
        state.seq += 1;
        self.changed.notify_one();
    }

    /// Returns once something changed since the last call.
    pub(super) async fn changed(&self) -> u64 {
        self.changed.notified().await;
        self.state.lock().seq
    }

    pub(super) fn source(&self) -> SourceState {
        self.state.lock().source.clone()
    }

    /// All of it. What is not of the store (when and how fast the cluster answered, and what the
    /// settings say) is for the caller to fill in.
    pub fn look(&self) -> ClusterLook {
        let state = self.state.lock();
        ClusterLook {
            seq: state.seq,
            state: state.source.clone(),
            answered_at_ms: None,
            took_us: 0,
            version: state.version.clone(),
            controller: ControllerSettings::default(),
            kinds: status::kinds(&state.scopes, &state.counts, self.objects_max),
            namespaces: state.namespaces.clone(),
            figures: state.figures.clone(),
            custom: state.custom.clone(),
        }
    }
}

impl State {
    fn put<T: Kept>(&mut self, kind: Kind, object: T, max: usize) -> Put {
        let meta = object.meta();
        let key = T::key(kind, &meta.name);
        let known = self.namespaces.get(&meta.namespace);
        let old = known.and_then(|objects| T::place(objects).get(&key));
        if let Some(old) = old {
            let old = old.meta();
            if old.resource_version == meta.resource_version && old.uid == meta.uid {
                return Put::Same;
            }
        } else if kind != Kind::Events && self.counts[kind as usize] >= max {
            return Put::Over;
        }
        let is_new = old.is_none();
        let namespace = Arc::make_mut(self.namespaces.entry(meta.namespace.clone()).or_default());
        T::place_mut(namespace).insert(key, Arc::new(object));
        self.counts[kind as usize] += usize::from(is_new);
        if kind == Kind::Events && namespace.events.len() > NamespaceObjects::EVENTS_MAX {
            self.counts[kind as usize] -= drop_oldest(namespace);
        }
        Put::Changed
    }

    fn remove<T: Kept>(&mut self, kind: Kind, namespace: &Arc<str>, name: &Arc<str>) -> bool {
        let key = T::key(kind, name);
        let Some(objects) = self.namespaces.get_mut(namespace).filter(|o| T::place(o).contains_key(&key)) else {
            return false;
        };
        let objects = Arc::make_mut(objects);
        T::place_mut(objects).remove(&key);
        self.counts[kind as usize] -= 1;
        if is_empty(objects) {
            self.namespaces.remove(namespace);
        }
        true
    }

    /// Whether anything was removed, and whether all that was seen is kept.
    fn retain<T: Kept>(&mut self, scope: &Scope, seen: &Names) -> (bool, bool) {
        let (kind, only) = scope;
        let in_scope = |namespace: &Arc<str>| only.as_ref().is_none_or(|only| only == namespace);
        let mut gone = Vec::new();
        for (namespace, objects) in self.namespaces.iter().filter(|(namespace, _)| in_scope(namespace)) {
            let keys = T::place(objects).keys().filter(|key| T::is_of(*kind, key));
            let names = keys.map(|key| (namespace.clone(), T::name(key).clone()));
            gone.extend(names.filter(|id| !seen.contains(id)));
        }
        for (namespace, name) in &gone {
            self.remove::<T>(*kind, namespace, name);
        }
        let is_kept = |(namespace, name): &(Arc<str>, Arc<str>)| {
            let objects = self.namespaces.get(namespace);
            objects.is_some_and(|objects| T::place(objects).contains_key(&T::key(*kind, name)))
        };
        // Of events the newest are kept, which is what is promised.
        (!gone.is_empty(), *kind == Kind::Events || seen.iter().all(is_kept))
    }
}

/// Drops a tenth of the namespace's events, the oldest.
fn drop_oldest(namespace: &mut NamespaceObjects) -> usize {
    let mut by_age: Vec<_> = namespace.events.iter().map(|(name, e)| (e.at_ms(), name.clone())).collect();
    by_age.sort_unstable();
    by_age.truncate(EVENTS_DROPPED);
    for (_, name) in &by_age {
        namespace.events.remove(name);
    }
    by_age.len()
}

fn is_empty(objects: &NamespaceObjects) -> bool {
    let NamespaceObjects {
        hpas,
        workloads,
        replica_sets,
        pods,
        budgets,
        quotas,
        services,
        endpoint_slices,
        ingresses,
        vpas,
        events,
    } = objects;
    hpas.is_empty()
        && workloads.is_empty()
        && replica_sets.is_empty()
        && pods.is_empty()
        && budgets.is_empty()
        && quotas.is_empty()
        && services.is_empty()
        && endpoint_slices.is_empty()
        && ingresses.is_empty()
        && vpas.is_empty()
        && events.is_empty()
}
