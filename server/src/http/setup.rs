//! `POST /setup`: the printed one-time link makes the first system admin.

use axum::{
    Extension, Form,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use model::ApiError;
use serde::Deserialize;

use super::{
    Console, ProblemDetails,
    accept::wants_json,
    client::ClientAddress,
    next,
    session::SessionToken,
    sign_in::{end_old, told, welcome},
};

#[derive(Deserialize)]
pub(super) struct Setup {
    #[serde(default)]
    token: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

pub(super) async fn setup(
    State(console): State<Console>,
    Extension(from): Extension<ClientAddress>,
    old: Option<Extension<SessionToken>>,
    headers: HeaderMap,
    Form(form): Form<Setup>,
) -> Response {
    let done = console
        .control()
        .accounts()
        .setup(&form.token, &form.name, &form.password, from.0)
        .await;
    match done {
        Ok(signed_in) => {
            end_old(&console, old).await;
            tracing::info!(
                name = signed_in.user.name.as_str(),
                "the first system admin was made by the one-time link"
            );
            welcome(&console, &headers, &signed_in, "/")
        }
        Err(error) if wants_json(&headers) => ProblemDetails::from(error).into_response(),
        Err(ApiError::Invalid { field, reason }) => {
            let query = [("token", form.token.as_str()), ("error", &field), ("reason", &reason)];
            Redirect::to(&next::with_query("/setup", &query)).into_response()
        }
        Err(error) => {
            let (code, retry) = told(&error);
            let query = [
                ("token", form.token.as_str()),
                ("error", code),
                ("retry", &retry),
                ("reason", &error.to_string()),
            ];
            Redirect::to(&next::with_query("/setup", &query)).into_response()
        }
    }
}
