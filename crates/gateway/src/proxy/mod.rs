//! The phases of a request, as Pingora calls them: route, pick, forward, answer, count.

mod access;
mod admit;
mod answer;
mod exchange;
mod forward;
mod framing;
mod identity;
mod intake;
mod request;
mod retry;
mod reuse;
mod routed;
mod seat;
mod trace;
mod upgrade;

use std::{
    os::fd::RawFd,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use model::Guard;
use pingora_core::{modules::http::HttpModules, protocols::Digest, upstreams::peer::HttpPeer};
use pingora_error::{Error, ErrorSource, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use tracing::debug;

use self::{
    answer::Answer,
    exchange::Exchange,
    request::{answer_begun, outcome, picked_by},
    trace::Trace,
};
use crate::{
    GatewayConfig,
    access_log::AccessLog,
    plan::{Common, Compiled},
    receipt::{ASK, ReceiptBook},
    serve,
    state::{Journal, Refusal},
    tls::Keyring,
};

/// How long the rest of a request's body is read after an early answer, to keep the connection.
const BODY_DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// What requests share with the handle above them.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) plan: ArcSwap<Compiled>,
    pub(crate) unrouted: AtomicU64,
    pub(crate) journal: Arc<Journal>,
    pub(crate) receipts: ReceiptBook,
    pub(crate) config: GatewayConfig,
    /// Absent without TLS for clients.
    pub(crate) keyring: Option<Arc<Keyring>>,
    pub(crate) handshakes_failed: Arc<AtomicU64>,
    pub(crate) access_log: Option<AccessLog>,
}

impl Shared {
    pub(crate) fn common(&self) -> Common<'_> {
        Common {
            config: &self.config,
            journal: &self.journal,
        }
    }
}

pub(crate) struct Proxy {
    shared: Arc<Shared>,
}

impl Proxy {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange::new(serve::current_connection())
    }

    /// No module: Pingora's default one compresses, which is the instance's decision.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn early_request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<()> {
        let config = &self.shared.config;
        exchange.client = serve::client_address(exchange.client, &session.req_header().headers, &config.trusted_proxies);
        if let Some(connection) = &exchange.connection {
            connection.unbounded();
        }
        // Pingora makes keep-alive endless after each head; absent means that the client or a shutdown said close.
        if session.get_keepalive().is_some() {
            session.set_keepalive(Some(config.client_keepalive.as_secs().max(1)));
        }
        session.set_read_timeout(Some(config.client_read_timeout));
        session.set_write_timeout(Some(config.client_write_timeout));
        session.set_total_drain_timeout(Some(BODY_DRAIN_TIMEOUT));
        let is_body_done = session.as_mut().is_body_done();
        self.await_body(session, exchange, is_body_done);
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        self.begin_receipt(session, exchange);
        match self.take_in(session, exchange).await? {
            Ok(is_answered) => Ok(is_answered),
            Err(refusal) => {
                self.refuse(session, exchange, refusal).await?;
                Ok(true)
            }
        }
    }

    async fn upstream_peer(&self, session: &mut Session, exchange: &mut Exchange) -> Result<Box<HttpPeer>> {
        exchange.upgrade = session.is_upgrade_req();
        let may_hurry = session.req_header().method.is_idempotent() && session.as_mut().is_body_done();
        let request = picked_by(session, exchange);
        exchange
            .peer(&request, may_hurry)
            .ok_or_else(|| Error::new_up(ErrorType::HTTPStatus(Answer::BadGateway.status())))
    }

    async fn connected_to_upstream(
        &self,
        _session: &mut Session,
        reused: bool,
        _peer: &HttpPeer,
        _fd: RawFd,
        _digest: Option<&Digest>,
        exchange: &mut Exchange,
    ) -> Result<()> {
        exchange.note(|draft| draft.connected(reused));
        Ok(())
    }

    async fn upstream_request_filter(&self, _session: &mut Session, request: &mut RequestHeader, exchange: &mut Exchange) -> Result<()> {
        request.remove_header(&ASK);
        if self.shared.config.identity_headers {
            let id = exchange.request_id.get_or_insert_with(|| identity::request_id(&request.headers));
            request.insert_header(identity::X_REQUEST_ID, id.clone())?;
        }
        if let Some(config) = &self.shared.config.trace {
            let trace = exchange.trace.get_or_insert_with(|| Trace::of(&request.headers, config.sample));
            trace.write(request)?;
        }
        forward::join_cookies(request)?;
        match &exchange.connection {
            Some(connection) => forward::add_origin(request, connection.client(), connection.is_secure()),
            None => Ok(()),
        }
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> Result<()> {
        if session.was_upgraded() {
            self.touch_tunnel(exchange);
            return Ok(());
        }
        if let (Some(body), Some(limit)) = (body, exchange.body_limit()) {
            exchange.body_bytes += body.len() as u64;
            if exchange.body_bytes > limit {
                exchange.refused = Some(Refusal::Body);
                return Err(Error::explain(ErrorType::HTTPStatus(413), "the body is larger than allowed").into_down());
            }
        }
        self.await_body(session, exchange, end_of_stream);
        if end_of_stream {
            exchange.body_complete();
        }
        Ok(())
    }

    async fn upstream_response_filter(&self, session: &mut Session, answer: &mut ResponseHeader, exchange: &mut Exchange) -> Result<()> {
        if answer.status.is_informational() && answer.status != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(());
        }
        exchange.answered(answer.status.as_u16());
        if exchange.upgrade {
            // Upgrade requests have no read timeout of Pingora's: the connection's own clock takes over, for both directions at once.
            session.set_read_timeout(None);
            self.touch_tunnel(exchange);
        } else if answer.status == StatusCode::SWITCHING_PROTOCOLS {
            // Pingora compares what was asked on both sides, and finds no difference when nobody asked.
            return Err(Error::explain(ErrorType::InvalidHTTPHeader, "an upgrade that nobody asked for").into_up());
        }
        if session.is_process_shutting_down() {
            session.set_keepalive(None);
        }
        forward::clean_answer(answer);
        exchange.note_answer(session, answer);
        if let (true, Some(served_by)) = (self.shared.config.identity_headers, exchange.served_by()) {
            answer.insert_header(forward::X_SERVED_BY, served_by.clone())?;
            answer.append_header(
                identity::SERVER_TIMING,
                identity::server_timing(exchange.instance_took(), exchange.since_start()),
            )?;
            if let Some(id) = &exchange.request_id {
                answer.insert_header(identity::X_REQUEST_ID, id.clone())?;
            }
        }
        if let Some(cookie) = exchange.pin() {
            answer.append_header(header::SET_COOKIE, cookie)?;
        }
        Ok(())
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> Result<Option<Duration>> {
        exchange.note_body(body.as_ref(), end_of_stream);
        if exchange.upgrade {
            self.touch_tunnel(exchange);
        }
        Ok(None)
    }

    fn fail_to_connect(&self, _session: &mut Session, _peer: &HttpPeer, exchange: &mut Exchange, mut e: Box<Error>) -> Box<Error> {
        exchange.note(|draft| draft.failed(e.etype().as_str()));
        e.set_retry(exchange.may_try_again() && exchange.has_another());
        e
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut e: Box<Error>,
        exchange: &mut Exchange,
        _reused: bool,
    ) -> Box<Error> {
        let again = retry::after_break(retry::Broken {
            source: e.esource(),
            kind: e.etype(),
            idempotent: session.req_header().method.is_idempotent(),
            body_kept: !session.as_ref().retry_buffer_truncated(),
            answer_begun: answer_begun(session),
            was_impatient: exchange.is_impatient() && exchange.has_another(),
            timed_out: exchange.handshake_timed_out(),
        });
        let is_upstream = *e.esource() == ErrorSource::Upstream;
        if is_upstream {
            exchange.note(|draft| draft.failed(e.etype().as_str()));
        }
        let verdict = exchange.retry_verdict(again);
        if is_upstream {
            exchange.note(|draft| draft.verdict(Guard::Retry, verdict.is_ok(), verdict.err().unwrap_or("to another instance")));
        }
        e.set_retry(verdict.is_ok());
        e
    }

    async fn fail_to_proxy(&self, session: &mut Session, e: &Error, exchange: &mut Exchange) -> FailToProxy {
        let answer = if exchange.handshake_timed_out() {
            Some(Answer::GatewayTimeout)
        } else if exchange.refused.is_some() {
            Some(Answer::BodyTooLarge)
        } else {
            Answer::for_failure(e.esource(), e.etype())
        };
        if let Some((pool, member)) = exchange.member() {
            debug!(pool = %pool.id(), instance = %member.state.id, error = %e, "a request failed");
        }
        exchange.stop_leading();
        if answer.is_some_and(|answer| answer.status() >= 502)
            && !answer_begun(session)
            && let Ok(true) = self.give_kept(session, exchange).await
        {
            return FailToProxy {
                error_code: StatusCode::OK.as_u16(),
                can_reuse_downstream: false,
            };
        }
        if let Some(answer) = answer
            && let Err(gone) = answer.send_and_close(session, self.id_told(session, exchange)).await
        {
            debug!(error = %gone, "the client left before it was answered");
        }
        FailToProxy {
            error_code: answer.map_or(0, Answer::status),
            can_reuse_downstream: false,
        }
    }

    async fn logging(&self, session: &mut Session, e: Option<&Error>, exchange: &mut Exchange) {
        exchange.end_reuse(e.is_none());
        let outcome = outcome(session, e, exchange);
        if let Some(draft) = exchange.receipt.take() {
            let status = session.response_written().map(|answer| answer.status.as_u16());
            let failure = e.map(|e| format!("{}: {}", e.esource().as_str(), e.etype().as_str()));
            self.shared.receipts.keep(draft.finish(status, failure));
        }
        if let (Some(connection), Some(ErrorSource::Downstream)) = (&exchange.connection, e.map(Error::esource)) {
            connection.cancel();
        }
        access::write(&self.shared, session, e, exchange);
        exchange.settle(outcome);
        if let Some(connection) = &exchange.connection {
            let config = &self.shared.config;
            connection.expect_within(config.client_keepalive + config.client_header_timeout);
        }
    }

    /// Failures are counted and shown; a log line per request would make an outage worse.
    fn suppress_error_log(&self, _session: &Session, _exchange: &Exchange, _error: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(&self, _session: &Session, _exchange: &Exchange, _error: &Error, _context: ProxyWarnLogContext) -> bool {
        true
    }
}

impl Proxy {
    /// The id that the gateway's own answers carry.
    fn id_told(&self, session: &Session, exchange: &mut Exchange) -> Option<HeaderValue> {
        let headers = &session.req_header().headers;
        self.shared
            .config
            .identity_headers
            .then(|| exchange.request_id.get_or_insert_with(|| identity::request_id(headers)).clone())
    }

    /// Pingora has no read timeout for the bodies of HTTP/2, so the stream's own clock takes over: silence counts as in HTTP/1.
    fn await_body(&self, session: &Session, exchange: &Exchange, is_done: bool) {
        match &exchange.connection {
            Some(connection) if session.as_http2().is_some() && is_done => connection.unbounded(),
            Some(connection) if session.as_http2().is_some() => connection.expect_within(self.shared.config.client_read_timeout),
            _ => {}
        }
    }

    fn touch_tunnel(&self, exchange: &Exchange) {
        if let Some(connection) = &exchange.connection {
            connection.expect_within(self.shared.config.tunnel_idle_timeout);
        }
    }
}
