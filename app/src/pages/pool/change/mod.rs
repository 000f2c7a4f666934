//! The one way from a click to a command: ask → show what would change → confirm → send → say what came of it.
//!
//! ```text
//!  Idle ─ask─► Reading ─► Confirm ─► Sending ─┬─ done, nothing ──► toast ─► Idle
//!                            ▲                ├─ 409 ─► Conflict ─(mine on top)─► Sending
//!                            └── try again ── └─ refused ─► Failed
//! ```

mod confirm;
mod conflict;
mod dialog;
mod step;
mod words;

use leptos::{prelude::*, task::spawn_local};
use model::{ApiError, PoolChange, PoolId, PoolIntent, change::Changed};

pub use dialog::ChangeDialog;
pub use step::{Ask, Step};

use super::PoolContext;
use crate::{
    api::{self, Problem},
    components::{Toast, Toasts, Tone},
};

/// Drives one change at a time. `Copy`; event handlers call it.
///
/// An answer may come when its dialog is closed, another one is open, or the page has been left: then only the toast tells of it.
#[derive(Clone, Copy)]
pub struct Changer {
    pub pool: PoolContext,
    pub step: RwSignal<Step>,
    /// Rises with every change that came through, so that forms read again what is in force.
    pub changes: RwSignal<u64>,
    /// Rises with every dialog opened, sent or closed.
    attempt: StoredValue<u64>,
    toasts: Toasts,
}

impl Changer {
    pub fn new(pool: PoolContext) -> Self {
        Self {
            pool,
            step: RwSignal::new(Step::Idle),
            changes: RwSignal::new(0),
            attempt: StoredValue::new(0),
            toasts: Toasts::expect(),
        }
    }

    /// Opens the dialog. `base` is what the form was made from; without one, what is in force now.
    pub fn ask(self, ask: Ask, base: Option<PoolIntent>) {
        let attempt = self.begin();
        if let Some(intent) = base {
            self.show(ask, intent);
            return;
        }
        self.step.set(Step::Reading(ask.clone()));
        let id = self.pool.id.get_value();
        spawn_local(async move {
            let read = api::intent(id).await;
            if !self.is_current(attempt) {
                return;
            }
            match read {
                Ok(intent) => self.show(ask, intent),
                Err(problem) => self.step.set(Step::Failed { ask, problem }),
            }
        });
    }

    fn show(self, ask: Ask, intent: PoolIntent) {
        let after = self
            .pool
            .members
            .with_untracked(|members| ask.change.apply(&intent.policy, members));
        self.step.set(match after {
            Ok(after) => Step::Confirm {
                ask,
                intent: Box::new(intent),
                after: Box::new(after),
            },
            Err(invalid) => Step::Failed {
                ask,
                problem: invalid.into(),
            },
        });
    }

    /// Closes the dialog. What is on its way to the server still arrives there.
    pub fn cancel(self) {
        self.begin();
        self.step.set(Step::Idle);
    }

    /// Sends what is shown.
    pub fn confirm(self) {
        if let Step::Confirm { ask, intent, .. } = self.step.get_untracked() {
            self.send(ask, *intent);
        }
    }

    /// After a conflict: the same change, made from what is in force now.
    pub fn mine_on_top(self) {
        if let Step::Conflict { ask, current, .. } = self.step.get_untracked() {
            self.send(ask, *current);
        }
    }

    /// After a conflict: forget the change, show what is in force.
    pub fn take_theirs(self) {
        self.changes.update(|n| *n += 1);
        self.cancel();
    }

    fn begin(self) -> u64 {
        self.attempt.update_value(|n| *n += 1);
        self.attempt.get_value()
    }

    /// Whether nothing else has begun since; not on a page that was left.
    fn is_current(self, attempt: u64) -> bool {
        self.attempt.try_get_value() == Some(attempt)
    }

    fn send(self, ask: Ask, base: PoolIntent) {
        let attempt = self.begin();
        self.step.set(Step::Sending(ask.clone()));
        let id = self.pool.id.get_value();
        spawn_local(async move {
            let sent = send(id.clone(), base.version, &ask.change).await;
            if sent.is_ok() {
                self.changes.try_update(|n| *n += 1);
            }
            let next = match sent {
                Ok(changed) => {
                    self.tell(id, &ask, &base, &changed);
                    Step::Idle
                }
                Err(Problem(ApiError::Conflict { current, yours })) => {
                    let base = Box::new(base);
                    Step::Conflict { ask, base, current, yours }
                }
                Err(problem) => Step::Failed { ask, problem },
            };
            if self.is_current(attempt) {
                self.step.set(next);
            } else if let Some(why) = next.why_not() {
                self.toasts.show(Toast {
                    tone: Tone::Critical,
                    text: why,
                    link: None,
                    undo: None,
                });
            }
        });
    }

    fn tell(self, id: PoolId, ask: &Ask, base: &PoolIntent, changed: &Changed) {
        let name = id.to_string();
        let link = Some(("See the events".to_owned(), format!("/events?pool={name}")));
        self.toasts.show(match changed {
            Changed::Nothing { .. } => Toast {
                tone: Tone::Info,
                text: format!("Nothing to do: {name} is so already."),
                link: None,
                undo: None,
            },
            Changed::Done { version, diff } => {
                let undo = words::inverse(&base.policy, &ask.change).map(|change| {
                    let version = *version;
                    Callback::new(move |()| self.undo(id.clone(), change.clone(), version))
                });
                Toast {
                    tone: Tone::Good,
                    text: words::done(&name, diff),
                    link,
                    undo,
                }
            }
        });
    }

    /// Sends the inverse at once; somebody else's change in between is not undone.
    fn undo(self, id: PoolId, change: PoolChange, version: u64) {
        spawn_local(async move {
            let toast = match send(id, version, &change).await {
                Ok(_) => {
                    self.changes.try_update(|n| *n += 1);
                    Toast {
                        tone: Tone::Good,
                        text: "Undone.".to_owned(),
                        link: None,
                        undo: None,
                    }
                }
                Err(problem) => Toast {
                    tone: Tone::Critical,
                    text: format!("Not undone: {problem}"),
                    link: None,
                    undo: None,
                },
            };
            self.toasts.show(toast);
        });
    }
}

async fn send(pool: PoolId, version: u64, change: &PoolChange) -> Result<Changed, Problem> {
    match change {
        PoolChange::Algorithm { algorithm } => api::change_algorithm(pool, version, *algorithm).await,
        PoolChange::HealthCheck { health_check } => api::change_health_check(pool, version, health_check.clone()).await,
        PoolChange::OutlierEjection { outlier } => api::change_outlier_ejection(pool, version, *outlier).await,
        PoolChange::Affinity { affinity } => api::change_affinity(pool, version, affinity.clone()).await,
        PoolChange::Breaker { breaker } => api::change_breaker(pool, version, *breaker).await,
        PoolChange::Retry { retry } => api::change_retry(pool, version, *retry).await,
        PoolChange::Limits { limits } => api::change_limits(pool, version, *limits).await,
        PoolChange::Degradation { degradation } => api::change_degradation(pool, version, *degradation).await,
        PoolChange::Instances { ids, weight, admin } => {
            let ids: Vec<&str> = ids.iter().map(model::InstanceId::as_str).collect();
            api::change_instances(pool, version, ids.join(","), weight.map(model::Weight::get), *admin).await
        }
        // Breakers have a page of their own.
        PoolChange::BreakerHold { .. } => Err(Problem(ApiError::invalid("change", "is made on the Breakers page"))),
    }
}
