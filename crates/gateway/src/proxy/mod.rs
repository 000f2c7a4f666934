//! The phases of a request, as Pingora calls them: route, pick, forward, answer, count.

mod answer;
mod exchange;
mod forward;
mod framing;
mod retry;
mod upgrade;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use http::{StatusCode, header};
use pingora_core::{modules::http::HttpModules, upstreams::peer::HttpPeer};
use pingora_error::{Error, ErrorSource, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use tracing::debug;

use self::{answer::Answer, exchange::Exchange};
use crate::{
    GatewayConfig,
    algorithm::Request,
    plan::{Compiled, MAX_ATTEMPTS},
    serve,
    state::Outcome,
};

/// How long the rest of a request's body is read after an early answer, to keep the connection.
const BODY_DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// What requests share with the handle above them.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) plan: ArcSwap<Compiled>,
    pub(crate) unrouted: AtomicU64,
    pub(crate) config: GatewayConfig,
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
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        let refusal = if framing::is_ambiguous(session) {
            Answer::AmbiguousFraming
        } else if is_too_large(session, self.shared.config.max_request_header_bytes) {
            Answer::HeaderTooLarge
        } else {
            let plan = self.shared.plan.load();
            let request = session.req_header();
            match plan.find(authority(request), request.uri.path()) {
                Some(pool) if exchange.enter(pool.clone(), &picked_by(session, exchange)) => return Ok(false),
                Some(_) => Answer::NoInstance,
                None => {
                    self.shared.unrouted.fetch_add(1, Ordering::Relaxed);
                    Answer::NoRoute
                }
            }
        };
        if matches!(refusal, Answer::AmbiguousFraming | Answer::HeaderTooLarge) {
            session.set_keepalive(None);
        }
        refusal.send(session).await?;
        Ok(true)
    }

    async fn upstream_peer(&self, session: &mut Session, exchange: &mut Exchange) -> Result<Box<HttpPeer>> {
        exchange.upgrade = session.is_upgrade_req();
        let request = picked_by(session, exchange);
        exchange
            .peer(&request)
            .ok_or_else(|| Error::new_up(ErrorType::HTTPStatus(Answer::BadGateway.status())))
    }

    async fn upstream_request_filter(&self, _session: &mut Session, request: &mut RequestHeader, exchange: &mut Exchange) -> Result<()> {
        match &exchange.connection {
            Some(connection) => forward::add_origin(request, connection.client()),
            None => Ok(()),
        }
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        _body: &mut Option<Bytes>,
        end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> Result<()> {
        if session.was_upgraded() {
            self.touch_tunnel(exchange);
        } else if end_of_stream {
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
        match exchange.served_by() {
            Some(served_by) => forward::clean_answer(answer, served_by),
            None => Ok(()),
        }
    }

    fn response_body_filter(
        &self,
        _session: &mut Session,
        _body: &mut Option<Bytes>,
        _end_of_stream: bool,
        exchange: &mut Exchange,
    ) -> Result<Option<Duration>> {
        if exchange.upgrade {
            self.touch_tunnel(exchange);
        }
        Ok(None)
    }

    fn fail_to_connect(&self, _session: &mut Session, _peer: &HttpPeer, exchange: &mut Exchange, mut e: Box<Error>) -> Box<Error> {
        e.set_retry(exchange.attempts() < MAX_ATTEMPTS && exchange.has_another());
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
            timed_out: exchange.handshake_timed_out(),
        });
        e.set_retry(again && exchange.attempts() < MAX_ATTEMPTS);
        e
    }

    async fn fail_to_proxy(&self, session: &mut Session, e: &Error, exchange: &mut Exchange) -> FailToProxy {
        let answer = if exchange.handshake_timed_out() {
            Some(Answer::GatewayTimeout)
        } else {
            Answer::for_failure(e.esource(), e.etype())
        };
        if let Some((pool, member)) = exchange.member() {
            debug!(pool = %pool.id(), instance = %member.state.id, error = %e, "a request failed");
        }
        if let Some(answer) = answer
            && let Err(gone) = answer.send_and_close(session).await
        {
            debug!(error = %gone, "the client left before it was answered");
        }
        FailToProxy {
            error_code: answer.map_or(0, Answer::status),
            can_reuse_downstream: false,
        }
    }

    async fn logging(&self, session: &mut Session, e: Option<&Error>, exchange: &mut Exchange) {
        let outcome = outcome(session, e, exchange);
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
    fn touch_tunnel(&self, exchange: &Exchange) {
        if let Some(connection) = &exchange.connection {
            connection.expect_within(self.shared.config.tunnel_idle_timeout);
        }
    }
}

fn outcome(session: &Session, error: Option<&Error>, exchange: &Exchange) -> Outcome {
    let bytes_sent = u64::try_from(session.body_bytes_sent()).unwrap_or(u64::MAX);
    let Some(error) = error else {
        let latency = (!session.was_upgraded()).then(|| exchange.latency());
        return Outcome {
            status: session.response_written().map(|answer| answer.status.as_u16()),
            failed: false,
            bytes_sent,
            latency,
        };
    };
    let late = *error.esource() == ErrorSource::Upstream && matches!(error.etype(), ErrorType::ReadTimedout | ErrorType::WriteTimedout)
        || exchange.handshake_timed_out();
    Outcome {
        status: None,
        // A client that leaves is nobody's failure.
        failed: *error.esource() != ErrorSource::Downstream,
        bytes_sent,
        latency: late.then(|| exchange.latency()),
    }
}

fn answer_begun(session: &Session) -> bool {
    session
        .response_written()
        .is_some_and(|answer| !answer.status.is_informational() || answer.status == StatusCode::SWITCHING_PROTOCOLS)
}

fn is_too_large(session: &Session, limit: usize) -> bool {
    session
        .as_http1()
        .is_some_and(|request| request.get_headers_raw_bytes().len() > limit)
}

/// What a pick may depend on. A connection always has a client, except in the tests of single phases.
fn picked_by<'a>(session: &'a Session, exchange: &Exchange) -> Request<'a> {
    let client = exchange
        .connection
        .as_ref()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |connection| connection.address());
    let uri = &session.req_header().uri;
    Request {
        client,
        path_and_query: uri.path_and_query().map_or_else(|| uri.path(), |target| target.as_str()),
    }
}

/// Of an absolute request target, else the `Host` field. Pingora has refused requests in which the two differ.
fn authority(request: &RequestHeader) -> &str {
    match request.uri.authority() {
        Some(authority) => authority.as_str(),
        None => request
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default(),
    }
}
