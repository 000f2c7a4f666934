//! `POST /sign-out`: ends the session, here and in every open stream.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{Console, ProblemDetails, accept::wants_json, cookie, session::SessionToken};

pub(super) async fn sign_out(State(console): State<Console>, token: Option<Extension<SessionToken>>, headers: HeaderMap) -> Response {
    if let Some(Extension(SessionToken(token))) = token {
        if let Err(error) = console.control().accounts().sign_out(&token).await {
            // The cookie stays: the session is still open, and saying otherwise would be a lie.
            return ProblemDetails::from(error).into_response();
        }
        console.session_ended();
    }
    let clear = [(header::SET_COOKIE, cookie::clear(console.is_secure()))];
    if wants_json(&headers) {
        (StatusCode::NO_CONTENT, clear).into_response()
    } else {
        (clear, Redirect::to("/sign-in")).into_response()
    }
}
