//! When to stop.

use std::process::exit;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::StartError;

/// Exit code of a process that was interrupted by SIGINT, as shells count it.
const INTERRUPTED: i32 = 130;

/// The signals that ask a process to end.
pub(crate) struct Signals([Signal; 3]);

impl Signals {
    /// To be called early: from here on these signals no longer end the process by themselves.
    pub(crate) fn listen() -> Result<Self, StartError> {
        let on = |kind| signal(kind).map_err(StartError::Threads);
        Ok(Self([
            on(SignalKind::terminate())?,
            on(SignalKind::interrupt())?,
            on(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) -> &'static str {
        let [terminate, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            _ = hangup.recv() => "SIGHUP",
        }
    }

    /// Resolves at the first signal. A second one ends the process at once: whoever sends it does not want to wait for the drain.
    pub(crate) async fn asked_to_stop(mut self) {
        let name = self.next().await;
        tracing::info!(signal = name, "stopping; once more stops at once");
        tokio::spawn(async move {
            self.next().await;
            exit(INTERRUPTED);
        });
    }

    /// As [`Signals::asked_to_stop`], for a child: Ctrl-C in a terminal goes to the whole group, but when a child ends is its parent's
    /// decision.
    pub(crate) async fn asked_by_parent(self) {
        let [mut terminate, _interrupt, _hangup] = self.0;
        terminate.recv().await;
    }
}
