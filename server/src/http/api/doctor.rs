//! `POST /api/doctor`: manifests in, what is wrong with them out. For everybody who is signed in; nothing is kept.

use app::api::context::Visitor;
use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, Method, StatusCode, header},
    routing::post,
};
use model::cluster::DoctorAnswer;

use super::{
    super::{Console, ProblemDetails, body::MANIFESTS_MAX_BYTES, session},
    whole,
};

pub(in super::super) const PATH: &str = "/api/doctor";
pub(in super::super) const MUTATING: [(Method, &str); 1] = [(Method::POST, PATH)];

/// What manifests are sent as; the first is the registered one (RFC 9512).
const KINDS: [&str; 5] = [
    "application/yaml",
    "text/yaml",
    "application/x-yaml",
    "text/plain",
    "application/json",
];

pub(in super::super) fn routes() -> Router<Console> {
    let route = Router::new().route(PATH, post(examine));
    route.layer(DefaultBodyLimit::max(MANIFESTS_MAX_BYTES))
}

async fn examine(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<DoctorAnswer>, ProblemDetails> {
    let principal = visitor.principal.ok_or_else(session::signed_out)?;
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !KINDS.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        let detail = format!("the body must be YAML or JSON, with Content-Type: {}", KINDS[0]);
        return Err(ProblemDetails::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let body = whole(body)?;
    let yaml = std::str::from_utf8(&body).map_err(|e| {
        let detail = format!("the body is not UTF-8: the byte at {} begins no character", e.valid_up_to());
        ProblemDetails::new(StatusCode::BAD_REQUEST, detail)
    })?;
    Ok(Json(console.control().doctor(&principal.viewer(), yaml).await?))
}
