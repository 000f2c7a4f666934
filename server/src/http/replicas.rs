//! What consoles on the same database ask of each other: `GET /api/replicas/snapshots`, `POST /api/replicas/{id}/sync`, and requests that a
//! follower passes on to the leader.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use control::decide::lead::Standing;
use futures::stream;
use http_body_util::BodyExt as _;
use model::{ApiError, GatewayId, Snapshot};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{Console, ProblemDetails, client::ClientAddress, gateways, machine};
use crate::replica::{Passed, Peers};

/// Consoles that follow at once.
pub(super) const FOLLOWERS_MAX: usize = 16;

/// Server functions of what the leader's process alone holds: the breakers of the gateways that report to it.
const OF_THE_LEADER: [&str; 1] = ["/api/fn/reset_breakers"];

/// One line of JSON for each snapshot, from the newest on, while this console leads.
pub(super) async fn snapshots(State(console): State<Console>, headers: HeaderMap) -> Response {
    let Some(peers) = console.peers() else {
        return problem(StatusCode::NOT_FOUND, "this console shares its database with no other");
    };
    if !peers.sent(&headers) {
        return ProblemDetails::unauthorized("this is for consoles on the same database alone").into_response();
    }
    if console.control().fence().is_none() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "this console does not lead");
    }
    let Ok(place) = console.followers().clone().try_acquire_owned() else {
        let detail = format!("{FOLLOWERS_MAX} consoles follow already");
        return problem(StatusCode::SERVICE_UNAVAILABLE, detail);
    };
    let mut snapshots = console.control().snapshots();
    snapshots.mark_changed();
    let telling = Telling {
        console,
        snapshots,
        _place: place,
    };
    let lines = stream::unfold(telling, |mut telling| async move {
        Some((Ok::<_, Infallible>(telling.next().await?), telling))
    });
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"))];
    (kind, Body::from_stream(lines)).into_response()
}

/// A follower's own gateway tells what it counted.
pub(super) async fn sync(State(console): State<Console>, Path(id): Path<String>, request: Request) -> Response {
    let Some(peers) = console.peers() else {
        return problem(StatusCode::NOT_FOUND, "this console shares its database with no other");
    };
    if !peers.sent(request.headers()) {
        return ProblemDetails::unauthorized("this is for consoles on the same database alone").into_response();
    }
    if console.control().fence().is_none() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "this console does not lead");
    }
    let id: GatewayId = match id.parse() {
        Ok(id) => id,
        Err(why) => return ProblemDetails::from(ApiError::invalid("id", why.to_string())).into_response(),
    };
    let Some(_place) = peers.place() else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "too many consoles report at once");
    };
    let stopping = console.stopping();
    tokio::select! {
        biased;
        answer = gateways::exchange(console.fleet(), &id, request.into_body()) => answer,
        () = stopping.cancelled() => problem(StatusCode::SERVICE_UNAVAILABLE, "the console stops"),
    }
}

struct Telling {
    console: Console,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    _place: OwnedSemaphorePermit,
}

impl Telling {
    /// `None` ends it: the console stops, or leads no more.
    async fn next(&mut self) -> Option<Bytes> {
        let stopping = self.console.stopping();
        tokio::select! {
            biased;
            () = stopping.cancelled() => return None,
            changed = self.snapshots.changed() => changed.ok()?,
        }
        let snapshot = self.snapshots.borrow_and_update().clone();
        // A thousand instances take some milliseconds: too long for a thread that others wait for.
        let line = tokio::task::spawn_blocking(move || {
            let mut line = serde_json::to_vec(&*snapshot).ok()?;
            line.push(b'\n');
            Some(Bytes::from(line))
        });
        let line = line.await.ok()??;
        // Last, so that nobody follows one who was deposed.
        self.console.control().fence().map(|_| line)
    }
}

/// Passes on what the leader alone can take: signs of life, load reports, registrations, resets of breakers.
pub(super) async fn to_leader(State(console): State<Console>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_of_leader = request.method() != Method::GET && request.method() != Method::HEAD;
    let is_of_leader = is_of_leader && (machine::is_for(path) || OF_THE_LEADER.contains(&path));
    match console.peers() {
        Some(peers) if is_of_leader && console.control().fence().is_none() => pass_on(&console, peers, request).await,
        _ => next.run(request).await,
    }
}

/// Its body is limited by whoever calls.
pub(super) async fn pass_on(console: &Console, peers: &Peers, request: Request) -> Response {
    if peers.sent(request.headers()) {
        // Who passed it on will hear who leads; it is not sent round in circles.
        return problem(StatusCode::SERVICE_UNAVAILABLE, "this console does not lead any more");
    }
    let leader = match &*console.control().standing().borrow() {
        Standing::Follows { leader } => leader.address.clone(),
        Standing::Leads { .. } | Standing::Unknown { .. } => None,
    };
    let Some(leader) = leader else {
        return problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "no console that could take this leads at the moment",
        );
    };
    let Some(_place) = peers.place() else {
        return problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many requests are passed on to the leading console",
        );
    };
    let client = request.extensions().get::<ClientAddress>().map(|client| client.0);
    let (parts, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long, or ended before its end"),
    };
    let passed = Passed {
        method: &parts.method,
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()),
        headers: &parts.headers,
        client,
        body,
    };
    match peers.pass_on(&leader, passed).await {
        Ok((status, headers, body)) => (status, headers, body).into_response(),
        Err(why) => problem(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the leading console does not answer: {why}"),
        ),
    }
}

fn problem(status: StatusCode, detail: impl Into<String>) -> Response {
    ProblemDetails::new(status, detail).into_response()
}
