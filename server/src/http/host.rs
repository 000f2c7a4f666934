//! DNS rebinding: a page elsewhere whose name is made to point here must not reach the console under that name.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Console, ProblemDetails, machine};
use crate::config::PublicUrl;

/// Refuses a `Host` that is not one of ours with 421 (Misdirected Request, RFC 9110 §15.5.20).
pub(super) async fn check(State(console): State<Console>, request: Request, next: Next) -> Response {
    let host = host_of(&request);
    // A page that came here under a foreign name has no token to show, and a machine may know us by any name.
    let is_machine = machine::asks(request.uri().path(), request.headers());
    if is_machine || is_ours(host, console.is_loopback(), console.settings().public_url.as_ref()) {
        next.run(request).await
    } else {
        let detail = "this console does not answer to that host name; add it as console.public_url if it should";
        ProblemDetails::new(StatusCode::MISDIRECTED_REQUEST, detail).into_response()
    }
}

/// The host and port the client asked for: the request line's before the header's (RFC 9112 §3.2.2).
pub(super) fn host_of(request: &Request) -> &str {
    let authority = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let header = || request.headers().get(header::HOST).and_then(|h| h.to_str().ok());
    authority.or_else(header).unwrap_or_default()
}

/// On a loopback address only this machine's own names and the public URL's host; elsewhere also any literal address, which no DNS
/// answer can forge, and, without a public URL, any name.
fn is_ours(host: &str, loopback: bool, public: Option<&PublicUrl>) -> bool {
    let name = without_port(host);
    if name.is_empty() {
        return false;
    }
    let local = name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]");
    let public_host = public.is_some_and(|url| url.host().eq_ignore_ascii_case(name));
    let literal = || name.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok();
    local || public_host || (!loopback && (public.is_none() || literal()))
}

fn without_port(host: &str) -> &str {
    if let Some(end) = host.strip_prefix('[').and_then(|rest| rest.find(']')) {
        return &host[..end + 2];
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_answered() {
        let url: PublicUrl = "https://ops.example.com".parse().unwrap();
        let cases = [
            ("127.0.0.1:3000", true, None, true),
            ("LOCALHOST:3000", true, None, true),
            ("[::1]:3000", true, None, true),
            ("evil.example", true, None, false),
            ("evil.example", true, Some(&url), false),
            ("ops.example.com", true, Some(&url), true),
            ("OPS.example.com:443", true, Some(&url), true),
            ("127.0.0.1.evil.example", true, None, false),
            ("192.168.0.5:3000", true, None, false),
            ("192.168.0.5:3000", false, None, true),
            ("nas.local:3000", false, None, true),
            ("nas.local:3000", false, Some(&url), false),
            ("192.168.0.5:3000", false, Some(&url), true),
            ("", true, None, false),
        ];
        for (host, loopback, public, expected) in cases {
            assert_eq!(is_ours(host, loopback, public), expected, "{host} loopback={loopback}");
        }
    }
}
