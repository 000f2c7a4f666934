//! What each loop did last.

use std::{collections::BTreeMap, time::Duration};

use parking_lot::Mutex;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopStatus {
    pub name: &'static str,
    pub rounds: u64,
    pub failures: u64,
    /// Unix time the last round ended, ms.
    pub ran_at_ms: i64,
    pub took: Duration,
    /// Why the last round failed; absent when it did not.
    pub error: Option<String>,
    /// What it waits for, though nothing has failed.
    pub waits: Option<String>,
}

#[derive(Default)]
pub(crate) struct Statuses(Mutex<BTreeMap<&'static str, LoopStatus>>);

impl Statuses {
    pub(super) fn ran(&self, name: &'static str, at_ms: i64, took: Duration, outcome: Result<(), String>) {
        let mut all = self.0.lock();
        let new = || LoopStatus {
            name,
            rounds: 0,
            failures: 0,
            ran_at_ms: at_ms,
            took,
            error: None,
            waits: None,
        };
        let status = all.entry(name).or_insert_with(new);
        let error = outcome.err();
        if error.is_some() && status.error != error {
            // Said once, where it is handled, and not again with every round.
            tracing::warn!(name, error, "a round of the {name} loop failed");
        }
        status.rounds += 1;
        status.failures += u64::from(error.is_some());
        (status.ran_at_ms, status.took, status.error) = (at_ms, took, error);
    }

    /// What a loop waits for; shown once it has run.
    pub(super) fn waits(&self, name: &'static str, what: Option<String>) {
        if let Some(status) = self.0.lock().get_mut(name) {
            if what.is_some() && status.waits.is_none() {
                tracing::info!(name, what, "the {name} loop waits");
            }
            status.waits = what;
        }
    }

    pub(crate) fn all(&self) -> Vec<LoopStatus> {
        self.0.lock().values().cloned().collect()
    }
}
