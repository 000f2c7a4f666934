//! `POST /sign-in`: name and password for a session.

use axum::{
    Extension, Form,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use control::access::SignedIn;
use model::ApiError;
use serde::{Deserialize, Serialize};

use super::{Console, ProblemDetails, accept::wants_json, client::ClientAddress, cookie, next, session::SessionToken};

#[derive(Deserialize)]
pub(super) struct SignIn {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn sign_in(
    State(console): State<Console>,
    Extension(from): Extension<ClientAddress>,
    old: Option<Extension<SessionToken>>,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Response {
    let next = next::safe(&form.next);
    match console.control().accounts().sign_in(&form.name, &form.password, from.0).await {
        Ok(signed_in) => {
            end_old(&console, old).await;
            welcome(&console, &headers, &signed_in, next)
        }
        Err(error) if wants_json(&headers) => ProblemDetails::from(error).into_response(),
        Err(error) => {
            let (code, retry) = told(&error);
            Redirect::to(&next::with_query("/sign-in", &[("error", code), ("retry", &retry), ("next", next)])).into_response()
        }
    }
}

/// A browser holds one session: the one it had before ends, so that a token planted there is worth nothing.
pub(super) async fn end_old(console: &Console, old: Option<Extension<SessionToken>>) {
    if let Some(Extension(SessionToken(token))) = old
        && let Err(error) = console.control().accounts().sign_out(&token).await
    {
        tracing::warn!(%error, "the session before this sign-in could not be ended");
    }
    console.session_ended();
}

#[derive(Serialize)]
struct Welcome<'a> {
    name: &'a str,
    role: model::Role,
    next: &'a str,
}

/// Sets the cookie and leads on.
pub(super) fn welcome(console: &Console, headers: &HeaderMap, signed_in: &SignedIn, next: &str) -> Response {
    let left_ms = signed_in.expires_at_ms.saturating_sub(now_ms());
    let cookie = cookie::set(signed_in.token.expose(), left_ms / 1_000, console.is_secure());
    let set = [(header::SET_COOKIE, cookie)];
    if wants_json(headers) {
        let body = Welcome {
            name: signed_in.user.name.as_str(),
            role: signed_in.user.role,
            next,
        };
        (StatusCode::OK, set, axum::Json(body)).into_response()
    } else {
        (set, Redirect::to(next)).into_response()
    }
}

fn now_ms() -> i64 {
    use control::ports::{Clock as _, SystemClock};
    SystemClock.now_ms()
}

/// What the sign-in page is told: never which half was wrong.
pub(super) fn told(error: &ApiError) -> (&'static str, String) {
    match error {
        ApiError::TooManyRequests { retry_after_s } => ("throttled", retry_after_s.to_string()),
        ApiError::WrongCredentials => ("wrong", String::new()),
        _ => ("unavailable", String::new()),
    }
}
