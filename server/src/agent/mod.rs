//! A gateway that follows a console on another host: `evenkeel gateway --control URL`.
//!
//! ```text
//!  plan file ──► orders ──► Gateway (serves)             contact   what to do after each attempt: pure
//!      ▲           ▲           │ what it counted         link      one exchange with the console
//!      │           │           ▼                         keeper    the plan file
//!      └──── kept ─┴── link: report ─► console ─► answer serving  orders into a gateway, and what became of them
//! ```
//!
//! It needs the console for changes, never for serving: what it was told last, it keeps, and starts from it.

mod contact;
mod keeper;
mod link;
mod name;
mod serving;

use std::{path::PathBuf, time::Duration};

use ::gateway::GatewayConfig;
use adapters::builtin::fleet::{PROTOCOL, SyncAnswer, SyncRequest, line};
use control::ports::{Clock as _, SystemClock};
use model::GatewayId;
use tokio::time::{Instant, sleep, timeout};

use self::{
    contact::{Contact, Next, Outcome, Say},
    keeper::PlanFile,
    serving::Serving,
};
use crate::{StartError, shutdown::Signals};

pub(crate) use self::{
    link::{Link, LinkSettings, is_local},
    name::own_name,
};

/// How long the last report may take: the console is told of the end, and is not waited for.
const FAREWELL_WITHIN: Duration = Duration::from_secs(2);

pub(crate) struct Agent {
    pub(crate) id: GatewayId,
    pub(crate) link: Link,
    pub(crate) gateway: GatewayConfig,
    pub(crate) data_dir: PathBuf,
}

impl Agent {
    /// Serves until it is asked to stop.
    ///
    /// # Errors
    /// [`StartError`] when the gateway cannot start whatever the plan.
    pub(crate) async fn run(self, signals: Signals) -> Result<(), StartError> {
        let mut following = Following {
            run: rand::random(),
            started_at_ms: SystemClock.now_ms(),
            began: Instant::now(),
            contact: Contact::default(),
            serving: Serving::new(self.gateway, PlanFile::in_dir(&self.data_dir)),
            link: self.link,
        };
        tracing::info!(gateway = %self.id, console = following.link.shown(), "the gateway looks for its console");
        following.serving.start_from_file()?;
        let gateway = following.serving.shared();
        let end = async {
            signals.asked_to_stop(|| gateway.reload()).await;
            // Reports go on while requests in flight finish.
            let drained = tokio::task::spawn_blocking(move || gateway.drain());
            if drained.await.is_err() {
                tracing::error!("the gateway panicked while it drained");
            }
        };
        tokio::select! {
            failed = following.follow() => failed?,
            () = end => {}
        }
        following.farewell().await;
        tracing::info!("stopped");
        Ok(())
    }
}

struct Following {
    run: u64,
    started_at_ms: i64,
    began: Instant,
    contact: Contact,
    serving: Serving,
    link: Link,
}

impl Following {
    /// Reports and obeys. Ends only when the gateway cannot start.
    async fn follow(&mut self) -> Result<(), StartError> {
        loop {
            let report = self.report(false);
            let outcome = match self.link.exchange(&report).await {
                Ok(answer) => {
                    let next = Duration::from_millis(answer.next_ms.into());
                    self.serving.confirmed(&report);
                    self.obey(answer)?;
                    Outcome::Answered { next }
                }
                Err(failure) => Outcome::Failed(failure.to_string()),
            };
            let Next { wait, say } = self.contact.after(outcome, self.began.elapsed(), rand::random());
            if let Some(say) = say {
                self.say(&say);
            }
            sleep(wait).await;
        }
    }

    fn report(&self, leaving: bool) -> SyncRequest {
        let away = self.contact.away(self.began.elapsed()).filter(|_| self.serving.is_serving());
        SyncRequest {
            protocol: PROTOCOL,
            run: self.run,
            started_at_ms: self.started_at_ms,
            software: env!("CARGO_PKG_VERSION").to_owned(),
            addresses: self.serving.addresses(),
            in_force: self.serving.in_force().map(str::to_owned),
            refused: self.serving.refused().cloned(),
            away_ms: away.map(|away| u64::try_from(away.as_millis()).unwrap_or(u64::MAX)),
            leaving,
            done: self.serving.done(),
            stats: self.serving.stats(),
        }
    }

    fn obey(&mut self, answer: SyncAnswer) -> Result<(), StartError> {
        if answer.protocol != PROTOCOL {
            tracing::warn!(
                theirs = answer.protocol,
                ours = PROTOCOL,
                "the console speaks another version of the protocol"
            );
            return Ok(());
        }
        if let Some(orders) = answer.orders {
            self.serving.follow(&orders)?;
        }
        self.serving.carry_out(answer.commands);
        Ok(())
    }

    fn say(&self, say: &Say) {
        let serves = self.serving.is_serving();
        match say {
            Say::Joined => tracing::info!("the console answers"),
            Say::Back { away } => tracing::info!(away_ms = millis(*away), "the console is back"),
            Say::Away { why } if serves => tracing::warn!(why = line(why, 300), "the console is away; serving by the plan in force"),
            Say::Away { why } => tracing::warn!(
                why = line(why, 300),
                "waiting for the console: without a kept plan there is nothing to serve by"
            ),
        }
    }

    async fn farewell(&self) {
        let report = self.report(true);
        if !matches!(timeout(FAREWELL_WITHIN, self.link.exchange(&report)).await, Ok(Ok(_))) {
            tracing::info!("the console could not be told that this gateway stops");
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
