//! Refuses requests whose length can be read in two ways.
//!
//! Pingora follows RFC 9112 §6.3 and lets Transfer-Encoding win over Content-Length; it drops the latter before a filter sees it. A
//! gateway that forwards such a request is safe only as long as it re-frames it, and nobody honest sends one: so it is refused, from
//! the raw header.
//!
//! Over HTTP/2 frames tell the length, and fields that speak of it otherwise are no part of a request (RFC 9113 §8.2.2). h2 and Pingora
//! refuse those that they know; what an instance could read as framing is looked at once more. Its path, too, has one meaning only.

use http::{Method, header};
use pingora_http::RequestHeader;
use pingora_proxy::Session;

pub(super) fn is_ambiguous(session: &Session) -> bool {
    if session.as_http1().is_none() {
        return is_foreign(session.req_header());
    }
    session.req_header().headers.contains_key(header::TRANSFER_ENCODING)
        && session
            .as_http1()
            .is_some_and(|request| names_content_length(&request.get_headers_raw_bytes()))
}

/// What HTTP/2 does not have.
fn is_foreign(request: &RequestHeader) -> bool {
    const FIELDS: [header::HeaderName; 3] = [header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE];
    let path = request.uri.path();
    let is_target = path.starts_with('/') || (path == "*" && request.method == Method::OPTIONS);
    !is_target || FIELDS.iter().any(|name| request.headers.contains_key(name))
}

fn names_content_length(raw: &[u8]) -> bool {
    const NAME: &[u8] = b"content-length";
    raw.split(|&b| b == b'\n')
        .any(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_found_in_any_case_and_only_as_a_name() {
        assert!(names_content_length(b"POST / HTTP/1.1\r\nHost: a\r\nCONTENT-length: 3\r\n\r\n"));
        assert!(!names_content_length(
            b"GET /content-length HTTP/1.1\r\nHost: content-length\r\n\r\n"
        ));
        assert!(!names_content_length(b""));
    }
}
