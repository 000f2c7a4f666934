//! A listener's stream of frames.

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use model::{FrameId, Snapshot, ViewKey};
use tokio::sync::watch;

use super::frame::{Has, build, serialise};
use crate::state::State;

/// A serialised [`model::Frame`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveFrame {
    pub id: FrameId,
    /// JSON without line breaks.
    pub json: Bytes,
}

/// Frames as they come; ends when the console stops. A slow reader skips frames and finds what it missed in the next one's tail.
pub type LiveStream = Pin<Box<dyn Stream<Item = LiveFrame> + Send>>;

struct Listener {
    state: Arc<State>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    key: ViewKey,
    has: Has,
}

pub(crate) fn stream(state: Arc<State>, key: ViewKey, after: Option<FrameId>) -> LiveStream {
    let mut snapshots = state.snapshot.subscribe();
    let newest = snapshots.borrow().seq;
    let has = match after {
        None => Has::Nothing,
        Some(id) if id.boot == state.boot && id.seq <= newest => Has::Snapshot(id.seq),
        Some(_) => Has::Old,
    };
    if has != Has::Snapshot(newest) {
        snapshots.mark_changed();
    }
    let listener = Listener {
        state,
        snapshots,
        key,
        has,
    };
    stream::unfold(listener, |mut listener| async move {
        let state = listener.state.clone();
        tokio::select! {
            () = state.stop.cancelled() => None,
            changed = listener.snapshots.changed() => {
                changed.ok()?;
                Some((listener.next(), listener))
            }
        }
    })
    .boxed()
}

impl Listener {
    fn next(&mut self) -> LiveFrame {
        let snapshot = self.snapshots.borrow_and_update().clone();
        let id = FrameId {
            boot: self.state.boot,
            seq: snapshot.seq,
        };
        let steady = self.has == Has::Snapshot(snapshot.seq.saturating_sub(1));
        let json = if steady {
            let make = || serialise(&build(&self.state, &snapshot, &self.key, Has::Previous));
            self.state.frames.get(&self.key, snapshot.seq, make)
        } else {
            serialise(&build(&self.state, &snapshot, &self.key, self.has))
        };
        self.has = Has::Snapshot(snapshot.seq);
        LiveFrame { id, json }
    }
}
