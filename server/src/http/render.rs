//! A page is rendered on one thread from its first line to its last, by a runtime that does nothing else.
//!
//! Rendering is work for the processor, some milliseconds of it, and must not hold up the threads that carry live streams. And the values
//! of a reactive application may be bound to the thread that made them (`LocalStorage`): dropped on another one they panic, and a page
//! whose resource has panicked never ends. On a runtime of one thread everything a page starts stays there; it arrives whole, or as a
//! clean 500, and never half.

use std::{thread::available_parallelism, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::timeout;
use tokio_util::task::LocalPoolHandle;

use super::{Console, ProblemDetails, pages::FUNCTIONS};

/// A page of 2 000 instances has some 5 MB; above this something is wrong.
const PAGE_MAX_BYTES: usize = 64 << 20;

/// Longer than the store waits for its database, so that the page can say that it does not answer.
const PAGE_WITHIN: Duration = Duration::from_secs(20);

/// One thread per core; each renders several pages at once while they wait for something.
pub(super) fn threads() -> LocalPoolHandle {
    LocalPoolHandle::new(available_parallelism().map_or(1, usize::from))
}

pub(super) async fn apart(State(console): State<Console>, request: Request, next: Next) -> Response {
    // A function renders nothing, and a command must not share the fate of a page.
    if request.uri().path().starts_with(FUNCTIONS) {
        return next.run(request).await;
    }
    let rendered = console.renderers().spawn_pinned(move || {
        timeout(PAGE_WITHIN, async move {
            let (parts, body) = next.run(request).await.into_parts();
            to_bytes(body, PAGE_MAX_BYTES)
                .await
                .map(|whole| Response::from_parts(parts, Body::from(whole)))
        })
    });
    match rendered.await {
        Ok(Ok(Ok(page))) => page,
        Ok(Ok(Err(error))) => failed(&error),
        Ok(Err(late)) => failed(&late),
        Err(panicked) => failed(&panicked),
    }
}

fn failed(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a page could not be rendered");
    ProblemDetails::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the page could not be rendered; the fault is in the console's log",
    )
    .into_response()
}
