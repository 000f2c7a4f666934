//! Refuses requests whose length can be read in two ways.
//!
//! Pingora follows RFC 9112 §6.3 and lets Transfer-Encoding win over Content-Length; it drops the latter before a filter sees it. A
//! gateway that forwards such a request is safe only as long as it re-frames it, and nobody honest sends one: so it is refused, from
//! the raw header.

use http::header;
use pingora_proxy::Session;

pub(super) fn is_ambiguous(session: &Session) -> bool {
    session.req_header().headers.contains_key(header::TRANSFER_ENCODING)
        && session
            .as_http1()
            .is_some_and(|request| names_content_length(&request.get_headers_raw_bytes()))
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
