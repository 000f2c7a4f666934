//! What the gateway adds to and takes from the headers on their way through.
//!
//! To the instance: `x-forwarded-for` gets the client's address appended, so its right-most entry is ours and the ones before are what
//! the client claims. `x-forwarded-host` and `x-forwarded-proto` have one value each, so theirs is replaced by what the gateway saw.
//! `Host` passes unchanged. The pieces into which HTTP/2 clients cut their cookies become one field again (RFC 9113 §8.2.3). Hop-by-hop fields are Pingora's business (`HttpUpstreamRequestPolicy`).
//!
//! To the client: hop-by-hop fields of the instance's answer are removed, and what it says about who served.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use pingora_error::Result;
use pingora_http::{RequestHeader, ResponseHeader};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(super) const X_SERVED_BY: HeaderName = HeaderName::from_static("x-served-by");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP: HeaderValue = HeaderValue::from_static("http");
const HTTPS: HeaderValue = HeaderValue::from_static("https");

pub(super) fn add_origin(request: &mut RequestHeader, client: &HeaderValue, is_secure: bool) -> Result<()> {
    let chain = forwarded_for(&request.headers, client);
    request.insert_header(X_FORWARDED_FOR, chain)?;
    request.insert_header(X_FORWARDED_PROTO, if is_secure { HTTPS } else { HTTP })?;
    if let Some(host) = request.headers.get(header::HOST).cloned() {
        request.insert_header(X_FORWARDED_HOST, host)
    } else {
        request.remove_header(&X_FORWARDED_HOST);
        Ok(())
    }
}

pub(super) fn join_cookies(request: &mut RequestHeader) -> Result<()> {
    let pieces: Vec<_> = request.headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if pieces.len() < 2 {
        return Ok(());
    }
    let whole = HeaderValue::from_bytes(&pieces.join(&b"; "[..])).expect("parts of values and a separator make a value");
    request.insert_header(header::COOKIE, whole)
}

pub(super) fn clean_answer(answer: &mut ResponseHeader) {
    // An upgrade's `Connection: Upgrade` is the one hop-by-hop field that belongs to the client.
    if answer.status != http::StatusCode::SWITCHING_PROTOCOLS {
        for name in nominated(&answer.headers) {
            answer.remove_header(&name);
        }
        answer.remove_header(&header::CONNECTION);
    }
    answer.remove_header(&KEEP_ALIVE);
    answer.remove_header(&PROXY_CONNECTION);
    // Only the gateway knows who served.
    answer.remove_header(&X_SERVED_BY);
}

fn forwarded_for(headers: &HeaderMap, client: &HeaderValue) -> HeaderValue {
    let mut claimed = headers.get_all(X_FORWARDED_FOR).iter().peekable();
    if claimed.peek().is_none() {
        return client.clone();
    }
    let mut chain = String::new();
    for value in claimed.chain([client]).filter_map(|value| value.to_str().ok()) {
        let separator = if chain.is_empty() { "" } else { ", " };
        let _infallible = write!(chain, "{separator}{value}");
    }
    HeaderValue::from_str(&chain).unwrap_or_else(|_| client.clone())
}

/// Fields that `Connection` names, save those that frame the message.
fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    // The usual case, no or a well-known value, allocates nothing.
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|token| !token.eq_ignore_ascii_case("close") && !token.eq_ignore_ascii_case("keep-alive"))
        .filter_map(|token| HeaderName::try_from(token).ok())
        .filter(|name| !matches!(*name, header::CONTENT_LENGTH | header::TRANSFER_ENCODING | header::CONTENT_TYPE))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &str)]) -> RequestHeader {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in headers {
            request.append_header(*name, *value).unwrap();
        }
        add_origin(&mut request, &HeaderValue::from_static("10.0.0.9"), false).unwrap();
        request
    }

    #[test]
    fn the_client_is_appended_to_what_it_claims() {
        assert_eq!(request(&[]).headers["x-forwarded-for"], "10.0.0.9");
        let claimed = request(&[("X-Forwarded-For", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2, 3.3.3.3")]);
        assert_eq!(claimed.headers["x-forwarded-for"], "1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.9");
        assert_eq!(claimed.headers.get_all("x-forwarded-for").iter().count(), 1);
    }

    #[test]
    fn claimed_host_and_scheme_are_replaced() {
        let forged = request(&[("Host", "shop"), ("X-Forwarded-Host", "evil"), ("X-Forwarded-Proto", "https")]);
        assert_eq!(forged.headers["x-forwarded-host"], "shop");
        assert_eq!(forged.headers["x-forwarded-proto"], "http");
        assert!(!request(&[("X-Forwarded-Host", "evil")]).headers.contains_key("x-forwarded-host"));
    }

    #[test]
    fn what_came_over_tls_is_https() {
        let mut request = request(&[("X-Forwarded-Proto", "http")]);
        add_origin(&mut request, &HeaderValue::from_static("10.0.0.9"), true).unwrap();
        assert_eq!(request.headers["x-forwarded-proto"], "https");
    }

    #[test]
    fn cookies_in_pieces_become_one() {
        let joined = |headers: &[(&'static str, &str)]| {
            let mut request = request(headers);
            join_cookies(&mut request).unwrap();
            let cookies: Vec<_> = request
                .headers
                .get_all("cookie")
                .iter()
                .map(|v| v.to_str().unwrap().to_owned())
                .collect();
            cookies
        };
        assert_eq!(joined(&[]), [""; 0]);
        assert_eq!(joined(&[("Cookie", "a=1")]), ["a=1"]);
        assert_eq!(
            joined(&[("Cookie", "a=1"), ("Cookie", "b=2"), ("Cookie", "c=3; d=4")]),
            ["a=1; b=2; c=3; d=4"]
        );
    }

    #[test]
    fn hop_by_hop_fields_of_the_answer_stop_here() {
        let mut answer = ResponseHeader::build(200, None).unwrap();
        for (name, value) in [
            ("Connection", "keep-alive, X-Internal, content-length"),
            ("Keep-Alive", "timeout=5"),
            ("X-Internal", "1"),
            ("X-Served-By", "forged"),
            ("Content-Length", "3"),
        ] {
            answer.append_header(name, value).unwrap();
        }
        clean_answer(&mut answer);
        let names: Vec<_> = answer.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["content-length"]);
    }

    #[test]
    fn an_upgrade_keeps_its_connection_field() {
        let mut answer = ResponseHeader::build(101, None).unwrap();
        answer.append_header("Connection", "Upgrade").unwrap();
        answer.append_header("Upgrade", "websocket").unwrap();
        clean_answer(&mut answer);
        assert_eq!(answer.headers["connection"], "Upgrade");
        assert_eq!(answer.headers["upgrade"], "websocket");
    }
}
