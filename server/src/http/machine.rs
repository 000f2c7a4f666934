//! Requests of machines: below `/api/scalability/`, with a bearer token.
//!
//! What keeps other sites from using somebody's browser (the checks of `Host` and `Origin`) has nothing to keep from these: no browser
//! adds a token by itself, and a request with one is answered for its token alone, whatever cookies it carries.

use axum::http::{HeaderMap, header};

const BELOW: &str = "/api/scalability/";

/// Whether machines ask for this.
pub(super) fn is_for(path: &str) -> bool {
    path.starts_with(BELOW)
}

/// Whether a request for this path with these headers is one of a machine.
pub(super) fn asks(path: &str, headers: &HeaderMap) -> bool {
    is_for(path) && has_token(headers)
}

/// Whether it says that it brings one, right or wrong.
pub(super) fn has_token(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION)
}

/// The token (RFC 6750 §2.1); absent where the header says something else.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        headers
    }

    #[test]
    fn only_a_bearer_token_is_one_and_only_below_its_address() {
        assert_eq!(token(&headers("Bearer abc")), Some("abc"));
        assert_eq!(token(&headers("bearer  abc ")), Some("abc"));
        for other in ["Basic abc", "Bearer", "abc", ""] {
            assert_eq!(token(&headers(other)), None, "{other:?}");
        }
        assert!(asks("/api/scalability/services", &headers("Bearer x")));
        assert!(!asks("/api/fn/change_algorithm", &headers("Bearer x")));
        assert!(!asks("/api/scalability/services", &HeaderMap::new()));
    }
}
