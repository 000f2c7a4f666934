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
    Effect::new(move |was_open: Option<bool>| {
        let open = open.get();
        if let Some(dialog) = node.get() {
            match (was_open.unwrap_or(false), open) {
                (false, true) => {
                    live.freeze();
                    browser::open_dialog(&dialog);
                    // What is inside is drawn in the same round; the safe choice then has the focus.
                    request_animation_frame(|| browser::focus("dialog[open] [autofocus]"));
                }
                (true, false) => {
                    browser::close_dialog(&dialog);
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
