use leptos::prelude::*;

use crate::{components::Modal, keys};

/// The list of keys.
#[component]
pub fn KeyboardHelp(open: RwSignal<bool>) -> impl IntoView {
    let rows = keys::HELP
        .into_iter()
        .map(|(keys, what)| {
            let keys = keys.split(' ').map(|key| view! { <kbd>{key}</kbd> }).collect_view();
            view! {
                <div>
                    <dt>{keys}</dt>
                    <dd>{what}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <Modal open=open on_close=Callback::new(move |()| open.set(false)) labelled_by="keyboard-title">
            <h2 id="keyboard-title">"Keyboard"</h2>
            <dl class="keys">{rows}</dl>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| open.set(false)>
                    "Close"
                </button>
            </div>
        </Modal>
    }
    .into_any()
}
