//! How much a client may send.

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::Limited;
use model::cluster::DoctorAnswer;

use super::ProblemDetails;

/// The largest form is the one that changes many instances at once: 2 000 names of 63 bytes would not fit, a selection by hand does.
pub(super) const BODY_MAX_BYTES: usize = 64 * 1024;

/// Manifests for the doctor, as they are.
pub(super) const MANIFESTS_MAX_BYTES: usize = DoctorAnswer::INPUT_MAX_BYTES;
/// The same in JSON, which writes a line break as two characters.
const MANIFESTS_JSON_MAX_BYTES: usize = 2 * MANIFESTS_MAX_BYTES;

/// By the path.
fn most(path: &str) -> usize {
    match path {
        super::api::doctor::PATH => MANIFESTS_MAX_BYTES,
        "/api/fn/doctor" => MANIFESTS_JSON_MAX_BYTES,
        _ => BODY_MAX_BYTES,
    }
}

pub(super) async fn limit(request: Request, next: Next) -> Response {
    let announced = request.body().size_hint().lower();
    let most = most(request.uri().path());
    if announced > most as u64 {
        let detail = format!("the body has {announced} bytes; at most {most} are taken");
        return ProblemDetails::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
    }
    // One that does not announce its length is cut off where the limit is.
    next.run(request.map(|body| Body::new(Limited::new(body, most)))).await
}
