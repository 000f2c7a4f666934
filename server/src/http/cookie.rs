//! The session cookie. Behind TLS it has the `__Host-` prefix, which no other host and no plain connection can set (RFC 6265bis §4.1.3).

use axum::http::{HeaderMap, HeaderValue, header};

const NAME: &str = "evenkeel_session";
const NAME_TLS: &str = "__Host-evenkeel_session";

const fn name(secure: bool) -> &'static str {
    if secure { NAME_TLS } else { NAME }
}

/// The presented token. With several cookies of the name the first counts, as browsers send the most specific first.
pub(super) fn read(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter(|(n, _)| *n == name(secure))
        .map(|(_, value)| value)
        .find(|value| !value.is_empty())
}

pub(super) fn set(token: &str, max_age_s: i64, secure: bool) -> HeaderValue {
    let flags = if secure { "; Secure" } else { "" };
    let text = format!(
        "{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{flags}",
        name(secure),
        max_age_s.max(0)
    );
    let mut value = HeaderValue::from_str(&text).expect("tokens are base64url and the rest is constant");
    value.set_sensitive(true);
    value
}

pub(super) fn clear(secure: bool) -> HeaderValue {
    set("", 0, secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_tls_only_the_prefixed_cookie_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("theme=dark; evenkeel_session=plain; __Host-evenkeel_session=strict"),
        );
        assert_eq!(read(&headers, false), Some("plain"));
        assert_eq!(read(&headers, true), Some("strict"));
        assert_eq!(read(&HeaderMap::new(), false), None);
    }

    #[test]
    fn the_cookie_is_out_of_reach_for_scripts_and_other_sites() {
        assert_eq!(
            set("abc", 60, true),
            "__Host-evenkeel_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
        );
        assert_eq!(clear(false), "evenkeel_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
