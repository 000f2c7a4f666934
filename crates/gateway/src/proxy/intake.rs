//! From the head of a request to its pool, or to the answer why not.

use std::sync::atomic::Ordering;

use model::{Guard, ReusePolicy};
use pingora_error::Result;
use pingora_proxy::Session;

use super::{
    Exchange, Proxy,
    admit::admit,
    answer::Answer,
    framing, identity,
    request::{authority, is_too_large, target},
};
use crate::receipt::Head;

impl Proxy {
    /// For the requests that get one.
    pub(super) fn begin_receipt(&self, session: &Session, exchange: &mut Exchange) {
        let request = session.req_header();
        let Some(asked_for) = self.shared.receipts.wants(&request.headers) else {
            return;
        };
        let id = exchange.request_id.get_or_insert_with(|| identity::request_id(&request.headers));
        let head = Head {
            request_id: id.to_str().unwrap_or_default().to_owned(),
            asked_for,
            client: exchange.client,
            method: request.method.as_str(),
            host: authority(request),
            path: request.uri.path(),
        };
        exchange.begin_receipt(head);
    }

    /// Finds the request's way and sends it there. `Ok(true)`: it has been answered.
    pub(super) async fn take_in(&self, session: &mut Session, exchange: &mut Exchange) -> Result<Result<bool, Answer>> {
        let config = &self.shared.config;
        if framing::is_ambiguous(session) {
            return Ok(Err(Answer::AmbiguousFraming));
        }
        if target(session).len() > config.max_uri_bytes {
            return Ok(Err(Answer::UriTooLong));
        }
        if is_too_large(session, config.max_request_header_bytes) {
            return Ok(Err(Answer::HeaderTooLarge));
        }
        let plan = self.shared.plan.load();
        let request = session.req_header();
        let Some((pool, way)) = plan.find(authority(request), request.uri.path()) else {
            return Ok(Err(Answer::NoRoute));
        };
        if way.reuse == ReusePolicy::default() {
            return Ok(admit(session, exchange, pool, way).map(|()| false));
        }
        let pool = pool.clone();
        drop(plan);
        self.admit_reusing(session, exchange, &pool, way).await
    }

    pub(super) async fn refuse(&self, session: &mut Session, exchange: &mut Exchange, refusal: Answer) -> Result<()> {
        match refusal {
            Answer::NoRoute => {
                self.shared.unrouted.fetch_add(1, Ordering::Relaxed);
                exchange.note(|draft| draft.verdict(Guard::Route, false, "no route for this host and path"));
            }
            Answer::AmbiguousFraming | Answer::UriTooLong | Answer::HeaderTooLarge => {
                exchange.note(|draft| draft.verdict(Guard::Framing, false, refusal.words()));
            }
            _ => {}
        }
        if refusal.closes() {
            session.set_keepalive(None);
        }
        refusal.send(session, self.id_told(session, exchange)).await
    }
}
