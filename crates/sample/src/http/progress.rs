//! Simulations over WebSocket: one JSON text message per change, at most twenty a second, until the simulation is final; then a close
//! frame. What the client sends is not looked at.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        Path, State, WebSocketUpgrade,
        rejection::PathRejection,
        ws::{CloseFrame, Message, WebSocket, close_code, rejection::WebSocketUpgradeRejection},
    },
    http::StatusCode,
    response::Response,
};
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    App, Problem,
    simulations::{Pairs, Simulation},
};
use crate::{jobs::Job, request, stats::Entered};

/// A person sees no more, and a fast simulation would send thousands.
const MESSAGE_EVERY: Duration = Duration::from_millis(50);
/// A queued simulation has nothing new to say; this keeps the connection alive in between.
const REPEAT_AFTER: Duration = Duration::from_secs(5);
/// A client that does not read this long is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Nothing is expected from the client but control frames.
const INCOMING_MAX_BYTES: usize = 1024;

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// `/simulations/{id}/progress`.
pub(super) async fn follow(State(app): State<App>, id: Result<Path<String>, PathRejection>, upgrade: Upgrade) -> Result<Response, Problem> {
    let job = app.0.jobs.find(&id?).ok_or_else(Problem::no_such_simulation)?;
    let upgrade = upgradable(upgrade)?;
    let open = open(&app)?;
    Ok(accept(app, upgrade, job, open, false))
}

/// `/simulate/progress`: the simulation belongs to the connection and ends with it.
pub(super) async fn run_and_follow(State(app): State<App>, query: Pairs, upgrade: Upgrade) -> Result<Response, Problem> {
    let asked = request::from_followed_query(query?.0)?;
    let upgrade = upgradable(upgrade)?;
    let open = open(&app)?;
    let job = app.0.jobs.start(asked)?;
    Ok(accept(app, upgrade, job, open, true))
}

fn upgradable(upgrade: Upgrade) -> Result<WebSocketUpgrade, Problem> {
    Ok(upgrade?.max_message_size(INCOMING_MAX_BYTES).max_frame_size(INCOMING_MAX_BYTES))
}

fn open(app: &App) -> Result<Entered, Problem> {
    let open = app.0.stats.websockets.enter();
    if app.0.stats.websockets.get() > app.0.max_websockets {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many progress connections are open",
        ));
    }
    Ok(open)
}

fn accept(app: App, upgrade: WebSocketUpgrade, job: Arc<Job>, open: Entered, owned: bool) -> Response {
    // Made before the upgrade, so that a client that never completes it ends the simulation too.
    let ends_with_the_client = owned.then(|| job.cancel_on_drop());
    let tracked = app.0.sockets.token();
    upgrade.on_upgrade(async move |socket| {
        let _held = (open, ends_with_the_client, tracked);
        tell(&app, &job, socket).await;
    })
}

async fn tell(app: &App, job: &Job, mut socket: WebSocket) {
    let mut progress = job.follow();
    loop {
        let now = *progress.borrow_and_update();
        let text = serde_json::to_string(&Simulation::new(app, job, now)).expect("finite numbers are JSON");
        if !send(&mut socket, Message::Text(text.into())).await {
            return;
        }
        if now.state.is_final() {
            return close(socket, close_code::NORMAL, "the simulation has ended").await;
        }
        let sent = Instant::now();
        let next = async {
            // The sender lives as long as the job that is held here.
            tokio::select! {
                _ = progress.changed() => sleep_until(sent + MESSAGE_EVERY).await,
                () = sleep_until(sent + REPEAT_AFTER) => {}
            }
        };
        tokio::select! {
            () = next => {}
            () = left(&mut socket) => return,
            () = app.0.stop.cancelled() => return close(socket, close_code::AWAY, "the instance is stopping").await,
        }
    }
}

/// Until the client closes or breaks the connection.
async fn left(socket: &mut WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Close(_)) {
            return;
        }
    }
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    send(&mut socket, Message::Close(Some(frame))).await;
}

async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(SEND_TIMEOUT, socket.send(message)).await, Ok(Ok(())))
}
