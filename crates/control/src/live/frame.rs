//! One frame: a view of a snapshot and the values since the receiver's last one.

use std::collections::HashMap;

use bytes::Bytes;
use model::{Frame, FrameId, Snapshot, Tail, ViewKey};
use parking_lot::Mutex;

use crate::{state::State, views};

/// Seconds that a listener who was away is sent one by one; beyond that it fetches the series again.
pub(super) const RESUME_ROWS: usize = 300;

/// Seconds that a new listener is sent, so that nothing is missing between the page's own series and the first frame.
const FIRST_ROWS: usize = 10;

/// The serialised frame of each view for the newest snapshot.
#[derive(Default)]
pub(crate) struct FrameCache {
    frames: Mutex<HashMap<ViewKey, (u64, Bytes)>>,
}

impl FrameCache {
    /// The shared frame of the view; `make` runs once per snapshot and view.
    pub(super) fn get(&self, key: &ViewKey, seq: u64, make: impl FnOnce() -> Bytes) -> Bytes {
        let mut frames = self.frames.lock();
        match frames.get(key) {
            Some((cached, bytes)) if *cached == seq => bytes.clone(),
            _ => {
                // Views nobody listens to any more go with their snapshot.
                frames.retain(|_, (cached, _)| *cached + 1 >= seq);
                let bytes = make();
                frames.insert(key.clone(), (seq, bytes.clone()));
                bytes
            }
        }
    }
}

/// What the receiver has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Has {
    /// The snapshot before: it needs the newest row.
    Previous,
    /// This one of this run: it needs what came after.
    Snapshot(u64),
    /// A frame of an earlier run of the console, or one too long ago.
    Old,
    /// Nothing yet.
    Nothing,
}

/// The frame of a view for a receiver.
pub(super) fn build(state: &State, snapshot: &Snapshot, key: &ViewKey, has: Has) -> Frame {
    let keys = views::series_of(key, snapshot);
    let tail = {
        let ring = state.ring.read();
        let reset = || Tail {
            reset: true,
            ..ring.newest(&keys, 1)
        };
        match has {
            Has::Previous if ring.is_anew() => reset(),
            Has::Previous => ring.newest(&keys, 1),
            Has::Snapshot(seq) => ring.tail(&keys, seq, RESUME_ROWS).unwrap_or_else(reset),
            Has::Old => reset(),
            Has::Nothing => ring.newest(&keys, FIRST_ROWS),
        }
    };
    Frame {
        id: FrameId {
            boot: state.boot,
            seq: snapshot.seq,
        },
        at_ms: snapshot.at_ms,
        view: state.with_facts(snapshot, |facts| views::build(key, facts)),
        tail,
    }
}

/// The view as it is now, for a first paint: without a tail, the page brings its own series.
pub(crate) fn current(state: &State, key: &ViewKey) -> Frame {
    let snapshot = state.snapshot.borrow().clone();
    Frame {
        id: FrameId {
            boot: state.boot,
            seq: snapshot.seq,
        },
        at_ms: snapshot.at_ms,
        view: state.with_facts(&snapshot, |facts| views::build(key, facts)),
        tail: Tail::default(),
    }
}

pub(super) fn serialise(frame: &Frame) -> Bytes {
    serde_json::to_vec(frame)
        .expect("a frame has string keys and finite numbers only")
        .into()
}
