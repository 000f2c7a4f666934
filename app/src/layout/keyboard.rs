//! Acts on what [`keys`](crate::keys) makes of the keys.

use leptos::{ev, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::{
    browser,
    keys::{self, Chords, Command},
    live::Live,
    url::{Query, Range},
};

/// Rows that `j` and `k` walk over carry this attribute.
pub const ROWS: &str = "[data-row]";

pub fn listen(help_open: RwSignal<bool>) {
    let live = Live::expect();
    let location = use_location();
    let navigate = use_navigate();
    let chords = StoredValue::new(Chords::default());
    let go = move |path: &str| {
        let href = location
            .query
            .with_untracked(|q| Query::from_params(q).only(&[Range::KEY]).href(path));
        navigate(&href, NavigateOptions::default());
    };
    let act = move |command: Command| match command {
        Command::Search => browser::focus("#search"),
        Command::Go(path) => go(path),
        Command::Row(step) => browser::move_focus(ROWS, step),
        Command::OpenRow => browser::open_focused_row(ROWS),
        Command::TogglePause => live.toggle_pause(),
        Command::NextTheme => browser::set_theme(browser::theme().next()),
        Command::Help => help_open.set(true),
        Command::Back => {
            if let Some(list) = location.pathname.with_untracked(|path| keys::parent(path).map(str::to_owned)) {
                go(&list);
            }
        }
    };
    Effect::new(move |_| {
        let act = act.clone();
        let handle = window_event_listener(ev::keydown, move |event| {
            let meant_for_us =
                !(event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() || event.is_composing());
            if !meant_for_us || browser::any_dialog_open() {
                return;
            }
            let key = event.key();
            if browser::is_typing(&event) {
                if key == "Escape" {
                    browser::blur();
                }
                return;
            }
            let command = chords
                .try_update_value(|chords| chords.press(&key, browser::monotonic_ms()))
                .flatten();
            if let Some(command) = command {
                // Enter on a link or button is the link's or button's own.
                if matches!(command, Command::Search | Command::Help) {
                    event.prevent_default();
                }
                act(command);
            }
        });
        on_cleanup(move || handle.remove());
    });
}
