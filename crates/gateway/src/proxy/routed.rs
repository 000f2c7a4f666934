//! A request in its pool: which instances it tries, and how each attempt went.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use model::Guard;

use super::{seat::Seat, upgrade::Handshake};
use crate::{
    affinity::Known,
    algorithm::{Request, Sketch},
    plan::{Pool, Tried},
    receipt::Draft,
    state::{InFlight, Outcome, Pass, monotonic_s},
};

/// Picks that are repeated because a half-open breaker had no place left after all.
const MAX_LOST_PLACES: usize = 3;

/// What exists once a route is found.
#[derive(Debug)]
pub(super) struct Routed {
    pub(super) pool: Arc<Pool>,
    pub(super) in_flight: InFlight,
    pub(super) attempt: Option<Attempt>,
    pub(super) tried: Tried,
    pub(super) attempts: usize,
    /// Through the pool's breaker.
    pub(super) pass: Pass,
    pub(super) known: Option<Known>,
}

#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) member: usize,
    pub(super) seat: Seat,
    /// Through the instance's breaker.
    pub(super) pass: Pass,
    pub(super) started: Instant,
    /// Whether it failed, once that is known: with the head of the answer, or when there is none.
    pub(super) failed: Option<bool>,
    pub(super) handshake: Option<Handshake>,
    /// It is given up before the gateway's own time-out, because there are others.
    pub(super) is_impatient: bool,
    /// The connect was tried; a second `peer` call means that this attempt failed.
    pub(super) begun: bool,
}

impl Routed {
    /// Somebody new if possible; else, as a connection may break without its instance being gone, anybody.
    pub(super) fn choose(&mut self, request: &Request<'_>, mut draft: Option<&mut Draft>) -> bool {
        self.attempt = None;
        // Whoever is picked may have given its breaker's last place to another request a moment ago.
        for _ in 0..=MAX_LOST_PLACES {
            let picked = match draft.as_deref_mut() {
                Some(draft) => self.pick_noted(request, draft).map(|sketch| (sketch.picked, Some(sketch))),
                None => self.pick(request).map(|member| (member, None)),
            };
            let Some((member, sketch)) = picked else {
                if let Some(draft) = draft {
                    draft.verdict(Guard::InstanceBreaker, false, "no instance takes requests");
                }
                break;
            };
            let pass = self.pool.enter_member(member);
            self.tried.add(member);
            if let (Some(draft), Some(sketch)) = (draft.as_deref_mut(), sketch) {
                draft.picked(&self.pool.members[member].state.id, sketch);
                if pass.is_none() {
                    draft.failed("its breaker had no place left");
                }
            }
            if let Some(pass) = pass {
                self.attempts += 1;
                self.attempt = Some(Attempt {
                    member,
                    seat: Seat::take(self.pool.clone(), member),
                    pass,
                    started: Instant::now(),
                    failed: None,
                    handshake: None,
                    is_impatient: false,
                    begun: false,
                });
                break;
            }
        }
        self.attempt.is_some()
    }

    fn pick(&self, request: &Request<'_>) -> Option<usize> {
        let pinned = self.known.as_ref().and_then(|known| known.instance.as_ref());
        pinned
            .and_then(|instance| self.pool.pinned(instance, &self.tried))
            .or_else(|| self.pool.pick(&self.tried, request))
            .or_else(|| self.pool.pick(&Tried::default(), request))
    }

    /// [`Routed::pick`], with what it went by.
    fn pick_noted(&self, request: &Request<'_>, draft: &mut Draft) -> Option<Sketch> {
        if let Some(instance) = self.known.as_ref().and_then(|known| known.instance.as_ref()) {
            let pinned = self.pool.pinned(instance, &self.tried);
            let detail = match pinned {
                Some(_) => format!("comes back to {instance}"),
                None => format!("was with {instance}, which takes no requests"),
            };
            draft.verdict(Guard::Affinity, pinned.is_some(), detail);
            if let Some(member) = pinned {
                return Some(self.pool.pinned_noted(&self.tried, member));
            }
        }
        self.pool
            .pick_noted(&self.tried, request)
            .or_else(|| self.pool.pick_noted(&Tried::default(), request))
    }

    /// For how long the present attempt may be silent, when there is another instance to go to.
    pub(super) fn per_try(&self) -> Option<Duration> {
        let retry = &self.pool.plan.retry;
        let may = retry.per_try_ms > 0
            && self.attempts < retry.attempts as usize
            && self.pool.has_another(&self.tried)
            && self.pool.state.budget.has_room(retry.budget_percent);
        may.then(|| Duration::from_millis(retry.per_try_ms.into()))
    }

    /// How the present attempt went. The head of an answer says so first; an answer that breaks after it has failed all the same. The
    /// time counts from when the request was there in whole: a slow client is not the instance's fault.
    pub(super) fn judge_attempt(&mut self, failed: bool, body_complete: Option<Instant>) {
        let Some(attempt) = self.attempt.as_mut() else { return };
        if attempt.failed.is_some_and(|before| before || !failed) {
            return;
        }
        attempt.failed = Some(failed);
        attempt.seat.heard();
        let times = &self.pool.members[attempt.member].state.responses;
        if failed {
            times.failed(monotonic_s());
        } else {
            let asked = body_complete.map_or(attempt.started, |complete| complete.max(attempt.started));
            times.answered(asked.elapsed(), monotonic_s());
        }
        self.pool.judge(attempt.member, &mut attempt.pass, failed);
    }

    /// How the pool answered, as the client sees it. What an instance failed whose breaker is open already says nothing about the others.
    pub(super) fn judge_pool(&mut self, failed: bool) {
        let is_explained = || {
            let member = self.attempt.as_ref().map(|attempt| &self.pool.members[attempt.member]);
            member.is_some_and(|member| !member.state.breaker.is_calm())
        };
        if !(failed && is_explained()) {
            self.pool.judge_all(&mut self.pass, failed);
        }
    }

    /// The answer came in whole.
    pub(super) fn completed(&self) {
        if let Some(attempt) = &self.attempt {
            self.pool.members[attempt.member].state.completed();
        }
    }

    pub(super) fn settle_failed(&mut self) {
        self.judge_attempt(true, None);
        if let Some(attempt) = self.attempt.take() {
            attempt.seat.record(Outcome {
                failed: true,
                ..Outcome::default()
            });
        }
    }
}
