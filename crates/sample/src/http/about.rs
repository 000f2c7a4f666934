//! Who this is.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};
use serde_json::json;

use super::App;

/// `GET /health`. Does nothing that could wait: it says that this process answers.
pub(super) async fn health(State(app): State<App>) -> Response {
    Json(json!({"status": "ok", "instance": app.instance()})).into_response()
}

/// `GET /`.
pub(super) async fn about(State(app): State<App>, headers: HeaderMap) -> Response {
    let accepts_html = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let instance = app.instance();
    if accepts_html {
        // The name needs no escaping: it is made of letters, digits, '-', '_' and '.'.
        return Html(format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{instance}</title>\
             <h1>{instance}</h1><p>A sample instance: Monte Carlo simulations of portfolio survival.</p>\
             <ul><li><a href=\"/simulate?scenarios=200&amp;years=30&amp;seed=1\">a small simulation</a></li>\
             <li><a href=\"/health\">health</a></li><li><a href=\"/metrics\">metrics</a></li></ul></html>"
        ))
        .into_response();
    }
    Json(json!({
        "service": "evenkeel sample",
        "instance": instance,
        "version": env!("CARGO_PKG_VERSION"),
        "endpoints": [
            "POST /simulations", "GET /simulations/{id}", "WebSocket /simulations/{id}/progress",
            "GET /simulate", "WebSocket /simulate/progress", "GET /health", "GET /metrics",
        ],
    }))
    .into_response()
}
