//! One line per request, and a number that ties the line to the answer. Nothing secret: a query's values are cut where they may be.

use std::time::Instant;

use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, Uri},
    middleware::Next,
    response::Response,
};
use rand::Rng as _;

use super::{api, client::Peer, gateways};
use crate::replica::PREFIX;

const REQUEST_ID: &str = "x-request-id";

/// A foreign id is taken over when it looks like one, so that a line here can be found from a line at the proxy.
const REQUEST_ID_MAX_BYTES: usize = 64;

/// Values of these never reach a log.
const SECRET_PARAMETERS: &[&str] = &["token", "t", "password"];

pub(super) async fn write(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers().get(REQUEST_ID));
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let method = request.method().clone();
    let uri = request.uri().clone();
    let path = redacted(&uri);
    let peer = request.extensions().get::<Peer>().map(|p| p.0.ip().to_string()).unwrap_or_default();
    let mut response = next.run(request).await;
    let is_frequent = is_frequent(uri.path(), response.status());
    let status = response.status().as_u16();
    let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let shown = id.to_str().unwrap_or_default();
    if status >= 500 {
        tracing::error!(request = shown, %method, path, status, took_us, peer, "a request failed");
    } else if matches!(method, Method::GET | Method::HEAD) || is_frequent {
        tracing::debug!(request = shown, %method, path, status, took_us, peer, "answered");
    } else {
        tracing::info!(request = shown, %method, path, status, took_us, peer, "answered");
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// What machines send all the time.
fn is_frequent(path: &str, status: StatusCode) -> bool {
    status.is_success() && (path.starts_with(gateways::PREFIX) || path.starts_with(PREFIX) || api::services::is_frequent(path, status))
}

fn request_id(given: Option<&HeaderValue>) -> HeaderValue {
    let plain = |v: &&HeaderValue| {
        let bytes = v.as_bytes();
        !bytes.is_empty()
            && bytes.len() <= REQUEST_ID_MAX_BYTES
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_')
    };
    given.filter(plain).cloned().unwrap_or_else(|| {
        let id = format!("{:016x}", rand::rng().random::<u64>());
        HeaderValue::from_str(&id).expect("hexadecimal digits are a header value")
    })
}

/// Path and query with secret values cut.
fn redacted(uri: &Uri) -> String {
    let Some(query) = uri.query() else {
        return uri.path().to_owned();
    };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=…"),
        _ => pair.to_owned(),
    });
    format!("{}?{}", uri.path(), pairs.collect::<Vec<_>>().join("&"))
}

/// Also when the name is percent-encoded, and inside `next`, which can hold a whole query of its own.
fn is_secret(name: &str) -> bool {
    name.contains('%') || name == "next" || SECRET_PARAMETERS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_reaches_the_log() {
        for uri in [
            "/setup?token=s3cr3t",
            "/setup?a=1&TOKEN=s3cr3t",
            "/setup?%74oken=s3cr3t",
            "/sign-in?next=%2Fsetup%3Ftoken%3Ds3cr3t",
        ] {
            let shown = redacted(&uri.parse().unwrap());
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        assert_eq!(redacted(&"/events?kind=x&after=5".parse().unwrap()), "/events?kind=x&after=5");
    }

    #[test]
    fn what_machines_send_all_the_time_fills_no_log() {
        let frequent = |uri: &str, status: u16| is_frequent(uri.parse::<Uri>().unwrap().path(), StatusCode::from_u16(status).unwrap());
        for (uri, status) in [
            ("/api/gateways/edge-1/sync", 200),
            ("/api/scalability/services/web/web-1/heartbeat", 200),
            ("/api/scalability/services/web/web-1/heartbeat?x=1", 200),
            ("/api/scalability/health/update", 204),
            ("/api/scalability/services/register", 200),
        ] {
            assert!(frequent(uri, status), "{uri}");
        }
        for (uri, status) in [
            ("/api/scalability/services/web/web-1/heartbeat", 404),
            ("/api/scalability/services/register", 201),
            ("/api/scalability/services/web/web-1", 204),
            ("/api/fn/deregister_instance?x=/heartbeat", 200),
        ] {
            assert!(!frequent(uri, status), "{uri}");
        }
    }

    #[test]
    fn a_foreign_request_id_is_kept_only_when_it_is_harmless() {
        let given = |text: &'static str| HeaderValue::from_static(text);
        assert_eq!(request_id(Some(&given("abc-123"))), "abc-123");
        for bad in ["", "a b", "a\"b"] {
            assert_ne!(request_id(Some(&given(bad))), bad);
        }
        assert_eq!(request_id(None).len(), 16);
    }
}
