use std::sync::Arc;

use leptos::prelude::*;
use model::{
    Frame, ViewData,
    cluster::{Manager, ObjectKind, ObjectRef, ObjectView, Trigger},
    scaling::ScalingPlan,
};

use crate::{
    api::Me,
    pages::scaling::{
        Scaled,
        what_if::{Candidates, Replayed},
    },
};

/// The part of a frame that this page draws.
pub fn object_view(frame: &Frame) -> Option<&ObjectView> {
    match &frame.view {
        ViewData::Object(view) => Some(view),
        _ => None,
    }
}

/// What every part of the page works with. `Copy`, so that closures take it along.
#[derive(Clone, Copy)]
pub struct ObjectContext {
    frames: Signal<Arc<Frame>>,
    pub object: StoredValue<ObjectRef>,
    me: StoredValue<Me>,
    pub now_ms: Memo<i64>,
    pub candidates: Candidates,
}

impl ObjectContext {
    pub fn new(frames: Signal<Arc<Frame>>, object: ObjectRef, me: Me) -> Self {
        Self {
            frames,
            object: StoredValue::new(object),
            me: StoredValue::new(me),
            now_ms: Memo::new(move |_| frames.with(|f| f.at_ms)),
            candidates: Candidates::new(),
        }
    }

    /// A memo of a part of the object, so that a frame that leaves it alone draws nothing. Nothing once the object is gone.
    pub fn part<T: PartialEq + Send + Sync + 'static>(self, read: impl Fn(&ObjectView) -> T + Send + Sync + 'static) -> Memo<Option<T>> {
        Memo::new(move |_| self.frames.with(|f| object_view(f).map(&read)))
    }

    /// The same for what may be absent.
    pub fn maybe<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&ObjectView) -> Option<T> + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        Memo::new(move |_| self.frames.with(|f| object_view(f).and_then(&read)))
    }

    /// The same for a list; empty once the object is gone.
    pub fn list<T: PartialEq + Clone + Send + Sync + 'static>(
        self,
        read: impl Fn(&ObjectView) -> Vec<T> + Send + Sync + 'static,
    ) -> Memo<Vec<T>> {
        Memo::new(move |_| self.frames.with(|f| object_view(f).map(&read).unwrap_or_default()))
    }

    /// As it is now.
    pub fn view(self) -> Option<ObjectView> {
        self.frames.with_untracked(|f| object_view(f).cloned())
    }

    /// Why something may not even be tried from here; absent where it may.
    pub fn why_not(self, trigger: Trigger) -> Memo<Option<String>> {
        let of_role = self.me.with_value(Me::why_not_change);
        Memo::new(move |_| {
            let refused = || self.frames.with(|f| object_view(f).and_then(|v| refused(v, trigger)));
            of_role.clone().or_else(refused)
        })
    }

    /// Who would undo a change from here: trying it gives the patch for where it comes from.
    pub fn keeper(self, trigger: Trigger) -> Memo<Option<Manager>> {
        self.maybe(move |v| keeper(v, trigger).cloned())
    }

    /// What its history and its ledger are of.
    pub fn scaled(self) -> Scaled {
        Scaled {
            id: StoredValue::new(self.object.with_value(ObjectRef::workload)),
            path: StoredValue::new(self.path()),
            now_ms: self.now_ms,
            changes: self.list(|v| v.changes.clone()),
            last: self.maybe(|v| v.last.clone()),
        }
    }

    /// What a what-if is about: the HPA in our engine's terms.
    pub fn replayed(self) -> Replayed {
        Replayed {
            id: StoredValue::new(self.object.with_value(ObjectRef::workload)),
            now_ms: self.now_ms,
            in_force: self.maybe(|v| v.policy.clone().map(ScalingPlan::new)),
            every_s: self.part(|v| v.evaluated_every_s),
            candidates: self.candidates,
        }
    }

    /// The HPAs that scale it.
    pub fn hpas(self) -> Memo<Vec<ObjectRef>> {
        self.list(|v| v.related.iter().filter(|o| o.kind == ObjectKind::Hpa).cloned().collect())
    }

    pub fn kind(self) -> ObjectKind {
        self.object.with_value(|o| o.kind)
    }

    pub fn name(self) -> String {
        self.object.with_value(|o| o.name.clone())
    }

    pub fn path(self) -> String {
        self.object.with_value(ObjectRef::path)
    }

    pub fn is_production(self) -> bool {
        self.me.with_value(|me| me.environment.production)
    }

    pub fn is_gone(self) -> Memo<bool> {
        Memo::new(move |_| self.frames.with(|f| object_view(f).is_none()))
    }
}

/// What is kept somewhere else may be tried: it is refused with the patch to copy. Everything else that is refused need not be.
fn refused(view: &ObjectView, trigger: Trigger) -> Option<String> {
    let why = view.refusal(trigger)?;
    keeper(view, trigger).is_none().then(|| why.to_owned())
}

/// The manager, where it is what stands in the way.
fn keeper(view: &ObjectView, trigger: Trigger) -> Option<&Manager> {
    let manager = view.row.managed_by.as_ref()?;
    view.refusal(trigger)?.contains(&manager.tool).then_some(manager)
}

/// Another object of the same cluster, by its name.
pub fn link(object: &ObjectRef) -> impl IntoView + use<> {
    view! { <a href=object.path()>{format!("{} {}", object.kind.label(), object.name)}</a> }
}
