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

use std::{path::PathBuf, sync::Arc, time::Duration};

use ::gateway::GatewayConfig;
use adapters::builtin::fleet::{PROTOCOL, SyncAnswer, SyncRequest, line};
use control::ports::{Clock as _, SystemClock};
use model::GatewayId;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};

use self::{
    contact::{Contact, Next, Outcome, Say},
    keeper::PlanFile,
    link::Failure,
    serving::Serving,
};
use crate::{StartError, shutdown::Signals};

pub(crate) use self::{
    link::{Link, LinkSettings, is_local},
    name::{name, own_name},
};

/// How long the last report may take: the console is told of the end, and is not waited for.
const FAREWELL_WITHIN: Duration = Duration::from_secs(2);
/// What this machine would not do is tried again so often: a file that a plan names may have come, a disk may have room again. So are
/// counts that the console would not take.
const AGAIN_EVERY: Duration = Duration::from_secs(30);

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
            sequence: 0,
            withheld: None,
            asked_again: Arc::default(),
        };
        tracing::info!(gateway = %self.id, console = following.link.shown(), "the gateway looks for its console");
        following.serving.start_from_file()?;
        let (gateway, asked_again) = (following.serving.shared(), following.asked_again.clone());
        let end = async {
            let reload = || {
                gateway.reload();
                asked_again.notify_one();
            };
            signals.asked_to_stop(reload).await;
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
    /// Of the last report.
    sequence: u64,
    withheld: Option<Withheld>,
    /// By SIGHUP.
    asked_again: Arc<Notify>,
}

/// The console would not take the counts: reports go without them, because one that is refused brings no orders.
struct Withheld {
    why: String,
    until: Instant,
}

impl Following {
    /// Reports and obeys. Ends only when the gateway cannot start.
    async fn follow(&mut self) -> Result<(), StartError> {
        let mut again_at = Instant::now() + AGAIN_EVERY;
        loop {
            let mut report = self.report(false);
            let outcome = match self.tell(&mut report).await {
                Ok(answer) if answer.protocol != PROTOCOL => {
                    let theirs = answer.protocol;
                    Outcome::Failed(format!(
                        "the console speaks version {theirs} of the protocol, this gateway {PROTOCOL}; run the same version of Evenkeel on both"
                    ))
                }
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
            let is_due = tokio::select! {
                biased;
                () = self.asked_again.notified() => true,
                () = sleep(wait) => Instant::now() >= again_at,
            };
            if is_due {
                again_at = Instant::now() + AGAIN_EVERY;
                self.serving.try_again()?;
            }
        }
    }

    /// One exchange; without the counts when those are what cannot be told.
    async fn tell(&mut self, report: &mut SyncRequest) -> Result<SyncAnswer, Failure> {
        match self.link.exchange(report).await {
            Err(failure) if failure.is_of_the_report() && report.stats.is_some() => {
                let why = failure.to_string();
                if self.withheld.as_ref().is_none_or(|withheld| withheld.why != why) {
                    tracing::error!(
                        why = line(&why, 300),
                        "the console does not take what this gateway counted; it is told the rest"
                    );
                }
                self.withheld = Some(Withheld {
                    why,
                    until: Instant::now() + AGAIN_EVERY,
                });
                report.stats = None;
                report.troubles = self.troubles();
                self.link.exchange(report).await
            }
            Ok(answer) => {
                if report.stats.is_some() && self.withheld.take().is_some() {
                    tracing::info!("the console takes what this gateway counted again");
                }
                Ok(answer)
            }
            failed => failed,
        }
    }

    fn report(&mut self, leaving: bool) -> SyncRequest {
        self.sequence += 1;
        let away = self.contact.away(self.began.elapsed()).filter(|_| self.serving.is_serving());
        let is_withheld = self.withheld.as_ref().is_some_and(|withheld| Instant::now() < withheld.until);
        SyncRequest {
            protocol: PROTOCOL,
            run: self.run,
            sequence: self.sequence,
            sent_at_ms: SystemClock.now_ms(),
            started_at_ms: self.started_at_ms,
            software: env!("CARGO_PKG_VERSION").to_owned(),
            addresses: self.serving.addresses(),
            tls_addresses: self.serving.tls_addresses(),
            in_force: self.serving.in_force().map(str::to_owned),
            refused: self.serving.refused().cloned(),
            troubles: self.troubles(),
            away_ms: away.map(|away| u64::try_from(away.as_millis()).unwrap_or(u64::MAX)),
            leaving,
            done: self.serving.done(),
            stats: if is_withheld { None } else { self.serving.stats() },
        }
    }

    fn troubles(&self) -> Vec<String> {
        let withheld = self.withheld.as_ref();
        let counts = withheld.map(|Withheld { why, .. }| format!("its counts are not told: {why}"));
        counts.into_iter().chain(self.serving.trouble()).collect()
    }

    fn obey(&mut self, answer: SyncAnswer) -> Result<(), StartError> {
        if let Some(wanted) = &answer.wanted {
            self.serving.want(wanted);
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

    async fn farewell(&mut self) {
        let mut report = self.report(true);
        if !matches!(timeout(FAREWELL_WITHIN, self.tell(&mut report)).await, Ok(Ok(_))) {
            tracing::info!("the console could not be told that this gateway stops");
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
