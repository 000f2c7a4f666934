//! How much a client may send.

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::Limited;

use super::ProblemDetails;

/// The largest form is the one that changes many instances at once: 2 000 names of 63 bytes would not fit, a selection by hand does.
pub(super) const BODY_MAX_BYTES: usize = 64 * 1024;

pub(super) async fn limit(request: Request, next: Next) -> Response {
    let announced = request.body().size_hint().lower();
    if announced > BODY_MAX_BYTES as u64 {
        let detail = format!("the body has {announced} bytes; at most {BODY_MAX_BYTES} are taken");
        return ProblemDetails::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
    }
    // One that does not announce its length is cut off where the limit is.
    next.run(request.map(|body| Body::new(Limited::new(body, BODY_MAX_BYTES)))).await
}
