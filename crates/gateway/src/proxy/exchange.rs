//! One request on its way: its pool, its attempts, its clock, and how it is counted in the end.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderValue;
use model::Guard;
use pingora_core::upstreams::peer::HttpPeer;

use super::{reuse::Reusing, routed::Routed, trace::Trace, upgrade::Handshake};
use crate::{
    affinity::Known,
    algorithm::Request,
    plan::{Member, Pool, Tried},
    receipt::{Draft, Head},
    serve::Connection,
    state::{Outcome, Refusal},
};

/// Pingora's per-request context. Dropping it, whatever the reason, takes the request out of every in-flight number.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(super) connection: Option<Arc<Connection>>,
    /// Who asks: the connection's other end, or whom a trusted proxy there speaks for.
    pub(super) client: IpAddr,
    started: Instant,
    /// When the last byte of the body came in; the latency counts from there.
    body_complete: Option<Instant>,
    routed: Option<Routed>,
    /// The request asks for an upgrade.
    pub(super) upgrade: bool,
    pub(super) request_id: Option<HeaderValue>,
    pub(super) trace: Option<Trace>,
    /// How long the instance took to the head of its answer.
    answered_after: Option<Duration>,
    /// Of its body, so far.
    pub(super) body_bytes: u64,
    /// Written along, for requests that get one.
    pub(super) receipt: Option<Box<Draft>>,
    /// The gateway's own answer to a request that broke a limit on its way.
    pub(super) refused: Option<Refusal>,
    /// One answer for several requests.
    pub(super) reuse: Option<Reusing>,
    /// The pool's instances failed it, but an answer was kept.
    pub(super) rescued: Option<Outcome>,
}

/// For the access log.
#[derive(Debug)]
pub(super) struct Journey<'a> {
    pub(super) pool: Option<&'a str>,
    pub(super) instance: Option<&'a str>,
    pub(super) retries: usize,
    pub(super) instance_took: Option<Duration>,
}

impl Exchange {
    /// A connection always has a client, except in the tests of single phases.
    pub(super) fn new(connection: Option<Arc<Connection>>) -> Self {
        let client = connection.as_ref().map(|connection| connection.address());
        Self {
            client: client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            connection,
            started: Instant::now(),
            body_complete: None,
            routed: None,
            upgrade: false,
            request_id: None,
            trace: None,
            answered_after: None,
            body_bytes: 0,
            receipt: None,
            refused: None,
            reuse: None,
            rescued: None,
        }
    }

    pub(super) fn begin_receipt(&mut self, head: Head<'_>) {
        self.receipt = Some(Box::new(Draft::new(head, self.started)));
    }

    /// Writes into the receipt, if there is one.
    pub(super) fn note(&mut self, write: impl FnOnce(&mut Draft)) {
        if let Some(draft) = &mut self.receipt {
            write(draft);
        }
    }

    /// Binds the request to a pool and picks its first instance.
    pub(super) fn enter(&mut self, pool: Arc<Pool>, known: Option<Known>, request: &Request<'_>) -> Result<(), Refusal> {
        let entered = pool.enter();
        if pool.plan.breaker.failures > 0 || entered.is_none() {
            self.note(|draft| {
                draft.verdict(
                    Guard::PoolBreaker,
                    entered.is_some(),
                    if entered.is_some() { "lets pass" } else { "open" },
                );
            });
        }
        let Some(pass) = entered else {
            return Err(Refusal::Breaker);
        };
        let mut routed = Routed {
            in_flight: pool.state.tally.enter(),
            pool,
            attempt: None,
            tried: Tried::default(),
            attempts: 0,
            pass,
            known,
        };
        if !routed.choose(request, self.receipt.as_deref_mut()) {
            return Err(Refusal::Unserved);
        }
        self.routed = Some(routed);
        Ok(())
    }

    /// Where to connect to now: the instance picked on entering, or another one after a failure. `None` when nobody is left.
    ///
    /// `may_hurry`: the request is there in whole and can be sent again, so silence is the instance's and another one may be asked.
    pub(super) fn peer(&mut self, request: &Request<'_>, may_hurry: bool) -> Option<Box<HttpPeer>> {
        let routed = self.routed.as_mut()?;
        if routed.attempt.as_ref().is_none_or(|attempt| attempt.begun) {
            routed.settle_failed();
            if !routed.choose(request, self.receipt.as_deref_mut()) {
                return None;
            }
            routed.pool.state.budget.sent();
            // The body is sent again from its start.
            self.body_bytes = 0;
        }
        let per_try = routed.per_try().filter(|_| may_hurry && !self.upgrade);
        let attempt = routed.attempt.as_mut()?;
        attempt.begun = true;
        let mut peer = Box::new(routed.pool.members[attempt.member].peer.clone());
        if let Some(per_try) = per_try
            && peer.options.read_timeout.is_none_or(|limit| per_try < limit)
        {
            peer.options.read_timeout = Some(per_try);
            attempt.is_impatient = true;
        }
        if self.upgrade {
            // In a group of its own and not kept, so that every upgrade has a fresh connection, made by the handshake.
            peer.group_key = 1;
            peer.options.idle_timeout = Some(Duration::ZERO);
            attempt.handshake = Some(Handshake::begin(&mut peer, routed.pool.tls.clone()));
        }
        Some(peer)
    }

    /// Whether an instance was asked.
    pub(super) fn has_entered(&self) -> bool {
        self.routed.is_some()
    }

    /// Whether the policy allows one more attempt.
    pub(super) fn may_try_again(&self) -> bool {
        self.routed
            .as_ref()
            .is_some_and(|routed| routed.attempts < routed.pool.plan.retry.attempts as usize)
    }

    /// Whether a further attempt would meet an instance that this request has not tried.
    pub(super) fn has_another(&self) -> bool {
        self.routed.as_ref().is_some_and(|routed| routed.pool.has_another(&routed.tried))
    }

    /// Takes a retry from the pool's budget; else the reason why there is none.
    pub(super) fn retry_verdict(&self, is_safe: bool) -> Result<(), &'static str> {
        let Some(routed) = self.routed.as_ref().filter(|_| is_safe) else {
            return Err("not safe to repeat");
        };
        if !self.may_try_again() {
            return Err("no attempts left");
        }
        if !routed.pool.state.budget.spend(routed.pool.plan.retry.budget_percent) {
            return Err("the retry budget is used up");
        }
        Ok(())
    }

    /// Whether the present attempt was to be given up early.
    pub(super) fn is_impatient(&self) -> bool {
        self.routed
            .as_ref()
            .and_then(|routed| routed.attempt.as_ref())
            .is_some_and(|attempt| attempt.is_impatient)
    }

    /// Most bytes of a body that the pool takes.
    pub(super) fn body_limit(&self) -> Option<u64> {
        let limit = self.routed.as_ref()?.pool.plan.limits.body_bytes;
        (limit > 0).then_some(limit.into())
    }

    /// Remembers who served the client, for the next time. Returns the cookie that tells it.
    pub(super) fn pin(&self) -> Option<HeaderValue> {
        let routed = self.routed.as_ref()?;
        let (affinity, known) = (routed.pool.affinity.as_ref()?, routed.known.as_ref()?);
        let member = &routed.pool.members[routed.attempt.as_ref()?.member];
        if let Some(before) = known.instance.as_ref().filter(|before| **before != member.state.id) {
            routed.pool.state.moved_from(before);
        }
        let cookie = affinity.served(known, &member.state)?;
        HeaderValue::from_str(&cookie).ok()
    }

    pub(super) fn served_by(&self) -> Option<&HeaderValue> {
        let routed = self.routed.as_ref()?;
        let attempt = routed.attempt.as_ref()?;
        Some(&routed.pool.members[attempt.member].served_by)
    }

    /// How long the instance has had the request.
    pub(super) fn instance_took(&self) -> Duration {
        let started = self
            .routed
            .as_ref()
            .and_then(|routed| routed.attempt.as_ref())
            .map(|attempt| attempt.started);
        started.map_or(Duration::ZERO, |started| {
            self.body_complete.map_or(started, |complete| complete.max(started)).elapsed()
        })
    }

    pub(super) fn since_start(&self) -> Duration {
        self.started.elapsed()
    }

    /// The head of the instance's answer is here.
    pub(super) fn answered(&mut self, status: u16) {
        if let Some(handshake) = self.handshake() {
            handshake.set_answered();
        }
        self.note(|draft| draft.answered(status));
        self.answered_after = Some(self.instance_took());
        if let Some(routed) = &mut self.routed {
            let failed = status >= 500;
            routed.judge_attempt(failed, self.body_complete);
            // A tunnel or a long answer does not keep the pool's breaker waiting for its end.
            routed.judge_pool(failed);
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
        if let Some(refusal) = self.refused {
            routed.pool.state.refused(refusal);
            return;
        }
        routed.in_flight.tally().record(self.rescued.unwrap_or(outcome));
        if outcome.failed {
            routed.judge_attempt(true, None);
            routed.judge_pool(true);
        } else if outcome.status.is_some_and(|status| status < 500) {
            routed.completed();
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

    /// Where the request went.
    pub(super) fn journey(&self) -> Journey<'_> {
        let routed = self.routed.as_ref();
        Journey {
            pool: routed.map(|routed| routed.pool.id().as_str()),
            instance: self.member().map(|(_, member)| member.state.id.as_str()),
            retries: routed.map_or(0, |routed| routed.attempts.saturating_sub(1)),
            instance_took: self.answered_after,
        }
    }

    pub(super) fn member(&self) -> Option<(&Pool, &Member)> {
        let routed = self.routed.as_ref()?;
        let attempt = routed.attempt.as_ref()?;
        Some((&routed.pool, &routed.pool.members[attempt.member]))
    }
}

impl Drop for Exchange {
    /// A request that was cut on its way, as those of HTTP/2 are when their bodies do not come, has been there all the same.
    fn drop(&mut self) {
        if self.routed.is_none() {
            return;
        }
        if let Some(connection) = &self.connection {
            connection.cancel();
        }
        self.settle(Outcome::default());
    }
}
