//! Pages and server functions: Leptos renders, we provide who asks and what it may reach.

use app::{
    api::context::{Visitor, pages},
    shell,
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes as _, ResponseOptions, render_app_async_with_context};

use super::{Console, ProblemDetails};

/// Server functions live here.
pub(super) const FUNCTIONS: &str = "/api/fn/";

/// Every page of the application and every server function.
pub(super) fn routes(console: &Console) -> Router<Console> {
    let options = console.leptos().clone();
    let handle = console.clone();
    Router::new().leptos_routes_with_context(console, pages(), move || surround(&handle), move || shell(options.clone()))
}

/// What `app::api::context` finds.
fn surround(console: &Console) {
    provide_context(console.control().clone());
    provide_context(console.site().assets().clone());
    if let Some(visitor) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Visitor>().cloned()) {
        provide_context(visitor);
    }
}

/// Whatever is no page: the application's own "not found" for a person, problem details for everything else.
pub(super) async fn not_found(State(console): State<Console>, request: Request) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || request.uri().path().starts_with("/api/") || !super::accept::wants_page(request.headers()) {
        return ProblemDetails::new(StatusCode::NOT_FOUND, "there is nothing at this address").into_response();
    }
    let options = console.leptos().clone();
    let around = move || {
        surround(&console);
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(StatusCode::NOT_FOUND);
        }
    };
    render_app_async_with_context(around, move || shell(options.clone()))(request)
        .await
        .into_response()
}

/// A plain form is led back to its page by the `Referer` header; one that is not from here leads nowhere.
pub(super) async fn own_referer(mut request: Request, next: axum::middleware::Next) -> Response {
    if request.uri().path().starts_with(FUNCTIONS) {
        let host = super::host::host_of(&request).to_owned();
        let referer = request.headers().get(header::REFERER).and_then(|v| v.to_str().ok());
        let own = referer
            .and_then(|r| r.parse::<axum::http::Uri>().ok())
            .is_some_and(|r| r.authority().is_some_and(|a| a.as_str() == host));
        if !own {
            request.headers_mut().remove(header::REFERER);
        }
    }
    let response: Response<Body> = next.run(request).await;
    response
}
