//! `/health`: the process answers. `/ready`: it has something to show.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse, response::Response};
use serde::Serialize;

use super::{Console, ProblemDetails};

/// Older data than this means that the collect loop stands still: it runs once a second and gives each source a deadline.
const DATA_MAX_AGE_MS: i64 = 15_000;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

pub(super) async fn health() -> impl IntoResponse {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    snapshot: u64,
    age_ms: i64,
    sources_down: usize,
}

/// A source that is down does not make the console unready: showing that is what it is for.
pub(super) async fn ready(State(console): State<Console>) -> Response {
    let status = console.control().live_status();
    if status.seq == 0 {
        return ProblemDetails::new(StatusCode::SERVICE_UNAVAILABLE, "no snapshot has been taken yet").into_response();
    }
    if status.age_ms > DATA_MAX_AGE_MS {
        let detail = format!("the newest snapshot is {} s old", status.age_ms / 1_000);
        return ProblemDetails::new(StatusCode::SERVICE_UNAVAILABLE, detail).into_response();
    }
    Json(Ready {
        status: "ready",
        snapshot: status.seq,
        age_ms: status.age_ms,
        sources_down: status.sources_down.len(),
    })
    .into_response()
}
