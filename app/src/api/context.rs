//! What surrounds a server function or a page on the server: who asks, the [`Control`](control::Control) handle, the response under way.
//! The only module that knows that there is a server; in the browser its functions do nothing.

use crate::theme::Theme;

/// What the document needs to know of its request.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub theme: Theme,
    /// How wide the navigation is, as in [`theme::nav`](crate::theme::nav).
    pub nav: &'static str,
    pub nonce: Option<String>,
}

/// The answer's status, unless it is a plain form's redirect. Does nothing in the browser.
pub fn answer_status(status: u16) {
    #[cfg(feature = "ssr")]
    server::answer_status(status);
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}

/// Sets the page's security policy and tells what the request asked for.
pub fn open_page() -> Page {
    #[cfg(feature = "ssr")]
    let page = server::open_page();
    #[cfg(not(feature = "ssr"))]
    let page = Page::default();
    page
}

#[cfg(feature = "ssr")]
pub use server::{Visitor, answer, change_pool, control, pages, system_admin, viewer};

#[cfg(feature = "ssr")]
mod server {
    use std::{net::IpAddr, sync::LazyLock};

    use control::{
        Control,
        access::{Principal, SystemAdmin, Viewer},
    };
    use http::{HeaderValue, StatusCode, header, request::Parts};
    use leptos::{nonce::use_nonce, prelude::use_context};
    use leptos_axum::{AxumRouteListing, ResponseOptions, generate_route_list};
    use model::{ApiError, PoolChange, PoolId, change::Changed};

    use super::{Page, Theme};
    use crate::{App, api::Problem, theme};

    /// Who sent this request; provided by the server for every page and server function.
    #[derive(Debug, Clone)]
    pub struct Visitor {
        pub principal: Option<Principal>,
        pub from: IpAddr,
    }

    /// Every page's address. Found once in a process: while Leptos walks the routes it holds back every resource of every page that is
    /// being rendered, for good (leptos-rs/leptos#4773), so a console that starts beside a running one would hang the other's pages.
    pub fn pages() -> Vec<AxumRouteListing> {
        static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));
        PAGES.clone()
    }

    pub fn control() -> Result<Control, Problem> {
        use_context::<Control>().ok_or_else(|| Problem(ApiError::unavailable("the console", "it is still starting")))
    }

    pub fn viewer() -> Result<Viewer, Problem> {
        principal().map(|who| who.viewer())
    }

    pub fn system_admin() -> Result<SystemAdmin, Problem> {
        answer(principal()?.system_admin())
    }

    /// Changes a pool's policy in the name of who asks, if that is a system admin.
    pub async fn change_pool(pool: &PoolId, expected_version: u64, change: PoolChange) -> Result<Changed, Problem> {
        let who = system_admin()?;
        answer(control()?.change_pool(&who, pool, expected_version, &change).await)
    }

    /// The result, with its HTTP status set.
    pub fn answer<T>(result: Result<T, ApiError>) -> Result<T, Problem> {
        result.map_err(|error| {
            answer_status(error.status());
            Problem(error)
        })
    }

    fn principal() -> Result<Principal, Problem> {
        answer(use_context::<Visitor>().and_then(|v| v.principal).ok_or(ApiError::SignedOut))
    }

    pub(super) fn answer_status(status: u16) {
        let parts = use_context::<Parts>();
        // A plain form's answer is the redirect back to its page; the page tells what went wrong.
        let plain_form = parts.is_some_and(|p| {
            let html = p
                .headers
                .get(header::ACCEPT)
                .and_then(|v| v.to_str().ok())
                .is_some_and(|v| v.contains("text/html"));
            html && p.uri.path().starts_with("/api/")
        });
        if plain_form {
            return;
        }
        if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
            response.set_status(status);
        }
    }

    pub(super) fn open_page() -> Page {
        let nonce = use_nonce().map(|nonce| nonce.to_string());
        if let (Some(nonce), Some(response)) = (&nonce, use_context::<ResponseOptions>())
            && let Ok(policy) = HeaderValue::from_str(&security_policy(nonce))
        {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
        let Some(parts) = use_context::<Parts>() else {
            return Page { nonce, ..Page::default() };
        };
        let cookies: Vec<&str> = parts
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .collect();
        let cookies = cookies.join("; ");
        // `?theme=` before the cookie, so that a link can be sent in the colours it was seen in.
        let from_query = parts.uri.query().and_then(|query| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .filter(|(name, _)| *name == theme::COOKIE)
                .find_map(|(_, value)| value.parse().ok())
        });
        Page {
            theme: from_query.unwrap_or_else(|| Theme::from_cookies(&cookies)),
            nav: theme::nav::from_cookies(&cookies),
            nonce,
        }
    }

    /// Nothing is loaded from anywhere else, and inline scripts only with this answer's nonce.
    fn security_policy(nonce: &str) -> String {
        format!(
            "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
        )
    }
}
