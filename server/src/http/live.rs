//! `GET /api/live?view=…`: frames as server-sent events (WHATWG HTML §9.2). The JSON bytes are shared between all listeners of a view;
//! a client costs its socket and a few dozen bytes per frame.

use std::{collections::VecDeque, convert::Infallible, net::IpAddr, time::Duration};

use app::api::context::Visitor;
use axum::{
    Extension,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use control::{LiveFrame, LiveStream};
use futures::{StreamExt as _, stream};
use model::{FrameId, UserId, ViewKey};
use serde::Deserialize;
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    Console, ProblemDetails,
    session::{SessionToken, signed_out},
};

/// Listeners at once. Twice what the console is measured with; each costs a socket and some 20 kB.
pub(super) const STREAMS_MAX: usize = 2_000;

/// Comments that keep proxies and the browser from giving up on a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// The session is looked up again with every second heartbeat: a sign-out here ends the stream at once, one made elsewhere (another
/// console, the command line) within this time.
const HEARTBEATS_PER_LOOK: u32 = 2;

/// First thing sent: reconnect after a second.
const RETRY: Bytes = Bytes::from_static(b"retry: 1000\n\n");
const COMMENT: Bytes = Bytes::from_static(b":\n\n");
const END: Bytes = Bytes::from_static(b"\n\n");

/// For nginx: do not collect the stream.
const UNBUFFERED: (HeaderName, HeaderValue) = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

#[derive(Deserialize)]
pub(super) struct Asked {
    view: Option<String>,
    after: Option<String>,
}

pub(super) async fn live(
    State(console): State<Console>,
    Extension(visitor): Extension<Visitor>,
    token: Option<Extension<SessionToken>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, ProblemDetails> {
    let (Some(principal), Some(Extension(SessionToken(token)))) = (visitor.principal, token) else {
        return Err(signed_out());
    };
    let view: ViewKey = asked.view.as_deref().unwrap_or("overview").parse().map_err(model::ApiError::from)?;
    // The header is the browser's own memory and newer than the address the page first asked for.
    let last = headers
        .get("last-event-id")
        .and_then(|v| v.to_str().ok())
        .or(asked.after.as_deref());
    let after: Option<FrameId> = last
        .filter(|l| !l.is_empty())
        .map(str::parse)
        .transpose()
        .map_err(model::ApiError::from)?;
    let permit = console.streams().clone().try_acquire_owned();
    let permit =
        permit.map_err(|_| ProblemDetails::new(StatusCode::SERVICE_UNAVAILABLE, format!("{STREAMS_MAX} browsers already listen")))?;
    let mut sessions = console.watch_sessions();
    sessions.mark_unchanged();
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let feed = Feed {
        frames: console.control().subscribe(&principal.viewer(), view, after)?,
        ready: VecDeque::from([RETRY]),
        heartbeat,
        beats: 0,
        sessions,
        stopping: console.stopping(),
        session: Session {
            console,
            token,
            user: principal.user().id,
            from: visitor.from,
        },
        _permit: permit,
    };
    let body = stream::unfold(
        feed,
        |mut feed| async move { Some((Ok::<_, Infallible>(feed.next().await?), feed)) },
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        UNBUFFERED,
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

struct Feed {
    frames: LiveStream,
    ready: VecDeque<Bytes>,
    heartbeat: Interval,
    beats: u32,
    sessions: watch::Receiver<u64>,
    stopping: CancellationToken,
    session: Session,
    _permit: OwnedSemaphorePermit,
}

/// Whose stream it is.
struct Session {
    console: Console,
    token: String,
    user: UserId,
    from: IpAddr,
}

impl Feed {
    /// The next bytes; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(bytes);
            }
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => return None,
                changed = self.sessions.changed() => {
                    if changed.is_err() || !self.session.holds().await {
                        return None;
                    }
                }
                frame = self.frames.next() => self.push(frame?),
                _ = self.heartbeat.tick() => {
                    self.beats += 1;
                    if self.beats.is_multiple_of(HEARTBEATS_PER_LOOK) && !self.session.holds().await {
                        return None;
                    }
                    return Some(COMMENT);
                }
            }
        }
    }

    fn push(&mut self, frame: LiveFrame) {
        self.ready.push_back(Bytes::from(format!("id: {}\ndata: ", frame.id)));
        self.ready.push_back(frame.json);
        self.ready.push_back(END);
    }
}

impl Session {
    /// A database that does not answer says nothing about the session: the stream goes on and asks again.
    async fn holds(&self) -> bool {
        match self.console.control().accounts().authenticate(&self.token, self.from).await {
            Ok(principal) => principal.is_some_and(|p| p.user().id == self.user),
            Err(_) => true,
        }
    }
}
