//! Cross-site requests: what a page elsewhere makes a signed-in browser send must not do anything here.
//!
//! Every request but GET and HEAD has to show that one of our own pages sent it, by `Sec-Fetch-Site` (which no page can forge) or, where
//! the browser does not send that (plain http on another machine), by `Origin`. Below `/api/` reading too: an answer there is for our
//! own scripts alone. Nothing changes anything by GET, so pages may be linked to from anywhere.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Console, ProblemDetails, host::host_of, machine};

pub(super) async fn check(State(console): State<Console>, request: Request, next: Next) -> Response {
    let public = console.settings().public_url.as_ref().map(crate::config::PublicUrl::origin);
    let asked = Asked {
        method: request.method(),
        path: request.uri().path(),
        site: text(request.headers(), "sec-fetch-site"),
        origin: text(request.headers(), header::ORIGIN.as_str()),
        host: host_of(&request),
        public: public.as_deref(),
        machine: machine::asks(request.uri().path(), request.headers()),
    };
    match decide(&asked) {
        Ok(()) => next.run(request).await,
        Err(why) => ProblemDetails::new(StatusCode::FORBIDDEN, why).into_response(),
    }
}

/// A header that is there but unreadable is not the same as absent.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|v| v.to_str().unwrap_or("?"))
}

struct Asked<'a> {
    method: &'a Method,
    path: &'a str,
    site: Option<&'a str>,
    origin: Option<&'a str>,
    host: &'a str,
    public: Option<&'a str>,
    /// It brings a token, which no page can make a browser add.
    machine: bool,
}

fn decide(asked: &Asked<'_>) -> Result<(), &'static str> {
    let reads = matches!(*asked.method, Method::GET | Method::HEAD);
    if reads && !asked.path.starts_with("/api/") {
        return Ok(());
    }
    match (asked.site, asked.origin) {
        (Some("same-origin" | "none"), _) => Ok(()),
        (Some(_), _) => Err("this request was sent by a page of another site"),
        (None, Some(origin)) if is_own(origin, asked.host, asked.public) => Ok(()),
        (None, Some(_)) => Err("this request was sent by a page of another origin"),
        (None, None) if reads || asked.machine => Ok(()),
        (None, None) if machine::is_for(asked.path) => Err("this request brings no token; send the registry's as Authorization: Bearer"),
        (None, None) => Err("this request does not tell which page sent it; send an Origin header"),
    }
}

/// The public URL's origin, or the very host and port that were asked for.
fn is_own(origin: &str, host: &str, public: Option<&str>) -> bool {
    if public.is_some_and(|own| own.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    !host.is_empty() && authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(method: &'a Method, path: &'a str, site: Option<&'a str>, origin: Option<&'a str>) -> Asked<'a> {
        Asked {
            method,
            path,
            site,
            origin,
            host: "127.0.0.1:3000",
            public: Some("https://ops.example.com"),
            machine: false,
        }
    }

    #[test]
    fn only_our_own_pages_may_change_anything() {
        let (own, public, evil) = (
            Some("http://127.0.0.1:3000"),
            Some("https://ops.example.com"),
            Some("https://evil.example"),
        );
        let cases = [
            (None, own, true),
            (None, public, true),
            (None, evil, false),
            (None, Some("null"), false),
            (None, Some("http://127.0.0.1:3001"), false),
            (None, Some("http://127.0.0.1:3000.evil.example"), false),
            (None, Some("?"), false),
            (None, None, false),
            (Some("same-origin"), own, true),
            (Some("none"), None, true),
            (Some("same-site"), own, false),
            (Some("cross-site"), own, false),
            (Some("?"), own, false),
        ];
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            for path in ["/sign-out", "/api/fn/change_algorithm", "/anything"] {
                for (site, origin, expected) in cases {
                    assert_eq!(
                        decide(&asked(&method, path, site, origin)).is_ok(),
                        expected,
                        "{method} {path} {site:?} {origin:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_machine_need_not_say_which_page_it_is_and_a_page_is_no_machine() {
        let (post, path) = (Method::POST, "/api/scalability/services/register");
        let machine = |site, origin| Asked {
            machine: true,
            ..asked(&post, path, site, origin)
        };
        assert!(decide(&machine(None, None)).is_ok());
        assert!(decide(&machine(Some("cross-site"), None)).is_err());
        assert!(decide(&machine(None, Some("https://evil.example"))).is_err());
    }

    #[test]
    fn reading_an_api_from_elsewhere_is_refused_and_a_link_to_a_page_is_not() {
        let get = Method::GET;
        assert!(decide(&asked(&get, "/pools", Some("cross-site"), None)).is_ok());
        assert!(decide(&asked(&get, "/api/live", Some("cross-site"), None)).is_err());
        assert!(decide(&asked(&get, "/api/live", None, Some("https://evil.example"))).is_err());
        assert!(decide(&asked(&get, "/api/live", None, None)).is_ok());
        assert!(decide(&asked(&get, "/api/live", Some("same-origin"), None)).is_ok());
    }
}
