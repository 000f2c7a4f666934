//! When to stop.

use std::{
    io::{IsTerminal as _, stdin},
    process::exit,
};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::StartError;

/// Exit code of a process that was interrupted by SIGINT, as shells count it.
const INTERRUPTED: i32 = 130;

/// The signals that ask a process to end. SIGHUP asks it to look at its files again, as it does elsewhere, unless it tells of the
/// terminal's end: then whoever started the process there has left.
pub(crate) struct Signals {
    signals: [Signal; 3],
    had_terminal: bool,
}

impl Signals {
    /// To be called early: from here on these signals no longer end the process by themselves.
    pub(crate) fn listen() -> Result<Self, StartError> {
        let on = |kind| signal(kind).map_err(StartError::Threads);
        Ok(Self {
            signals: [
                on(SignalKind::terminate())?,
                on(SignalKind::interrupt())?,
                on(SignalKind::hangup())?,
            ],
            had_terminal: stdin().is_terminal(),
        })
    }

    async fn next(&mut self, reload: impl Fn()) -> &'static str {
        let [terminate, interrupt, hangup] = &mut self.signals;
        loop {
            tokio::select! {
                _ = terminate.recv() => return "SIGTERM",
                _ = interrupt.recv() => return "SIGINT",
                _ = hangup.recv() => {}
            }
            // A terminal that has hung up is none any more.
            if self.had_terminal && !stdin().is_terminal() {
                return "SIGHUP";
            }
            tracing::info!(signal = "SIGHUP", "looking at certificates and log files again");
            reload();
        }
    }

    /// Resolves at the first signal. A second one ends the process at once: whoever sends it does not want to wait for the drain.
    pub(crate) async fn asked_to_stop(mut self, reload: impl Fn()) {
        let name = self.next(reload).await;
        tracing::info!(signal = name, "stopping; once more stops at once");
        tokio::spawn(async move {
            self.next(|| {}).await;
            exit(INTERRUPTED);
        });
    }

    /// As [`Signals::asked_to_stop`], for a child: Ctrl-C in a terminal goes to the whole group, but when a child ends is its parent's
    /// decision.
    pub(crate) async fn asked_by_parent(self) {
        let [mut terminate, _interrupt, _hangup] = self.signals;
        terminate.recv().await;
    }
}
