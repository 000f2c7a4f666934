//! The inspect loop: makes something of every cluster's look, and keeps what changed. It changes nothing in a cluster.
//!
//! A namespace is inspected when something in it changed, and all of them every ten seconds, because time passes: windows close, figures
//! grow old.

mod asked;
mod changes;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use model::{
    SourceState, WorkloadId,
    cluster::{ClusterId, ObjectRef},
    scaling::DecisionSpan,
};
use tokio::sync::Notify;

use self::asked::{Asked, Questions};
use super::{Loop, outbox::Outbox};
use crate::{
    cluster::{Board, ClusterBoard, Inputs, Inspected, inspect},
    decide::cluster::{Space, questions},
    ports::cluster::{Cluster, ClusterLook, NamespaceObjects},
    state::State,
};

/// Between two inspections of a namespace in which nothing changed.
const ALL_EVERY_MS: i64 = 10_000;
/// Between two writes of a line of the ledger that only grows longer.
const WRITE_EVERY_MS: i64 = 60_000;
/// Between two frames because of changes in a cluster: many changes a second must not keep everybody busy.
const FRAME_EVERY: Duration = Duration::from_millis(250);

pub(super) struct Inspect {
    state: Arc<State>,
    outbox: Outbox,
    looked: BTreeMap<ClusterId, Looked>,
    asked: BTreeMap<ClusterId, Asked>,
    /// When each line of the ledger was written last, Unix ms.
    written: BTreeMap<WorkloadId, (i64, i64)>,
    /// When a frame was asked for last; in the future while one is owed.
    told_at: tokio::time::Instant,
}

/// What was there at the last round.
struct Looked {
    seq: u64,
    namespaces: BTreeMap<Arc<str>, Arc<NamespaceObjects>>,
    all_at_ms: i64,
}

impl Inspect {
    pub(super) fn new(state: Arc<State>) -> Self {
        Self {
            state,
            outbox: Outbox::default(),
            looked: BTreeMap::new(),
            asked: BTreeMap::new(),
            written: BTreeMap::new(),
            told_at: tokio::time::Instant::now(),
        }
    }

    /// The board of one cluster as it is now; `None` where nothing is to be done.
    async fn look_at(&mut self, cluster: &Arc<dyn Cluster>, now_ms: i64) -> Option<Arc<ClusterBoard>> {
        let look = cluster.look();
        let before = self.state.board.read().0.get(cluster.id()).cloned();
        let looked = self.looked.get(cluster.id());
        let all = looked.is_none_or(|l| now_ms - l.all_at_ms >= ALL_EVERY_MS || now_ms < l.all_at_ms);
        if looked.is_some_and(|l| l.seq == look.seq) && !all {
            return None;
        }
        let is_up = look.state == SourceState::Up;
        let changed: Vec<Arc<str>> = look
            .namespaces
            .iter()
            .filter(|(name, now)| {
                all || looked
                    .and_then(|l| l.namespaces.get(*name))
                    .is_none_or(|then| !Arc::ptr_eq(then, now))
            })
            .map(|(name, _)| name.clone())
            .collect();
        let all_at_ms = looked.map_or(now_ms, |l| if all { now_ms } else { l.all_at_ms });
        self.looked.insert(
            cluster.id().clone(),
            Looked {
                seq: look.seq,
                namespaces: look.namespaces.clone(),
                all_at_ms,
            },
        );
        let begun = (cluster.clone(), before.clone(), look);
        let made = tokio::task::spawn_blocking(move || board(begun.0.as_ref(), begun.1.as_deref(), begun.2, &changed, now_ms)).await;
        let Ok((mut made, questions)) = made else {
            tracing::error!(cluster = %cluster.id(), "the inspection of a cluster panicked");
            return None;
        };
        if let Some(all) = self
            .asked
            .entry(cluster.id().clone())
            .or_default()
            .after(&made.look.namespaces, questions)
        {
            cluster.want(all);
        }
        if is_up {
            self.tell_changes(before.as_deref(), &mut made, now_ms);
            if self.leads() {
                self.write_down(&made, now_ms);
            }
        }
        Some(Arc::new(made))
    }

    /// Asks for a frame: at once, or as soon as one is due again, so that the last of many changes is not left to the clock.
    fn tell(&mut self) {
        let now = tokio::time::Instant::now();
        if self.told_at > now {
            return;
        }
        self.told_at = now.max(self.told_at + FRAME_EVERY);
        let (state, due) = (self.state.clone(), self.told_at);
        if due == now {
            state.collect_now.notify_one();
            return;
        }
        tokio::spawn(async move {
            tokio::time::sleep_until(due).await;
            state.collect_now.notify_one();
        });
    }

    /// Every console looks; the one that leads keeps what was seen.
    fn leads(&self) -> bool {
        self.state.fence().is_some()
    }

    /// Lines of the ledger that are new, and those that have grown for a while.
    fn write_down(&mut self, board: &ClusterBoard, now_ms: i64) {
        for span in board.objects.values().filter_map(|inspected| inspected.last.as_ref()) {
            let written = self.written.get(&span.workload);
            if written.is_none_or(|(line, at_ms)| *line != span.from_ms || now_ms - at_ms >= WRITE_EVERY_MS) {
                self.written.insert(span.workload.clone(), (span.from_ms, now_ms));
                self.outbox.line(DecisionSpan::clone(span));
            }
        }
        if self.written.len() > board.objects.len() * 2 + 1_000 {
            self.written.retain(|_, (_, at_ms)| now_ms - *at_ms < 10 * WRITE_EVERY_MS);
        }
    }
}

/// What is made of the look: namespaces that changed anew, with what they ask for, the others as they were.
fn board(
    cluster: &dyn Cluster,
    before: Option<&ClusterBoard>,
    look: ClusterLook,
    changed: &[Arc<str>],
    now_ms: i64,
) -> (ClusterBoard, Vec<Questions>) {
    let none = BTreeMap::new();
    let known = before.map_or(&none, |before| &before.objects);
    let mut objects: BTreeMap<ObjectRef, Arc<Inspected>> = known
        .iter()
        .filter(|(object, _)| look.namespaces.contains_key(object.namespace.as_str()) && !changed.iter().any(|n| **n == *object.namespace))
        .map(|(object, inspected)| (object.clone(), inspected.clone()))
        .collect();
    let inputs = Inputs {
        cluster: cluster.id(),
        before: known,
        now_ms,
    };
    let mut asked = Vec::new();
    for name in changed {
        let Some((name, namespace)) = look.namespaces.get_key_value(name) else {
            continue;
        };
        let space = Space::new(&look, name, namespace);
        asked.push((name.clone(), questions(&space)));
        objects.extend(
            inspect(&space, inputs)
                .into_iter()
                .map(|(object, inspected)| (object, Arc::new(inspected))),
        );
    }
    (ClusterBoard::new(cluster, look, objects), asked)
}

impl Loop for Inspect {
    const NAME: &'static str = "inspect";

    fn wake(state: &State) -> Option<&Notify> {
        Some(&state.inspect_now)
    }

    async fn round(&mut self) -> Result<(), String> {
        let state = self.state.clone();
        let now_ms = state.now_ms();
        let mut made = Vec::new();
        for cluster in &state.ports.clusters {
            made.extend(self.look_at(cluster, now_ms).await);
        }
        if !made.is_empty() {
            let mut board = Board::clone(&state.board.read());
            board.0.extend(made.into_iter().map(|made| (made.status.id.clone(), made)));
            *state.board.write() = Arc::new(board);
            self.tell();
        }
        if !self.leads() {
            return Ok(());
        }
        match self.outbox.write(state.ports.fenced.ledger.as_ref()).await {
            // An empty batch: the record loop reads what was just written.
            Ok(true) => _ = state.to_record.try_send(Vec::new()),
            Ok(false) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
