//! A handler that panics answers 500; the connection and everybody else's requests go on.

use std::{any::Any, panic::AssertUnwindSafe};

use axum::{
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt as _;

use super::ProblemDetails;

pub(super) async fn catch(request: Request, next: Next) -> Response {
    // Unwind safe: the request is gone and nothing of it is looked at again; shared state is behind locks that recover.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            tracing::error!(panic = message(&*panic), "a request handler panicked");
            ProblemDetails::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the console failed to answer; the fault is in its log",
            )
            .into_response()
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    async fn broken() -> &'static str {
        panic!("s3cr3t details")
    }

    #[tokio::test]
    async fn a_panic_is_a_500_without_its_details_and_the_next_request_is_answered() {
        let router = Router::new()
            .route("/broken", get(broken))
            .route("/fine", get(|| async { "fine" }))
            .layer(from_fn(catch));
        let ask = |path: &str| router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
        let answer = ask("/broken").await.unwrap();
        assert_eq!(answer.status(), 500);
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("s3cr3t"));
        assert_eq!(ask("/fine").await.unwrap().status(), 200);
    }
}
