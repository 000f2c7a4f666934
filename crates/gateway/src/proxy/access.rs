//! What the access log is told of a request.

use http::{HeaderMap, Version, header};
use pingora_error::{Error, ErrorSource};
use pingora_proxy::Session;

use super::{
    Exchange, Shared, identity,
    request::{answer_begun, authority},
};
use crate::{access_log::Entry, state::unix_ms};

/// To be called when the answer is out or will never be, before the exchange is settled.
pub(super) fn write(shared: &Shared, session: &Session, error: Option<&Error>, exchange: &Exchange) {
    let Some(log) = &shared.access_log else { return };
    let took = exchange.since_start();
    let status = session
        .response_written()
        .filter(|_| answer_begun(session))
        .map(|answer| answer.status.as_u16());
    let is_failure = status.is_some_and(|status| status >= 500) || error.is_some_and(|error| *error.esource() != ErrorSource::Downstream);
    if !log.wants(is_failure, took) {
        return;
    }
    let head = session.req_header();
    let one = |name| head.headers.get(name).map(http::HeaderValue::as_bytes);
    let journey = exchange.journey();
    let digest = session.digest();
    let tls = digest.and_then(|digest| digest.ssl_digest.as_ref()).map(|tls| &*tls.version);
    log.write(&Entry {
        at_ms: unix_ms(),
        request_id: exchange
            .request_id
            .as_ref()
            .map_or_else(|| only_id(&head.headers), |id| Some(id.as_bytes())),
        trace_id: exchange.trace.map(|trace| trace.id),
        client: Some(exchange.client),
        method: head.method.as_str(),
        host: authority(head).as_bytes(),
        path: head.uri.path(),
        query: head.uri.query().filter(|_| log.shows_query()),
        status,
        bytes: u64::try_from(session.body_bytes_sent()).unwrap_or(u64::MAX),
        took,
        instance_took: journey.instance_took,
        pool: journey.pool,
        instance: journey.instance,
        retries: journey.retries,
        protocol: protocol(head.version),
        tls: tls.map(tls_name),
        user_agent: one(header::USER_AGENT),
        referer: one(header::REFERER),
    });
}

/// Of a request that was answered before it got one of ours.
fn only_id(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(identity::X_REQUEST_ID).map(http::HeaderValue::as_bytes)
}

/// rustls writes `TLSv1_3`, everybody else a dot.
fn tls_name(version: &str) -> &str {
    match version {
        "TLSv1_3" => "TLSv1.3",
        "TLSv1_2" => "TLSv1.2",
        other => other,
    }
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}
