use std::sync::Arc;

use crate::{
    plan::Pool,
    state::{InFlight, Outcome, monotonic_s},
};

/// A request's place on an instance. Whoever picks next learns of it, and of its end.
#[derive(Debug)]
pub(super) struct Seat {
    pool: Arc<Pool>,
    member: usize,
    /// `None` only while it is given up.
    in_flight: Option<InFlight>,
    /// For the head of the answer.
    is_waiting: bool,
}

impl Seat {
    pub(super) fn take(pool: Arc<Pool>, member: usize) -> Self {
        let state = &pool.members[member].state;
        let in_flight = Some(state.tally.enter());
        state.responses.asked(monotonic_s());
        pool.changed(member);
        Self {
            pool,
            member,
            in_flight,
            is_waiting: true,
        }
    }

    /// The instance has answered, or has failed to.
    pub(super) fn heard(&mut self) {
        self.done_waiting(true);
    }

    fn done_waiting(&mut self, heard: bool) {
        if std::mem::replace(&mut self.is_waiting, false) {
            let responses = &self.pool.members[self.member].state.responses;
            responses.done_waiting(heard, monotonic_s());
        }
    }

    pub(super) fn record(&self, outcome: Outcome) {
        if let Some(in_flight) = &self.in_flight {
            in_flight.tally().record(outcome);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.in_flight = None;
        self.done_waiting(false);
        self.pool.changed(self.member);
    }
}
