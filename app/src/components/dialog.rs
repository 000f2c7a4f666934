use leptos::{html, prelude::*};

use crate::{browser, live::Live};

/// A native modal dialog. The screen behind it stands still while it is open. `Esc` closes it: `on_close` tells the owner, who keeps the
/// truth about being open.
#[component]
pub fn Modal(
    #[prop(into)] open: Signal<bool>,
    on_close: Callback<()>,
    /// The id of the element that names it.
    labelled_by: &'static str,
    children: Children,
) -> impl IntoView {
    let live = Live::expect();
    let node = NodeRef::<html::Dialog>::new();
    let froze = StoredValue::new(false);
    // A page that is left takes its dialog along, and the other pages go on.
    on_cleanup(move || {
        if froze.try_get_value() == Some(true) {
            live.unfreeze();
        }
    });
    Effect::new(move |was_open: Option<bool>| {
        let open = open.get();
        if let Some(dialog) = node.get() {
            match (was_open.unwrap_or(false), open) {
                (false, true) => {
                    live.freeze();
                    froze.set_value(true);
                    browser::open_dialog(&dialog);
                    // What is inside is drawn in the same round; the safe choice then has the focus.
                    request_animation_frame(|| browser::focus("dialog[open] [autofocus]"));
                }
                (true, false) => {
                    browser::close_dialog(&dialog);
                    froze.set_value(false);
                    live.unfreeze();
                }
                _ => {}
            }
        }
        open
    });
    view! {
        <dialog
            class="dialog"
            node_ref=node
            aria-labelledby=labelled_by
            on:close=move |_| {
                if open.get_untracked() {
                    on_close.run(());
                }
            }
        >
            {children()}
        </dialog>
    }
    .into_any()
}
