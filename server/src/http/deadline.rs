//! No request waits for ever: an answer begins within a fixed time, or it is 503. Bodies that stream (pages, live data) may then go on.

use std::time::Duration;

use axum::{
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::ProblemDetails;

/// Longer than any single wait inside: a database connection, two password hashes in a queue.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn enforce(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ProblemDetails::new(StatusCode::SERVICE_UNAVAILABLE, "the console is too busy to answer in time").into_response(),
    }
}
