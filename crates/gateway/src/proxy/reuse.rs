//! Requests that are given an answer which was fetched for another one.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use model::{Guard, ReusePolicy};
use pingora_error::Result;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;

use super::{
    Exchange, Proxy,
    admit::{Refused, admit, check_limits, enter},
    answer::Answer,
    forward, identity,
    request::authority,
};
use crate::{
    plan::{Pool, Way},
    reuse::{Awaited, Key, Lead, Recorder, Seen, SharedAnswer},
    state::{Outcome, Refusal, Reuse},
};

/// RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How often a request waits for another one that breaks off, until it asks itself.
const ROUNDS: usize = 3;

/// Of a body, in one piece: the limit on a write is on each.
const PIECE_BYTES: usize = 64 * 1024;

/// What a request has to do with others for the same thing.
#[derive(Debug)]
pub(crate) struct Reusing {
    pool: Arc<Pool>,
    policy: ReusePolicy,
    key: Key,
    lead: Option<Lead>,
    recorder: Option<Recorder>,
}

impl Reusing {
    /// The instance's answer begins, cleaned of what belongs to one connection.
    fn answered(&mut self, session: &Session, head: &ResponseHeader, served_by: Option<HeaderValue>) {
        let keeps = self.policy.stale_s > 0;
        self.recorder = None;
        if keeps || self.lead.is_some() {
            let space = self.pool.state.recorded.clone();
            let recorder = Recorder::begin(session.req_header(), head, served_by, space);
            self.recorder = recorder.filter(|recorder| self.lead.is_some() || recorder.may_be_kept());
        }
        // An answer that takes the place of the one that was kept.
        if keeps && head.status.as_u16() < 500 && !self.recorder.as_ref().is_some_and(Recorder::may_be_kept) {
            self.pool.state.kept.forget(&self.key);
        }
        match (&self.recorder, &self.lead) {
            (Some(_), Some(lead)) => lead.answered(),
            _ => self.keep_to_itself(),
        }
    }

    fn keep_to_itself(&mut self) {
        if let Some(lead) = self.lead.take() {
            lead.keep_to_itself();
        }
    }

    fn push(&mut self, bytes: &Bytes) {
        if let Some(recorder) = &mut self.recorder
            && !recorder.push(bytes)
        {
            self.recorder = None;
            self.keep_to_itself();
        }
    }

    fn finish(&mut self) {
        let Some(answer) = self.recorder.take().and_then(Recorder::finish).map(Arc::new) else {
            return;
        };
        if self.policy.stale_s > 0 && answer.may_be_kept {
            self.pool.state.kept.keep(self.key.clone(), answer.clone());
        }
        if let Some(lead) = self.lead.take() {
            lead.done(answer);
        }
    }

    fn kept(&self) -> Option<Arc<SharedAnswer>> {
        let at_most = Duration::from_secs(self.policy.stale_s.into());
        self.pool.state.kept.find(&self.key, at_most)
    }
}

impl Exchange {
    pub(super) fn note_answer(&mut self, session: &Session, head: &ResponseHeader) {
        let served_by = self.served_by().cloned();
        if let Some(reuse) = &mut self.reuse {
            reuse.answered(session, head, served_by);
        }
    }

    pub(super) fn note_body(&mut self, bytes: Option<&Bytes>, is_end: bool) {
        if let Some(reuse) = &mut self.reuse {
            if let Some(bytes) = bytes {
                reuse.push(bytes);
            }
            if is_end {
                reuse.finish();
            }
        }
    }

    /// There will be no answer of the instance's. Whoever waits for it asks for itself, before this client is told.
    pub(super) fn stop_leading(&mut self) {
        if let Some(reuse) = &mut self.reuse {
            reuse.lead = None;
        }
    }

    /// Nothing more will come. Whoever waits for an answer that is not whole learns of it.
    pub(super) fn end_reuse(&mut self, is_whole: bool) {
        if let Some(mut reuse) = self.reuse.take()
            && is_whole
        {
            reuse.finish();
        }
    }
}

impl Proxy {
    /// [`admit`] for a route whose answers may serve several. `Ok(true)`: it has been answered.
    pub(super) async fn admit_reusing(
        &self,
        session: &mut Session,
        exchange: &mut Exchange,
        pool: &Arc<Pool>,
        way: Way,
    ) -> Result<Result<bool, Answer>> {
        // HTTP/2 announces no body; one that is still to come is not in the key.
        let is_whole = session.as_mut().is_body_done();
        let request = session.req_header();
        let is_secure = exchange.connection.as_ref().is_some_and(|connection| connection.is_secure());
        let Some(key) = Key::new(request, is_secure, authority(request)).filter(|_| is_whole) else {
            return Ok(admit(session, exchange, pool, way).map(|()| false));
        };
        exchange.reuse = Some(Reusing {
            pool: pool.clone(),
            policy: way.reuse,
            key,
            lead: None,
            recorder: None,
        });
        let checked = check_limits(session, exchange, pool, way);
        if checked.is_ok() && pool.state.degradation.is_degraded() && self.give_kept(session, exchange).await? {
            return Ok(Ok(true));
        }
        if checked.is_ok() && way.reuse.deduplicate && self.await_other(session, exchange).await? {
            return Ok(Ok(true));
        }
        let entered = checked.and_then(|()| enter(session, exchange, pool));
        let Err((refusal, answer)) = entered else { return Ok(Ok(false)) };
        exchange.stop_leading();
        if may_be_stale(&(refusal, answer)) && self.give_kept(session, exchange).await? {
            return Ok(Ok(true));
        }
        pool.state.refused(refusal);
        Ok(Err(answer))
    }

    /// Gives the client an answer that was kept, if there is one.
    pub(super) async fn give_kept(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        let Some(answer) = exchange.reuse.as_ref().and_then(Reusing::kept) else {
            return Ok(false);
        };
        self.give(session, exchange, &answer, Reuse::Stale).await?;
        Ok(true)
    }

    /// Waits for the answer to an identical request; `false` when this one has to ask itself.
    async fn await_other(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        for _ in 0..ROUNDS {
            let Some(reuse) = &mut exchange.reuse else { break };
            let follow = match reuse.pool.state.flights.see(&reuse.key) {
                Seen::First(lead) => {
                    reuse.lead = Some(lead);
                    break;
                }
                Seen::Full => break,
                Seen::Under(follow) => follow,
            };
            let _waits = reuse.pool.state.tally.enter();
            match follow.answer(self.shared.config.read_timeout).await {
                Awaited::Shared(answer) => {
                    self.give(session, exchange, &answer, Reuse::Deduplicated).await?;
                    return Ok(true);
                }
                Awaited::Broken => {}
                Awaited::Own => break,
            }
        }
        Ok(false)
    }

    async fn give(&self, session: &mut Session, exchange: &mut Exchange, answer: &SharedAnswer, why: Reuse) -> Result<()> {
        let mut head = answer.head.clone();
        let status = head.status.as_u16();
        let (told, age_s) = match why {
            Reuse::Deduplicated => ("evenkeel; fwd=miss; collapsed", None),
            Reuse::Stale => ("evenkeel; hit; detail=stale", Some(answer.age().as_secs())),
        };
        if let Some(age_s) = age_s {
            head.insert_header(header::AGE, age_s.to_string())?;
        }
        if self.shared.config.identity_headers {
            head.append_header(CACHE_STATUS, told)?;
            if let Some(served_by) = &answer.served_by {
                head.insert_header(forward::X_SERVED_BY, served_by.clone())?;
            }
            if let Some(id) = self.id_told(session, exchange) {
                head.insert_header(identity::X_REQUEST_ID, id)?;
            }
        }
        exchange.note(|draft| {
            let detail = match age_s {
                None => "given the answer to an identical request at the same time".to_owned(),
                Some(age_s) => format!("given an answer that was {age_s} s old"),
            };
            draft.verdict(Guard::Reuse, true, detail);
        });
        if exchange.has_entered() {
            // After a failure Pingora takes no further request from the connection.
            session.set_keepalive(None);
        }
        session.write_response_header(Box::new(head), answer.body.is_empty()).await?;
        let mut rest = answer.body.clone();
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(PIECE_BYTES));
            session.write_response_body(Some(piece), rest.is_empty()).await?;
        }
        let Some(reuse) = exchange.reuse.take() else { return Ok(()) };
        let outcome = Outcome {
            status: Some(status),
            failed: false,
            bytes_sent: answer.body.len() as u64,
            latency: Some(exchange.latency()),
        };
        let state = &reuse.pool.state;
        state.reused(why);
        if exchange.has_entered() {
            // Counted with the attempts that failed it.
            exchange.rescued = Some(outcome);
            return Ok(());
        }
        state.tally.record(outcome);
        state.former.record(exchange.latency());
        Ok(())
    }
}

/// Whether an old answer is better than this one. Who asks too often or too much gets none.
fn may_be_stale(refused: &Refused) -> bool {
    matches!(refused.0, Refusal::Unserved | Refusal::InFlight | Refusal::Shed | Refusal::Breaker)
}
