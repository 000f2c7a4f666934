//! Several consoles on one database: who leads, and what a follower hears of the leader.
//!
//! ```text
//!  leader    observes everything ─► snapshot ─► its pages, history, journal
//!                                      │ once a second
//!  follower  observes what it reaches  ▼      while the leader is heard, its snapshot is shown; what was seen here lies ready for the
//!            ───────────────────────► collect  moment in which this console leads, or nobody does
//! ```

use std::{sync::Arc, time::Duration};

use model::{Snapshot, SourceId, SourceState, SourceStatus};
use tokio::{sync::watch, time::Instant};

use crate::{Control, decide::lead::Standing, ports::Fence, state::State};

/// What the leader said last counts for so long: from then on a follower shows what it sees itself.
const FRESH_FOR: Duration = Duration::from_secs(3);

/// Names the leader as a source.
pub(crate) const LEADER: &str = "leader";

/// What a follower heard.
#[derive(Debug, Default)]
pub struct Heard {
    newest: Option<(Instant, Arc<Snapshot>)>,
    answered_at_ms: Option<i64>,
    /// Since when, Unix ms, and why.
    silent: Option<(i64, String)>,
}

/// Where a console stands, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leadership {
    /// It shares its database with nobody.
    Alone,
    Leads {
        name: String,
    },
    Follows {
        leader: String,
    },
    /// Nobody acts, for all it knows.
    Unknown {
        why: String,
    },
}

impl State {
    /// The leader's newest snapshot, while another console leads and is heard.
    pub(crate) fn followed(&self) -> Option<Arc<Snapshot>> {
        if !matches!(*self.standing.borrow(), Standing::Follows { .. }) {
            return None;
        }
        let heard = self.heard.lock();
        let (at, snapshot) = heard.newest.as_ref()?;
        (at.elapsed() < FRESH_FOR).then(|| snapshot.clone())
    }

    /// The leader as a source of what is shown; absent where none is followed.
    pub(crate) fn leader_source(&self, since_ms: i64) -> Option<SourceStatus> {
        let (name, state) = {
            let heard = self.heard.lock();
            match &*self.standing.borrow() {
                Standing::Leads { .. } => return None,
                Standing::Follows { leader } => {
                    let state = match (&heard.silent, &heard.newest) {
                        (Some((since_ms, why)), _) => SourceState::Down {
                            since_ms: *since_ms,
                            why: why.clone(),
                        },
                        (None, Some(_)) => SourceState::Up,
                        (None, None) => SourceState::Waiting { since_ms },
                    };
                    (format!("leading console {}", leader.name), state)
                }
                Standing::Unknown { why } => {
                    let (since_ms, why) = heard.silent.clone().unwrap_or((since_ms, why.clone()));
                    ("leading console".to_owned(), SourceState::Down { since_ms, why })
                }
            }
        };
        Some(SourceStatus {
            id: SourceId::new(LEADER).expect("a constant name is valid"),
            what: name,
            state,
            answered_at_ms: self.heard.lock().answered_at_ms,
            took_us: 0,
        })
    }
}

impl Control {
    /// Where this console stands, and every change of it.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.state.standing.subscribe()
    }

    /// What it may act by at this very moment.
    pub fn fence(&self) -> Option<Fence> {
        self.state.fence()
    }

    /// For people.
    pub fn leadership(&self) -> Leadership {
        if !self.state.is_shared() {
            return Leadership::Alone;
        }
        match &*self.state.standing.borrow() {
            Standing::Leads { .. } if self.fence().is_some() => Leadership::Leads {
                name: self.state.candidate.name.clone(),
            },
            Standing::Leads { .. } => Leadership::Unknown {
                why: "the lease has run out".to_owned(),
            },
            Standing::Follows { leader } => Leadership::Follows {
                leader: leader.name.clone(),
            },
            Standing::Unknown { why } => Leadership::Unknown { why: why.clone() },
        }
    }

    /// Everything that is seen, for the consoles that follow this one. Whoever asks has to prove to be one.
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.state.snapshot.subscribe()
    }

    /// What the leader sees.
    pub fn hear(&self, snapshot: Snapshot) {
        let now_ms = self.state.now_ms();
        {
            let mut heard = self.state.heard.lock();
            heard.newest = Some((Instant::now(), Arc::new(snapshot)));
            heard.answered_at_ms = Some(now_ms);
            heard.silent = None;
        }
        self.state.collect_now.notify_one();
    }

    /// The leader is not heard, in words.
    pub fn lost_leader(&self, why: String) {
        let now_ms = self.state.now_ms();
        let mut heard = self.state.heard.lock();
        let since_ms = heard.silent.as_ref().map_or(now_ms, |(since_ms, _)| *since_ms);
        heard.silent = Some((since_ms, why));
    }

    /// Another one leads, or nobody: what was heard of the one before says nothing of the next.
    pub fn new_leader(&self) {
        *self.state.heard.lock() = Heard::default();
    }
}
