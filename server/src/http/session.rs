//! Who asks. Found out once per request; whoever is not signed in sees the sign-in page and nothing else.

use std::net::IpAddr;

use app::api::context::Visitor;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, Uri},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use control::access::Principal;
use model::ApiError;

use super::{Console, ProblemDetails, client::ClientAddress, cookie, next};

/// The presented session token, as a request extension. Not printable.
#[derive(Clone)]
pub(super) struct SessionToken(pub(super) String);

/// What a visitor sees without a session.
const OPEN: &[&str] = &["/sign-in", "/setup", "/sign-out"];

pub(super) async fn identify(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    let from = request
        .extensions()
        .get::<ClientAddress>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |c| c.0);
    let token = cookie::read(request.headers(), console.is_secure()).map(str::to_owned);
    let principal = match principal(&console, request.headers(), from).await {
        Ok(principal) => principal,
        Err(error) => return ProblemDetails::from(error).into_response(),
    };
    let (method, uri) = (request.method().clone(), request.uri().clone());
    if let Err(answer) = admit(&console, &method, &uri, principal.is_some()).await {
        return *answer;
    }
    if let Some(token) = token {
        request.extensions_mut().insert(SessionToken(token));
    }
    request.extensions_mut().insert(Visitor { principal, from });
    next.run(request).await
}

/// Who the request's cookie stands for.
pub(super) async fn principal(console: &Console, headers: &HeaderMap, from: IpAddr) -> Result<Option<Principal>, ApiError> {
    match cookie::read(headers, console.is_secure()) {
        Some(token) => console.control().accounts().authenticate(token, from).await,
        None => Ok(None),
    }
}

async fn admit(console: &Console, method: &Method, uri: &Uri, signed_in: bool) -> Result<(), Box<Response>> {
    let path = uri.path();
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let answer = |response: Response| Err(Box::new(response));
    if signed_in {
        if path == "/sign-in" && reads {
            return answer(Redirect::to(&wanted(uri.query())).into_response());
        }
        return Ok(());
    }
    if OPEN.contains(&path) {
        return Ok(());
    }
    if path.starts_with("/api/") || !reads {
        return answer(ProblemDetails::from(ApiError::SignedOut).into_response());
    }
    // Before there is an admin nobody can sign in; the set-up page says where its link is.
    if matches!(console.control().accounts().needs_setup().await, Ok(true)) {
        return answer(Redirect::to("/setup").into_response());
    }
    // Back to where they wanted to go; the plain overview needs no mention.
    let target = uri.path_and_query().map_or("/", |t| t.as_str());
    let target = if target == "/" { "" } else { target };
    answer(Redirect::to(&next::with_query("/sign-in", &[("next", target)])).into_response())
}

/// The `next` of a sign-in page that somebody who is signed in opens again.
fn wanted(query: Option<&str>) -> String {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let next = pairs.filter(|(name, _)| name == "next").map(|(_, value)| value).next();
    next::safe(next.as_deref().unwrap_or("/")).to_owned()
}

/// For handlers that need a session although no gate stands before them.
pub(super) fn signed_out() -> ProblemDetails {
    ApiError::SignedOut.into()
}
