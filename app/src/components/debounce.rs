//! Waits until typing pauses.

use std::time::Duration;

use leptos::{
    leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle},
    prelude::*,
};

/// Long enough not to ask with every letter.
const PAUSE: Duration = Duration::from_millis(150);

/// Runs the last of several calls that come in quick succession. Unlike `leptos_dom`'s own it holds nothing that must be dropped on the
/// thread that made it, which on the server is rarely the one that renders the end of the page.
#[derive(Clone, Copy)]
pub(crate) struct Debounce(StoredValue<Option<TimeoutHandle>>);

impl Debounce {
    pub(crate) fn new() -> Self {
        Self(StoredValue::new(None))
    }

    pub(crate) fn run(self, work: impl FnOnce() + 'static) {
        if let Some(pending) = self.0.get_value() {
            pending.clear();
        }
        self.0.set_value(set_timeout_with_handle(work, PAUSE).ok());
    }
}
