//! The one way from a click to a change of an object: the API server is asked first what it would make of it.
//!
//! ```text
//!  Idle ─ask─► Trying ─┬─► Review ─apply─► Sending ─┬─ done ──► toast ─► Idle
//!                 ▲    └─► Refused ◄────────────────┘
//!                 └─again──────┘
//! ```

mod dialog;
mod refused;
mod review;
mod wish;

use leptos::{prelude::*, task::spawn_local};
use model::{
    ViewKey,
    cluster::{DryRun, ObjectDone, ObjectKind, ObjectView},
};

pub use dialog::ActDialog;
pub(in crate::pages::clusters) use refused::Refused;
pub(in crate::pages::clusters) use review::Review;
pub use wish::Wish;

use super::context::{ObjectContext, object_view};
use crate::{
    api::{self, Problem},
    components::{Toast, Toasts, Tone},
    forms::hpa::HpaSettings,
};

/// Where the change is.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Idle,
    /// The API server is asked what it would make of it.
    Trying(Wish),
    Review {
        wish: Wish,
        dry: Box<DryRun>,
    },
    Sending(Wish),
    Refused {
        wish: Wish,
        problem: Problem,
    },
}

impl Step {
    pub const fn wish(&self) -> Option<&Wish> {
        match self {
            Self::Idle => None,
            Self::Trying(wish) | Self::Sending(wish) | Self::Review { wish, .. } | Self::Refused { wish, .. } => Some(wish),
        }
    }
}

/// What the forms of the page are made from: those of an HPA, or the replicas of a workload. The object's version is not: it rises with
/// every status that a controller writes.
type Settings = (Option<HpaSettings>, u32);

fn settings(view: &ObjectView) -> Settings {
    match view.row.object.kind {
        ObjectKind::Hpa => (HpaSettings::of(view), 0),
        _ => (None, view.row.desired),
    }
}

/// Drives one change at a time. `Copy`; event handlers call it.
///
/// An answer may come when its dialog is closed, another one is open, or the page has been left: then only the toast tells of it.
#[derive(Clone, Copy)]
pub struct Act {
    pub object: ObjectContext,
    pub step: RwSignal<Step>,
    /// Rises when a form is to show again what stands in the object.
    pub changes: RwSignal<u64>,
    /// What a change from here has replaced, until the screen has left it behind.
    replaced: RwSignal<Option<Settings>>,
    /// Rises with every dialog opened, sent or closed.
    attempt: StoredValue<u64>,
    toasts: Toasts,
}

impl Act {
    pub fn new(object: ObjectContext) -> Self {
        let (changes, replaced) = (RwSignal::new(0), RwSignal::new(None::<Settings>));
        let now = object.part(settings);
        Effect::new(move |_| {
            let now = now.get();
            if replaced.get().is_some_and(|replaced| now.is_some_and(|now| now != replaced)) {
                replaced.set(None);
                changes.update(|n| *n += 1);
            }
        });
        Self {
            object,
            step: RwSignal::new(Step::Idle),
            changes,
            replaced,
            attempt: StoredValue::new(0),
            toasts: Toasts::expect(),
        }
    }

    /// Opens the dialog and asks the API server what it would make of it.
    pub fn ask(self, wish: Wish) {
        let attempt = self.begin();
        self.step.set(Step::Trying(wish.clone()));
        let object = self.object.object.get_value();
        spawn_local(async move {
            let next = match api::try_command(object, wish.0.clone()).await {
                Ok(dry) => Step::Review { wish, dry: Box::new(dry) },
                Err(problem) => Step::Refused { wish, problem },
            };
            // Nothing has been changed: who closed the dialog need not be told.
            if self.attempt.try_get_value() == Some(attempt) {
                self.step.set(next);
            }
        });
    }

    /// The same again, made from what stands there now.
    pub fn again(self) {
        let Some(wish) = self.step.with_untracked(|s| s.wish().cloned()) else {
            return;
        };
        let attempt = self.begin();
        self.step.set(Step::Trying(wish.clone()));
        let object = self.object.object.get_value();
        spawn_local(async move {
            // The screen stands still while the dialog is open.
            let newest = api::view(ViewKey::Object(object)).await;
            if self.attempt.try_get_value() != Some(attempt) {
                return;
            }
            match newest.map(|frame| object_view(&frame).map(|v| v.resource_version.clone())) {
                Ok(Some(version)) => self.ask(wish.at(&version)),
                Ok(None) => self.ask(wish),
                Err(problem) => self.step.set(Step::Refused { wish, problem }),
            }
        });
    }

    /// Closes the dialog and shows what stands in the object in place of what was typed.
    pub fn load_newest(self) {
        self.cancel();
        self.changes.update(|n| *n += 1);
    }

    /// Closes the dialog. What is on its way to the server still arrives there.
    pub fn cancel(self) {
        self.begin();
        self.step.set(Step::Idle);
    }

    /// Sends what was reviewed.
    pub fn apply(self) {
        let Step::Review { wish, dry } = self.step.get_untracked() else {
            return;
        };
        let attempt = self.begin();
        let wish = wish.reviewed(&dry);
        self.step.set(Step::Sending(wish.clone()));
        let object = self.object.object.get_value();
        let before = self.object.view().filter(|_| wish.changes_settings()).as_ref().map(settings);
        spawn_local(async move {
            let sent = api::carry_out(object.clone(), wish.0.clone()).await;
            let is_open = self.attempt.try_get_value() == Some(attempt);
            match sent {
                Ok(done) => {
                    self.replaced.try_set(before);
                    self.tell(&wish, &done);
                    if is_open {
                        self.step.set(Step::Idle);
                    }
                }
                Err(problem) if is_open => self.step.set(Step::Refused { wish, problem }),
                Err(problem) => self.show(
                    Tone::Critical,
                    format!("{} {}: not done. {problem}", wish.verb(), wish.target(&object)),
                    None,
                ),
            }
        });
    }

    fn begin(self) -> u64 {
        self.attempt.update_value(|n| *n += 1);
        self.attempt.get_value()
    }

    fn tell(self, wish: &Wish, done: &ObjectDone) {
        // The page may have been left meanwhile, and what belonged to it is gone.
        let Some(object) = self.object.object.try_get_value() else {
            return;
        };
        let mut text = wish.done(&object, &done.diff);
        for warning in &done.warnings {
            text.push_str(" The API server warns: ");
            text.push_str(warning);
        }
        let tone = if done.warnings.is_empty() { Tone::Good } else { Tone::Warning };
        self.show(
            tone,
            text,
            Some(("See the history".to_owned(), format!("{}?tab=history", object.path()))),
        );
    }

    fn show(self, tone: Tone, text: String, link: Option<(String, String)>) {
        self.toasts.show(Toast {
            tone,
            text,
            link,
            undo: None,
        });
    }
}
