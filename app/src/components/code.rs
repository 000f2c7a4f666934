use leptos::prelude::*;

use super::CopyButton;
use crate::charts::download;

/// A rule, a patch, a command: to be read, copied and, with the name of a `file`, kept. Scrolls in a box of its own.
#[component]
pub fn CodeBlock(
    #[prop(into)] text: String,
    /// What it is, for who cannot see it.
    #[prop(into)]
    label: String,
    #[prop(optional)] file: Option<&'static str>,
) -> impl IntoView {
    let kept = text.clone();
    let keep = file.map(|file| {
        view! {
            <button type="button" class="button small js-only" on:click=move |_| download(file, "text/yaml", &kept)>
                "Download"
            </button>
        }
    });
    view! {
        <div class="code-block">
            // Scrolls with the keyboard too.
            <pre tabindex="0" role="group" aria-label=label>
                <code>{text.clone()}</code>
            </pre>
            <div class="code-actions">
                <CopyButton text=text label="Copy" />
                {keep}
            </div>
        </div>
    }
    .into_any()
}
