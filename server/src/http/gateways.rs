//! `POST /api/gateways/{id}/sync`: a gateway elsewhere tells what it counted, and is told what to do. The answer is held until there is
//! something to do, or the report has been looked at.
//!
//! A bearer token instead of a session, so neither cookies nor the page they were sent from matter here; the token is looked at before a
//! byte of the body is read.

use std::{collections::HashMap, sync::Arc, time::Duration};

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
use parking_lot::Mutex;
use tokio::time::timeout;

use super::{Console, ProblemDetails, machine, replicas};
use crate::config::Redacted;

pub(super) const PREFIX: &str = "/api/gateways/";
pub(super) const PATH: &str = "/api/gateways/{id}/sync";

/// Reports of one name that are read and answered at once: one is held while the next arrives, and so with the process that takes over.
const AT_ONCE_EACH: usize = 4;
/// Names that report at once, for each gateway that may be known.
const NAMES_EACH: usize = 2;
/// A report that is passed on: its body, and the leader's answer.
const PASSED_WITHIN: Duration = Duration::from_secs(12);
/// A gateway writes what it has ready.
const BODY_WITHIN: Duration = Duration::from_secs(5);

/// Who may report, and to whom. Cheap to clone.
#[derive(Clone)]
pub struct Gateways {
    fleet: Arc<Fleet>,
    token: BearerToken,
    places: Places,
}

impl Gateways {
    pub fn new(fleet: Arc<Fleet>, token: &Redacted) -> Self {
        Self {
            places: Places::new(fleet.limits().max.saturating_mul(NAMES_EACH)),
            fleet,
            token: BearerToken::new(token.expose()),
        }
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        self.token.is(machine::token(headers))
    }
}

/// How many reports of each name are under way: one gateway cannot take the places of the others.
#[derive(Clone)]
struct Places {
    taken: Arc<Mutex<HashMap<GatewayId, usize>>>,
    names_max: usize,
}

/// Given back when dropped.
struct Place {
    places: Places,
    id: GatewayId,
}

impl Places {
    fn new(names_max: usize) -> Self {
        Self {
            taken: Arc::default(),
            names_max,
        }
    }

    fn take(&self, id: &GatewayId) -> Option<Place> {
        let mut taken = self.taken.lock();
        if !taken.contains_key(id) && taken.len() >= self.names_max {
            return None;
        }
        let count = taken.entry(id.clone()).or_default();
        if *count >= AT_ONCE_EACH {
            return None;
        }
        *count += 1;
        Some(Place {
            places: self.clone(),
            id: id.clone(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        if let Some(count) = taken.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.id);
            }
        }
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
    let Some(_place) = gateways.places.take(&id) else {
        let detail = format!("too many reports at once: {AT_ONCE_EACH} of each gateway are taken");
        return problem(StatusCode::SERVICE_UNAVAILABLE, detail);
    };
    if let Some(peers) = console.peers().filter(|_| console.control().fence().is_none()) {
        // They are heard by the leader, whichever console they find.
        let request = request.map(|body| Body::new(Limited::new(body, REPORT_MAX_BYTES)));
        return timeout(PASSED_WITHIN, replicas::pass_on(&console, peers, request))
            .await
            .unwrap_or_else(|_| problem(StatusCode::REQUEST_TIMEOUT, "the report did not arrive in time"));
    }
    let stopping = console.stopping();
    tokio::select! {
        biased;
        answer = exchange(&gateways.fleet, &id, request.into_body()) => answer,
        () = stopping.cancelled() => problem(StatusCode::SERVICE_UNAVAILABLE, "the console stops"),
    }
}

pub(super) async fn exchange(fleet: &Fleet, id: &GatewayId, body: Body) -> Response {
    let body = match timeout(BODY_WITHIN, Limited::new(body, REPORT_MAX_BYTES).collect()).await {
        Err(_) => return problem(StatusCode::REQUEST_TIMEOUT, "the report did not arrive in time"),
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let detail = format!("the report has more than {REPORT_MAX_BYTES} bytes");
            return problem(StatusCode::PAYLOAD_TOO_LARGE, detail);
        }
        Ok(Err(_)) => return problem(StatusCode::BAD_REQUEST, "the report ended before its end"),
    };
    let arrived_at_ms = SystemClock.now_ms();
    // A thousand instances take some milliseconds: too long for a thread that others wait for.
    let report = tokio::task::spawn_blocking(move || receive(&body)).await;
    let report = match report {
        Ok(Ok(report)) => report,
        Ok(Err(bad)) => return ProblemDetails::from(ApiError::invalid("report", bad.to_string())).into_response(),
        Err(_) => return problem(StatusCode::INTERNAL_SERVER_ERROR, "the report could not be read"),
    };
    match fleet.sync(id, report, arrived_at_ms).await {
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
    use adapters::builtin::fleet::Limits;

    use super::*;

    #[test]
    fn one_gateway_does_not_take_the_places_of_the_others() {
        let places = Places::new(2);
        let id = |name: &str| GatewayId::new(name).unwrap();
        let mut held: Vec<_> = (0..AT_ONCE_EACH).map(|_| places.take(&id("eu-1")).unwrap()).collect();
        assert!(places.take(&id("eu-1")).is_none());
        let other = places.take(&id("eu-2"));
        assert!(other.is_some() && places.take(&id("eu-3")).is_none());
        held.pop();
        assert!(places.take(&id("eu-1")).is_some());
        drop(other);
        assert!(places.take(&id("eu-3")).is_some(), "a name that nobody uses leaves nothing behind");
    }

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
