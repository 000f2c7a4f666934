//! Watches that are open: their events go through one by one, until a command cuts in.

use std::io;

use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use kube::client::Body;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::mpsc;

use super::rule::Fault;

/// Events that the client has not read yet: a slow client slows the server, as without us.
const AHEAD: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Cut,
    Expire,
    Freeze,
    Thaw,
}

#[derive(Debug, Default)]
pub(super) struct Watches {
    open: Mutex<Vec<(String, mpsc::UnboundedSender<Command>)>>,
}

impl Watches {
    pub(super) fn open(&self, path: &str) -> usize {
        let mut open = self.open.lock();
        open.retain(|(_, commands)| !commands.is_closed());
        open.iter().filter(|(own, _)| own.starts_with(path)).count()
    }

    pub(super) fn cut(&self, path: &str) -> usize {
        self.command(path, Command::Cut)
    }

    pub(super) fn expire(&self, path: &str) -> usize {
        self.command(path, Command::Expire)
    }

    pub(super) fn freeze(&self, path: &str) -> usize {
        self.command(path, Command::Freeze)
    }

    pub(super) fn thaw(&self, path: &str) -> usize {
        self.command(path, Command::Thaw)
    }

    fn command(&self, path: &str, command: Command) -> usize {
        let open = self.open.lock();
        let meant = open.iter().filter(|(own, _)| own.starts_with(path));
        meant.filter(|(_, commands)| commands.send(command).is_ok()).count()
    }

    /// The body that the client gets for the server's.
    pub(super) fn follow(&self, path: &str, body: Body) -> UnsyncBoxBody<Bytes, io::Error> {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (events, client) = mpsc::channel(AHEAD);
        let mut open = self.open.lock();
        open.retain(|(_, commands)| !commands.is_closed());
        open.push((path.to_owned(), commands));
        tokio::spawn(pump(body, inbox, events));
        let events = stream::unfold(client, async |mut client| Some((client.recv().await?, client)));
        StreamBody::new(events).boxed_unsync()
    }
}

/// Ends when one of the two ends has ended, or by a command.
async fn pump(mut body: Body, mut inbox: mpsc::UnboundedReceiver<Command>, events: mpsc::Sender<Result<Frame<Bytes>, io::Error>>) {
    let mut frozen = false;
    loop {
        tokio::select! {
            biased;
            () = events.closed() => return,
            command = inbox.recv() => match command {
                None => return,
                Some(Command::Cut) => {
                    let _ = events.send(Err(io::Error::other("cut by the fault proxy"))).await;
                    return;
                }
                Some(Command::Expire) => {
                    let _ = events.send(Ok(Frame::data(expired()))).await;
                    return;
                }
                Some(Command::Freeze) => frozen = true,
                Some(Command::Thaw) => frozen = false,
            },
            frame = body.frame(), if !frozen => {
                let Some(frame) = frame else { return };
                if events.send(frame.map_err(io::Error::other)).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// As the API server says it within a stream.
fn expired() -> Bytes {
    let mut event = json!({"type": "ERROR", "object": super::serve::status_of(&Fault::status(410))}).to_string();
    event.push('\n');
    event.into()
}
