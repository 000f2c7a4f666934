//! One request on its way: its pool, its attempts, its clock, and how it is counted in the end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderValue;
use pingora_core::upstreams::peer::HttpPeer;

use super::upgrade::Handshake;
use crate::{
    algorithm::Request,
    plan::{Member, Pool, Tried},
    serve::Connection,
    state::{InFlight, Outcome, monotonic_s},
};

/// Pingora's per-request context. Dropping it, whatever the reason, takes the request out of every in-flight number.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(super) connection: Option<Arc<Connection>>,
    started: Instant,
    /// When the last byte of the body came in; the latency counts from there.
    body_complete: Option<Instant>,
    routed: Option<Routed>,
    /// The request asks for an upgrade.
    pub(super) upgrade: bool,
}

/// What exists once a route is found.
#[derive(Debug)]
struct Routed {
    pool: Arc<Pool>,
    in_flight: InFlight,
    attempt: Option<Attempt>,
    tried: Tried,
    attempts: usize,
    unserved: bool,
}

#[derive(Debug)]
struct Attempt {
    member: usize,
    seat: Seat,
    started: Instant,
    /// Whether it failed, once that is known: with the head of the answer, or when there is none.
    failed: Option<bool>,
    handshake: Option<Handshake>,
    /// The connect was tried; a second `peer` call means that this attempt failed.
    begun: bool,
}

/// A request's place on an instance. Whoever picks next learns of it, and of its end.
#[derive(Debug)]
struct Seat {
    pool: Arc<Pool>,
    member: usize,
    /// `None` only while it is given up.
    in_flight: Option<InFlight>,
}

impl Seat {
    fn take(pool: Arc<Pool>, member: usize) -> Self {
        let in_flight = Some(pool.members[member].state.tally.enter());
        pool.changed(member);
        Self { pool, member, in_flight }
    }

    fn record(&self, outcome: Outcome) {
        if let Some(in_flight) = &self.in_flight {
            in_flight.tally().record(outcome);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.in_flight = None;
        self.pool.changed(self.member);
    }
}

impl Exchange {
    pub(super) fn new(connection: Option<Arc<Connection>>) -> Self {
        Self {
            connection,
            started: Instant::now(),
            body_complete: None,
            routed: None,
            upgrade: false,
        }
    }

    /// Binds the request to a pool and picks its first instance; `false` when there is none.
    pub(super) fn enter(&mut self, pool: Arc<Pool>, request: &Request<'_>) -> bool {
        let mut routed = Routed {
            in_flight: pool.state.tally.enter(),
            pool,
            attempt: None,
            tried: Tried::default(),
            attempts: 0,
            unserved: false,
        };
        let served = routed.choose(request);
        routed.unserved = !served;
        self.routed = Some(routed);
        served
    }

    /// Where to connect to now: the instance picked on entering, or another one after a failure. `None` when nobody is left.
    pub(super) fn peer(&mut self, request: &Request<'_>) -> Option<Box<HttpPeer>> {
        let routed = self.routed.as_mut()?;
        if routed.attempt.as_ref().is_none_or(|attempt| attempt.begun) {
            routed.settle_failed();
            if !routed.choose(request) {
                return None;
            }
        }
        let attempt = routed.attempt.as_mut()?;
        attempt.begun = true;
        let mut peer = Box::new(routed.pool.members[attempt.member].peer.clone());
        if self.upgrade {
            // In a group of its own and not kept, so that every upgrade has a fresh connection, made by the handshake.
            peer.group_key = 1;
            peer.options.idle_timeout = Some(Duration::ZERO);
            attempt.handshake = Some(Handshake::begin(&mut peer.options));
        }
        Some(peer)
    }

    pub(super) fn attempts(&self) -> usize {
        self.routed.as_ref().map_or(0, |routed| routed.attempts)
    }

    /// Whether a further attempt would meet an instance that this request has not tried.
    pub(super) fn has_another(&self) -> bool {
        self.routed.as_ref().is_some_and(|routed| routed.pool.has_another(&routed.tried))
    }

    pub(super) fn served_by(&self) -> Option<&HeaderValue> {
        let routed = self.routed.as_ref()?;
        let attempt = routed.attempt.as_ref()?;
        Some(&routed.pool.members[attempt.member].served_by)
    }

    /// The head of the instance's answer is here.
    pub(super) fn answered(&mut self, status: u16) {
        if let Some(handshake) = self.handshake() {
            handshake.set_answered();
        }
        if let Some(routed) = &mut self.routed {
            routed.judge_attempt(status >= 500, self.body_complete);
        }
    }

    pub(super) fn handshake_timed_out(&self) -> bool {
        self.handshake().is_some_and(Handshake::timed_out)
    }

    fn handshake(&self) -> Option<&Handshake> {
        self.routed.as_ref()?.attempt.as_ref()?.handshake.as_ref()
    }

    /// The request's body is in. A retry sends it again; only the first time counts.
    pub(super) fn body_complete(&mut self) {
        self.body_complete.get_or_insert_with(Instant::now);
    }

    pub(super) fn latency(&self) -> Duration {
        self.body_complete.unwrap_or(self.started).elapsed()
    }

    /// Counts the request and its last attempt. Called once, when the answer is out or the failure is final.
    pub(super) fn settle(&mut self, outcome: Outcome) {
        let Some(mut routed) = self.routed.take() else {
            return;
        };
        if routed.unserved {
            routed.pool.state.record_unserved();
            return;
        }
        routed.in_flight.tally().record(outcome);
        if outcome.failed {
            routed.judge_attempt(true, None);
        }
        let Some(attempt) = routed.attempt else {
            return;
        };
        attempt.seat.record(outcome);
        if let Some(latency) = outcome.latency {
            // An instance that left the plan meanwhile has handed its latencies to the pool.
            if !routed.pool.members[attempt.member].state.latencies.record(latency) {
                routed.pool.state.former.record(latency);
            }
        }
    }

    pub(super) fn member(&self) -> Option<(&Pool, &Member)> {
        let routed = self.routed.as_ref()?;
        let attempt = routed.attempt.as_ref()?;
        Some((&routed.pool, &routed.pool.members[attempt.member]))
    }
}

impl Routed {
    /// Somebody new if possible; else, as a connection may break without its instance being gone, anybody.
    fn choose(&mut self, request: &Request<'_>) -> bool {
        let picked = self.pool.pick(&self.tried, request);
        let picked = picked.or_else(|| self.pool.pick(&Tried::default(), request));
        self.attempt = picked.map(|member| {
            self.tried.add(member);
            self.attempts += 1;
            Attempt {
                member,
                seat: Seat::take(self.pool.clone(), member),
                started: Instant::now(),
                failed: None,
                handshake: None,
                begun: false,
            }
        });
        self.attempt.is_some()
    }

    /// How the present attempt went. The head of an answer says so first; an answer that breaks after it has failed all the same. The
    /// time counts from when the request was there in whole: a slow client is not the instance's fault.
    fn judge_attempt(&mut self, failed: bool, body_complete: Option<Instant>) {
        let Some(attempt) = self.attempt.as_mut() else { return };
        if attempt.failed.is_some_and(|before| before || !failed) {
            return;
        }
        attempt.failed = Some(failed);
        let times = &self.pool.members[attempt.member].state.responses;
        if failed {
            times.failed(monotonic_s());
        } else {
            let asked = body_complete.map_or(attempt.started, |complete| complete.max(attempt.started));
            times.answered(asked.elapsed(), monotonic_s());
        }
        self.pool.judge(attempt.member, failed);
    }

    fn settle_failed(&mut self) {
        self.judge_attempt(true, None);
        if let Some(attempt) = self.attempt.take() {
            attempt.seat.record(Outcome {
                failed: true,
                ..Outcome::default()
            });
        }
    }
}
