use std::sync::Arc;

use leptos::prelude::*;
use model::{
    Frame, ViewData, WorkloadId,
    scaling::{Hold, ScalingIntent, WorkloadView},
};

use crate::{
    api::Me,
    pages::scaling::{
        Scaled,
        what_if::{Candidates, Replayed},
        words,
    },
};

/// The part of a frame that this page draws.
pub fn workload_view(frame: &Frame) -> Option<&WorkloadView> {
    match &frame.view {
        ViewData::Workload(view) => Some(view),
        _ => None,
    }
}

/// What every part of the page works with. `Copy`, so that closures take it along.
#[derive(Clone, Copy)]
pub struct WorkloadContext {
    frames: Signal<Arc<Frame>>,
    pub id: StoredValue<WorkloadId>,
    pub me: StoredValue<Me>,
    pub version: Memo<u64>,
    /// In force right now.
    pub hold: Memo<Option<Hold>>,
    /// Why nothing can be changed from here; absent where it can.
    pub why_not: Memo<Option<String>>,
    pub now_ms: Memo<i64>,
    pub candidates: Candidates,
}

impl WorkloadContext {
    pub fn new(frames: Signal<Arc<Frame>>, id: WorkloadId, me: Me) -> Self {
        let of_role = me.why_not_change();
        let read = move |frame: &Frame| workload_view(frame).and_then(|v| v.read_only.clone());
        Self {
            frames,
            id: StoredValue::new(id),
            me: StoredValue::new(me),
            version: Memo::new(move |_| frames.with(|f| workload_view(f).map_or(0, |v| v.intent.version))),
            hold: Memo::new(move |_| frames.with(|f| words::in_force(workload_view(f).and_then(|v| v.row.hold), f.at_ms))),
            why_not: Memo::new(move |_| of_role.clone().or_else(|| frames.with(|f| read(f)))),
            now_ms: Memo::new(move |_| frames.with(|f| f.at_ms)),
            candidates: Candidates::new(),
        }
    }

    /// A memo of a part of the workload, so that a frame that leaves it alone draws nothing. Nothing once the workload is gone.
    pub fn part<T: PartialEq + Send + Sync + 'static>(self, read: impl Fn(&WorkloadView) -> T + Send + Sync + 'static) -> Memo<Option<T>> {
        Memo::new(move |_| self.frames.with(|f| workload_view(f).map(&read)))
    }

    /// The same for what may be absent.
    pub fn maybe<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&WorkloadView) -> Option<T> + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        Memo::new(move |_| self.frames.with(|f| workload_view(f).and_then(&read)))
    }

    /// What its history and its ledger are of.
    pub fn scaled(self) -> Scaled {
        let changes = self.part(|v| v.events.clone());
        Scaled {
            id: self.id,
            path: StoredValue::new(format!("/scaling/{}", self.name())),
            now_ms: self.now_ms,
            changes: Memo::new(move |_| changes.get().unwrap_or_default()),
            last: self.maybe(|v| v.last.clone()),
        }
    }

    /// What is intended now.
    pub fn intent(self) -> Option<ScalingIntent> {
        self.frames.with_untracked(|f| workload_view(f).map(|v| v.intent.clone()))
    }

    /// What a what-if is about.
    pub fn replayed(self) -> Replayed {
        Replayed {
            id: self.id,
            now_ms: self.now_ms,
            in_force: self.part(|v| v.intent.plan.clone()),
            every_s: self.part(|v| v.evaluated_every_s),
            candidates: self.candidates,
        }
    }

    pub fn name(self) -> String {
        self.id.with_value(ToString::to_string)
    }

    pub fn is_production(self) -> bool {
        self.me.with_value(|me| me.environment.production)
    }

    pub fn is_gone(self) -> Memo<bool> {
        Memo::new(move |_| self.frames.with(|f| workload_view(f).is_none()))
    }
}
