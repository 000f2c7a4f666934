//! What the phases read from a Pingora session.

use http::{StatusCode, header};
use pingora_error::{Error, ErrorSource, ErrorType};
use pingora_http::RequestHeader;
use pingora_proxy::Session;

use super::Exchange;
use crate::{algorithm::Request, state::Outcome};

pub(super) fn outcome(session: &Session, error: Option<&Error>, exchange: &Exchange) -> Outcome {
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

pub(super) fn answer_begun(session: &Session) -> bool {
    session
        .response_written()
        .is_some_and(|answer| !answer.status.is_informational() || answer.status == StatusCode::SWITCHING_PROTOCOLS)
}

pub(super) fn is_too_large(session: &Session, limit: usize) -> bool {
    session
        .as_http1()
        .is_some_and(|request| request.get_headers_raw_bytes().len() > limit)
}

/// What a pick may depend on.
pub(super) fn picked_by<'a>(session: &'a Session, exchange: &Exchange) -> Request<'a> {
    Request {
        client: exchange.client,
        path_and_query: target(session),
    }
}

pub(super) fn target(session: &Session) -> &str {
    let uri = &session.req_header().uri;
    uri.path_and_query().map_or_else(|| uri.path(), |target| target.as_str())
}

/// Of an absolute request target, else the `Host` field. Pingora has refused requests in which the two differ.
pub(super) fn authority(request: &RequestHeader) -> &str {
    match request.uri.authority() {
        Some(authority) => authority.as_str(),
        None => request
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default(),
    }
}
