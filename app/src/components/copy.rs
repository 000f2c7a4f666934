use leptos::prelude::*;

use super::{Icon, icon};
use crate::browser;

/// Copies `text`; shown only where scripts run.
#[component]
pub fn CopyButton(#[prop(into)] text: String, label: &'static str) -> impl IntoView {
    view! {
        <button type="button" class="icon-button js-only" title=label aria-label=label on:click=move |_| browser::copy(&text)>
            {icon(Icon::Copy)}
        </button>
    }
}
