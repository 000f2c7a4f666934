//! What an operator does to breakers: asked about, sent pool by pool, told.

use std::collections::BTreeMap;

use leptos::{prelude::*, task::spawn_local};
use model::{ApiError, BreakerRow, PoolId, change::Changed};

use super::row::Key;
use crate::{
    api::{self, Problem},
    components::{Toast, Toasts, Tone},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Reset,
    HoldOpen,
    HoldClosed,
    LetGo,
}

impl Verb {
    pub const ALL: [Self; 4] = [Self::Reset, Self::HoldOpen, Self::HoldClosed, Self::LetGo];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Reset => "Reset",
            Self::HoldOpen => "Hold open",
            Self::HoldClosed => "Hold closed",
            Self::LetGo => "Let go",
        }
    }

    /// What it will do, in the dialog.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Reset => {
                "Closes at once and forgets what was counted; it opens again by its own rule. One that is held stays held: let go of it first."
            }
            Self::HoldOpen => "Nothing passes, whatever the instance answers, until the time is over or somebody lets go.",
            Self::HoldClosed => "Everything passes, whatever fails, until the time is over or somebody lets go.",
            Self::LetGo => "From now on it follows its own rule, and begins closed.",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::HoldOpen => "held open",
            Self::HoldClosed => "held closed",
            Self::LetGo => "let go",
        }
    }

    /// As the server function wants it; a reset is a command of its own.
    const fn hold(self) -> Option<&'static str> {
        match self {
            Self::Reset => None,
            Self::HoldOpen => Some("open"),
            Self::HoldClosed => Some("closed"),
            Self::LetGo => Some("auto"),
        }
    }

    /// Whether it lasts for a time: `Some(true)` when it must.
    pub const fn lasts(self) -> Option<bool> {
        match self {
            Self::HoldClosed => Some(true),
            Self::HoldOpen => Some(false),
            Self::Reset | Self::LetGo => None,
        }
    }

    /// Whether it takes traffic away or lets failures through.
    pub const fn is_dangerous(self) -> bool {
        matches!(self, Self::HoldOpen | Self::HoldClosed)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub verb: Verb,
    pub rows: Vec<BreakerRow>,
}

/// Of one pool: the version its rows were made from, and what is to be done to which.
fn by_pool(rows: &[BreakerRow]) -> BTreeMap<PoolId, (u64, String)> {
    let mut pools: BTreeMap<PoolId, (u64, String)> = BTreeMap::new();
    for row in rows {
        let (_, targets) = pools.entry(row.pool.clone()).or_insert_with(|| (row.version, String::new()));
        if !targets.is_empty() {
            targets.push(',');
        }
        targets.push_str(Key::of(row).target().id());
    }
    pools
}

/// One at a time. `Copy`; event handlers call it.
#[derive(Clone, Copy)]
pub struct Actor {
    pub asked: RwSignal<Option<Asked>>,
    pub is_production: bool,
    toasts: Toasts,
}

impl Actor {
    pub fn new(is_production: bool) -> Self {
        Self {
            asked: RwSignal::new(None),
            is_production,
            toasts: Toasts::expect(),
        }
    }

    pub fn ask(self, verb: Verb, rows: Vec<BreakerRow>) {
        if !rows.is_empty() {
            self.asked.set(Some(Asked { verb, rows }));
        }
    }

    pub fn cancel(self) {
        self.asked.set(None);
    }

    /// Sends what was asked about.
    pub fn confirm(self, minutes: Option<u32>) {
        let Some(Asked { verb, rows }) = self.asked.get_untracked() else {
            return;
        };
        self.asked.set(None);
        spawn_local(async move {
            for (pool, (version, targets)) in by_pool(&rows) {
                let count = targets.split(',').count();
                let toast = match send(verb, &pool, version, targets, minutes).await {
                    Ok(false) => Toast {
                        tone: Tone::Info,
                        text: format!("Nothing to do in {pool}: it is so already."),
                        link: None,
                        undo: None,
                    },
                    Ok(true) => {
                        let breakers = if count == 1 {
                            "1 breaker".to_owned()
                        } else {
                            format!("{count} breakers")
                        };
                        Toast {
                            tone: Tone::Good,
                            text: format!("{breakers} of {pool}: {}.", verb.done()),
                            link: Some(("See the events".to_owned(), format!("/events?pool={pool}"))),
                            undo: None,
                        }
                    }
                    Err(problem) => Toast {
                        tone: Tone::Critical,
                        text: format!("{} in {pool}: not done. {}", verb.label(), reason(&problem)),
                        link: None,
                        undo: None,
                    },
                };
                self.toasts.show(toast);
            }
        });
    }
}

fn reason(problem: &Problem) -> String {
    match &problem.0 {
        ApiError::Conflict { .. } => "Somebody changed the pool meanwhile; look again and repeat it.".to_owned(),
        _ => problem.to_string(),
    }
}

/// Whether anything changed.
async fn send(verb: Verb, pool: &PoolId, version: u64, targets: String, minutes: Option<u32>) -> Result<bool, Problem> {
    match verb.hold() {
        None => api::reset_breakers(pool.clone(), targets).await.map(|()| true),
        Some(to) => {
            let changed = api::hold_breakers(pool.clone(), version, targets, to.to_owned(), minutes).await?;
            Ok(matches!(changed, Changed::Done { .. }))
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{BreakerHold, BreakerState, BreakerStatus};

    use super::*;

    fn row(pool: &str, instance: Option<&str>, version: u64) -> BreakerRow {
        BreakerRow {
            pool: pool.parse().unwrap(),
            instance: instance.map(|id| id.parse().unwrap()),
            status: BreakerStatus {
                state: BreakerState::Open,
                since_ms: 0,
                until_ms: None,
                requests: 0,
                failures: 0,
                opened: 1,
                cause: String::new(),
            },
            hold: BreakerHold::Auto,
            version,
        }
    }

    #[test]
    fn each_pool_is_sent_its_own() {
        let rows = [row("web", None, 3), row("api", Some("api-1"), 9), row("web", Some("web-2"), 3)];
        let pools: Vec<_> = by_pool(&rows)
            .into_iter()
            .map(|(pool, (version, targets))| (pool.to_string(), version, targets))
            .collect();
        assert_eq!(
            pools,
            [
                ("api".to_owned(), 9, "api-1".to_owned()),
                ("web".to_owned(), 3, "*,web-2".to_owned())
            ]
        );
    }
}
