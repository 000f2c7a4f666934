//! REST, by noun. Each handler is what a server function is: who, call, answer.

pub(super) mod doctor;
pub(super) mod series;
pub(super) mod services;

use axum::{
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;

use super::ProblemDetails;

/// Characters of a parser's complaint that are handed on: it quotes what was sent.
const COMPLAINT_MAX_CHARS: usize = 200;

/// A body in JSON.
fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<T, ProblemDetails> {
    let body = whole(body)?;
    let is_json = |kind: &str| {
        kind.split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(is_json) {
        let detail = "the body must be JSON, with Content-Type: application/json";
        return Err(ProblemDetails::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    serde_json::from_slice(&body).map_err(|error| {
        let complaint: String = error.to_string().chars().take(COMPLAINT_MAX_CHARS).collect();
        ProblemDetails::new(StatusCode::BAD_REQUEST, format!("the body is not as expected: {complaint}"))
    })
}

/// A body in JSON, or what stands for none.
fn json_or_default<T: DeserializeOwned + Default>(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<T, ProblemDetails> {
    let body = whole(body)?;
    if body.is_empty() {
        return Ok(T::default());
    }
    json(headers, Ok(body))
}

fn whole(body: Result<Bytes, BytesRejection>) -> Result<Bytes, ProblemDetails> {
    // Its length was not announced, or it ended early.
    body.map_err(|rejection| ProblemDetails::new(rejection.status(), "the body is too large or did not come whole"))
}
