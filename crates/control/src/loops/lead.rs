//! The lead loop: takes the lease and renews it. Everything that must not happen twice goes by what it finds.

use std::{sync::Arc, time::Duration};

use model::{Actor, EventKind, NewEvent, Severity};
use tokio::time::{Instant, timeout};

use crate::{
    decide::lead::{Standing, TTL, ask_again_in},
    ports::Fence,
    state::State,
};

/// A database that takes longer has not answered: the lease would run out meanwhile.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

pub(super) struct Lead {
    state: Arc<State>,
    /// The fence that the journal was told of.
    told: Option<Fence>,
}

impl Lead {
    pub(super) const fn new(state: Arc<State>) -> Self {
        Self { state, told: None }
    }

    /// Until the console stops; the lease is given up when the other loops have ended.
    pub(super) async fn run(&mut self, state: &State) {
        loop {
            let wait = self.round().await;
            tokio::select! {
                () = state.stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// When to ask again.
    pub(super) async fn round(&mut self) -> Duration {
        let state = &self.state;
        let (us, started) = (&state.candidate, Instant::now());
        let asked = state.ports.clock.awake_or_not();
        let answer = timeout(ANSWER_WITHIN, state.ports.lease.take(us, TTL)).await;
        let late = |_| format!("the database does not answer within {} s", ANSWER_WITHIN.as_secs());
        let answer = answer.map_err(late).and_then(|taken| taken.map_err(|e| e.to_string()));
        let wait = ask_again_in(answer.as_ref().map_err(Clone::clone), &us.id);
        let now = state.ports.clock.awake_or_not();
        let before = state.standing.borrow().clone();
        let after = before.after(&us.id, asked, now, answer.as_ref().map_err(Clone::clone));
        state.ports.fence.set(after.leads(now));
        state.standing.send_replace(after.clone());
        if state.is_shared() {
            self.tell(&before, &after, now);
            let outcome = answer.map(|_| ());
            self.state.statuses.ran("lead", self.state.now_ms(), started.elapsed(), outcome);
        }
        wait
    }

    /// Changes alone are worth a word.
    fn tell(&mut self, before: &Standing, after: &Standing, now: Duration) {
        let name = &self.state.candidate.name;
        match after {
            Standing::Leads { fence, .. } if self.told != Some(*fence) => {
                self.told = Some(*fence);
                tracing::info!(%fence, "this console leads");
                let event = NewEvent {
                    at_ms: self.state.now_ms(),
                    kind: EventKind::LeaderChanged,
                    severity: Severity::Info,
                    pool: None,
                    instance: None,
                    summary: format!("{name} leads the consoles"),
                    cause: match before {
                        Standing::Follows { leader } => format!("{} let go of the lease, or it ran out; fence {fence}", leader.name),
                        _ => format!("nobody held the lease; fence {fence}"),
                    },
                    actor: Actor::system("lead loop"),
                };
                if self.state.to_record.try_send(vec![event]).is_err() {
                    tracing::warn!("the new leader could not be told to the journal");
                }
            }
            Standing::Follows { leader } if !matches!(before, Standing::Follows { leader: same } if same == leader) => {
                let address = leader.address.as_deref().unwrap_or("no address");
                tracing::info!(leader = leader.name, address, "this console follows");
            }
            Standing::Unknown { why } if before.leads(now).is_none() && !matches!(before, Standing::Unknown { .. }) => {
                tracing::warn!(why, "nobody knows who leads: this console does not act");
            }
            _ => {}
        }
    }
}
