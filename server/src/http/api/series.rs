//! `GET /api/series.csv`: measured values as a file, as finely as they are kept. For everybody who is signed in.

use app::api::context::Visitor;
use axum::{
    Extension, Router,
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use control::{Export, ExportQuery};
use futures::TryStreamExt as _;
use model::{ApiError, Resolution, SeriesKey, time::iso};
use serde::Deserialize;

use super::super::{Console, ProblemDetails, session};

pub(in super::super) fn routes() -> Router<Console> {
    Router::new().route("/api/series.csv", get(csv))
}

/// From when to when, or the last so much.
#[derive(Deserialize)]
struct Asked {
    keys: String,
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    last_ms: Option<i64>,
    points: Option<u16>,
}

impl Asked {
    fn query(&self, now_ms: i64) -> Result<ExportQuery, ApiError> {
        let keys = self.keys.split(',').map(str::parse).collect::<Result<Vec<SeriesKey>, _>>()?;
        let (from_ms, to_ms) = match (self.from_ms, self.to_ms, self.last_ms) {
            (Some(from_ms), Some(to_ms), None) => (from_ms, to_ms),
            (None, None, Some(last_ms)) if last_ms >= 0 => (now_ms.saturating_sub(last_ms).max(0), now_ms),
            _ => return Err(ApiError::invalid("from_ms", "give from_ms and to_ms, or last_ms")),
        };
        Ok(ExportQuery {
            keys,
            from_ms,
            to_ms,
            points: self.points,
        })
    }
}

async fn csv(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ProblemDetails> {
    let principal = visitor.principal.ok_or_else(session::signed_out)?;
    let Query(asked) = asked.map_err(|e| ProblemDetails::new(e.status(), "give keys (series, comma between them), from_ms and to_ms"))?;
    let query = asked.query(console.control().now_ms())?;
    let export = console.control().export(&principal.viewer(), &query).await?;
    let name = name(&query, &export);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).unwrap_or(HeaderValue::from_static("attachment")),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let body = Body::from_stream(export.text.inspect_err(|error| {
        // The file ends early, which its reader notices: a body without its end is no body.
        tracing::warn!(%error, "an export was cut off");
    }));
    Ok((headers, body).into_response())
}

/// `evenkeel-20261120T185200Z-1min.csv`: until when, and how finely.
fn name(query: &ExportQuery, export: &Export) -> String {
    let until: String = iso(query.to_ms).chars().take(19).filter(char::is_ascii_alphanumeric).collect();
    let step = match export.resolution {
        Resolution::Second => "1s",
        Resolution::TenSeconds => "10s",
        Resolution::Minute => "1min",
        Resolution::QuarterHour => "15min",
    };
    format!("evenkeel-{until}Z-{step}.csv")
}
