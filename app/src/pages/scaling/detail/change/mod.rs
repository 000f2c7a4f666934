//! The one way from a click to a command on a workload: ask → show what would change → confirm → send → say what came of it.
//!
//! ```text
//!  Idle ─┬─ask──────► Confirm ─┬─► Sending ─┬─ done, nothing ──► toast ─► Idle
//!        └─ask_hold─► Hold ────┘            ├─ 409 ─► Conflict ─(mine on top)─► Sending
//!                                           └─ refused ─► Failed
//! ```

mod confirm;
mod dialog;
mod hold;
mod wish;

use leptos::{prelude::*, task::spawn_local};
use model::{
    ApiError,
    change::Changed,
    scaling::{ScalingIntent, ScalingPlan},
};

pub use dialog::ChangeDialog;
pub use wish::Wish;

use super::context::WorkloadContext;
use crate::{
    api::Problem,
    components::{Toast, Toasts, Tone},
    pages::scaling::words::HoldVerb,
};

/// Where the change is.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Idle,
    /// Asking how many, and for how long.
    Hold(HoldVerb),
    Confirm {
        wish: Wish,
        base: Box<ScalingIntent>,
        after: Box<ScalingPlan>,
    },
    Sending(Wish),
    /// Somebody else was first.
    Conflict {
        wish: Wish,
        /// What the change was made from.
        base: Box<ScalingIntent>,
        current: Box<ScalingIntent>,
        yours: Box<ScalingPlan>,
    },
    Failed {
        wish: Wish,
        problem: Problem,
    },
}

impl Step {
    /// The verb on the button.
    fn verb(&self) -> Option<&'static str> {
        match self {
            Self::Idle => None,
            Self::Hold(verb) => Some(verb.label()),
            Self::Confirm { wish, .. } | Self::Sending(wish) | Self::Conflict { wish, .. } | Self::Failed { wish, .. } => Some(wish.verb()),
        }
    }

    /// For who closed the dialog before the answer came: what was not done, and why.
    fn why_not(&self, name: &str) -> Option<String> {
        match self {
            Self::Conflict { wish, .. } => Some(format!("{} {name}: not done, somebody else changed it first.", wish.verb())),
            Self::Failed { wish, problem } => Some(format!("{} {name}: not done. {problem}", wish.verb())),
            _ => None,
        }
    }
}

/// Drives one change at a time. `Copy`; event handlers call it.
///
/// An answer may come when its dialog is closed, another one is open, or the page has been left: then only the toast tells of it.
#[derive(Clone, Copy)]
pub struct Changer {
    pub workload: WorkloadContext,
    pub step: RwSignal<Step>,
    /// Rises when a change that came through is on screen, so that forms show again what is in force.
    pub changes: RwSignal<u64>,
    /// The version that was made here and is not on screen yet.
    awaited: RwSignal<Option<u64>>,
    /// The field that the server refused last, and why; for the form it came from.
    pub refused: RwSignal<Option<(String, String)>>,
    /// Rises with every dialog opened, sent or closed.
    attempt: StoredValue<u64>,
    toasts: Toasts,
}

impl Changer {
    pub fn new(workload: WorkloadContext) -> Self {
        let (changes, awaited) = (RwSignal::new(0), RwSignal::new(None::<u64>));
        Effect::new(move |_| {
            let version = workload.version.get();
            if awaited.get().is_some_and(|awaited| awaited <= version) {
                awaited.set(None);
                changes.update(|n| *n += 1);
            }
        });
        Self {
            workload,
            step: RwSignal::new(Step::Idle),
            changes,
            awaited,
            refused: RwSignal::new(None),
            attempt: StoredValue::new(0),
            toasts: Toasts::expect(),
        }
    }

    /// Opens the dialog with what would change.
    pub fn ask(self, wish: Wish, base: ScalingIntent, after: ScalingPlan) {
        self.begin();
        self.step.set(Step::Confirm {
            wish,
            base: Box::new(base),
            after: Box::new(after),
        });
    }

    /// Opens the dialog of a hold.
    pub fn ask_hold(self, verb: HoldVerb) {
        self.begin();
        self.step.set(Step::Hold(verb));
    }

    /// Closes the dialog. What is on its way to the server still arrives there.
    pub fn cancel(self) {
        self.begin();
        self.step.set(Step::Idle);
    }

    /// Sends what is shown.
    pub fn confirm(self) {
        if let Step::Confirm { wish, base, .. } = self.step.get_untracked() {
            self.send(wish, *base);
        }
    }

    /// Sends a hold, made from what is in force now.
    pub fn hold(self, verb: HoldVerb, replicas: Option<u32>, minutes: Option<u32>) {
        if let Some(base) = self.workload.intent() {
            self.send(Wish::Hold { verb, replicas, minutes }, base);
        }
    }

    /// After a conflict: the same change, made from what is in force now.
    pub fn mine_on_top(self) {
        if let Step::Conflict { wish, current, .. } = self.step.get_untracked() {
            self.send(wish, *current);
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

    fn send(self, wish: Wish, base: ScalingIntent) {
        let attempt = self.begin();
        self.refused.set(None);
        self.step.set(Step::Sending(wish.clone()));
        let id = self.workload.id.get_value();
        spawn_local(async move {
            let sent = wish.send(id.clone(), base.version).await;
            let next = match sent {
                Ok(changed) => {
                    self.awaited.try_set(Some(version_of(&changed)));
                    self.tell(&wish, &base, &changed);
                    Step::Idle
                }
                Err(Problem(ApiError::ScalingConflict { current, yours })) => {
                    let base = Box::new(base);
                    Step::Conflict {
                        wish,
                        base,
                        current,
                        yours,
                    }
                }
                Err(problem) => {
                    if let ApiError::Invalid { field, reason } = &problem.0 {
                        self.refused.try_set(Some((field.clone(), reason.clone())));
                    }
                    Step::Failed { wish, problem }
                }
            };
            // Not on a page that was left.
            if self.attempt.try_get_value() == Some(attempt) {
                self.step.set(next);
            } else if let Some(text) = next.why_not(id.as_str()) {
                self.show(Tone::Critical, text, None, None);
            }
        });
    }

    fn tell(self, wish: &Wish, base: &ScalingIntent, changed: &Changed) {
        let name = base.workload.to_string();
        match changed {
            Changed::Nothing { .. } => self.show(Tone::Info, format!("Nothing to do: {name} is so already."), None, None),
            Changed::Done { version, diff } => {
                let undo = wish.inverse(base).map(|back| {
                    let (id, version) = (base.workload.clone(), *version);
                    Callback::new(move |()| self.undo(back.clone(), id.clone(), version))
                });
                self.show(Tone::Good, wish.done(&name, diff), Some(wish.link(&name)), undo);
            }
        }
    }

    /// Sends the inverse at once; somebody else's change in between is not undone.
    fn undo(self, back: Wish, id: model::WorkloadId, version: u64) {
        spawn_local(async move {
            match back.send(id, version).await {
                Ok(changed) => {
                    self.awaited.try_set(Some(version_of(&changed)));
                    self.show(Tone::Good, "Undone.".to_owned(), None, None);
                }
                Err(problem) => self.show(Tone::Critical, format!("Not undone: {problem}"), None, None),
            }
        });
    }

    fn show(self, tone: Tone, text: String, link: Option<(String, String)>, undo: Option<Callback<()>>) {
        self.toasts.show(Toast { tone, text, link, undo });
    }
}

const fn version_of(changed: &Changed) -> u64 {
    match changed {
        Changed::Done { version, .. } | Changed::Nothing { version } => *version,
    }
}
