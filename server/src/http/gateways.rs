//! `POST /api/gateways/{id}/sync`: a gateway elsewhere tells what it counted, and is told what to do. The answer is held until there is
//! something to do, for a second at most.
//!
//! A bearer token instead of a session, so neither cookies nor the page they were sent from matter here; the token is looked at before a
//! byte of the body is read.

use std::sync::Arc;

use adapters::builtin::fleet::{Fleet, REPORT_MAX_BYTES, SyncRefused, receive};
use axum::{
    Json,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use control::{
    access::BearerToken,
    ports::{Clock as _, SystemClock},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use model::{ApiError, GatewayId};
use tokio::sync::Semaphore;

use super::{Console, ProblemDetails, machine};
use crate::config::Redacted;

pub(super) const PREFIX: &str = "/api/gateways/";
pub(super) const PATH: &str = "/api/gateways/{id}/sync";

/// Reports that are read and answered at once, for each gateway that may be known: one is held while the next arrives.
const AT_ONCE_EACH: usize = 2;

/// Who may report, and to whom. Cheap to clone.
#[derive(Clone)]
pub struct Gateways {
    fleet: Arc<Fleet>,
    token: BearerToken,
    at_once: Arc<Semaphore>,
}

impl Gateways {
    pub fn new(fleet: Arc<Fleet>, token: &Redacted) -> Self {
        let at_once = fleet.limits().max.saturating_mul(AT_ONCE_EACH).min(Semaphore::MAX_PERMITS);
        Self {
            fleet,
            token: BearerToken::new(token.expose()),
            at_once: Arc::new(Semaphore::new(at_once)),
        }
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        self.token.is(machine::token(headers))
    }
}

pub(super) async fn sync(State(console): State<Console>, Path(id): Path<String>, request: Request) -> Response {
    let Some(gateways) = console.gateways() else {
        let detail = "this console takes no gateways; set gateways.token in its settings and start it again";
        return problem(StatusCode::FORBIDDEN, detail);
    };
    if !gateways.lets_in(request.headers()) {
        let detail = "the token is not the one in the console's settings (gateways.token)";
        return ProblemDetails::unauthorized(detail).into_response();
    }
    let id: GatewayId = match id.parse() {
        Ok(id) => id,
        Err(why) => return ProblemDetails::from(ApiError::invalid("id", why.to_string())).into_response(),
    };
    let Ok(_place) = gateways.at_once.try_acquire() else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "too many gateways report at once");
    };
    let stopping = console.stopping();
    tokio::select! {
        biased;
        answer = exchange(&gateways.fleet, &id, request.into_body()) => answer,
        () = stopping.cancelled() => problem(StatusCode::SERVICE_UNAVAILABLE, "the console stops"),
    }
}

async fn exchange(fleet: &Fleet, id: &GatewayId, body: Body) -> Response {
    let body = match Limited::new(body, REPORT_MAX_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let detail = format!("the report has more than {REPORT_MAX_BYTES} bytes");
            return problem(StatusCode::PAYLOAD_TOO_LARGE, detail);
        }
        Err(_) => return problem(StatusCode::BAD_REQUEST, "the report ended before its end"),
    };
    let now_ms = SystemClock.now_ms();
    // A thousand instances take some milliseconds: too long for a thread that others wait for.
    let report = tokio::task::spawn_blocking(move || receive(&body, now_ms)).await;
    let report = match report {
        Ok(Ok(report)) => report,
        Ok(Err(bad)) => return ProblemDetails::from(ApiError::invalid("report", bad.to_string())).into_response(),
        Err(_) => return problem(StatusCode::INTERNAL_SERVER_ERROR, "the report could not be read"),
    };
    match fleet.sync(id, report, now_ms).await {
        Ok(answer) => ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(answer)).into_response(),
        Err(refused @ (SyncRefused::Reserved(_) | SyncRefused::Taken(_))) => problem(StatusCode::CONFLICT, refused.to_string()),
        Err(refused @ SyncRefused::Full(_)) => problem(StatusCode::SERVICE_UNAVAILABLE, refused.to_string()),
    }
}

fn problem(status: StatusCode, detail: impl Into<String>) -> Response {
    ProblemDetails::new(status, detail).into_response()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use adapters::builtin::fleet::Limits;

    use super::*;

    #[test]
    fn only_the_whole_token_lets_in() {
        let limits = Limits {
            silent_after: Duration::from_secs(5),
            max: 1,
        };
        let fleet = Arc::new(Fleet::new(limits, model::GatewayPlan::default(), [0; 32]));
        let gateways = Gateways::new(fleet, &Redacted::new("0123456789abcdef"));
        let lets_in = |sent: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(sent) = sent {
                headers.insert(header::AUTHORIZATION, HeaderValue::from_static(sent));
            }
            gateways.lets_in(&headers)
        };
        assert!(lets_in(Some("Bearer 0123456789abcdef")) && lets_in(Some("bearer 0123456789abcdef")));
        for bad in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer "),
            Some("Bearer 0123456789abcde"),
            Some("Bearer 0123456789abcdefg"),
            Some("Basic 0123456789abcdef"),
            Some("0123456789abcdef"),
        ] {
            assert!(!lets_in(bad), "{bad:?}");
        }
    }
}
