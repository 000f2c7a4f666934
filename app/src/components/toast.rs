//! What came of a command, said in a corner and read out.

use std::time::Duration;

use leptos::prelude::*;

use super::{Icon, Tone, icon};

/// Long enough to read two lines and reach the Undo button.
const STAYS: Duration = Duration::from_secs(12);
/// More than these at once are noise; the oldest leaves.
const MAX: usize = 4;

#[derive(Clone)]
pub struct Toast {
    pub tone: Tone,
    pub text: String,
    /// Where it can be read again: words and address.
    pub link: Option<(String, String)>,
    pub undo: Option<Callback<()>>,
}

#[derive(Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<(u64, Toast)>>,
    next: StoredValue<u64>,
}

impl Toasts {
    pub fn provide() {
        provide_context(Self {
            shown: RwSignal::new(Vec::new()),
            next: StoredValue::new(0),
        });
    }

    pub fn expect() -> Self {
        use_context().expect("App provides Toasts before any page")
    }

    pub fn show(self, toast: Toast) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.shown.update(|shown| {
            shown.push((id, toast));
            let surplus = shown.len().saturating_sub(MAX);
            shown.drain(..surplus);
        });
        set_timeout(move || self.dismiss(id), STAYS);
    }

    fn dismiss(self, id: u64) {
        self.shown.update(|shown| shown.retain(|(shown_id, _)| *shown_id != id));
    }
}

#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = Toasts::expect();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|(id, _)| *id children=move |(id, toast)| view! { <OneToast id=id toast=toast /> } />
        </div>
    }
    .into_any()
}

#[component]
fn OneToast(id: u64, toast: Toast) -> impl IntoView {
    let toasts = Toasts::expect();
    let Toast { tone, text, link, undo } = toast;
    view! {
        <div class="toast" data-tone=tone.id()>
            {icon(tone.icon())}
            <p>{text} " " {link.map(|(words, href)| view! { <a href=href>{words}</a> })}</p>
            {undo
                .map(|undo| {
                    let click = move |_| {
                        toasts.dismiss(id);
                        undo.run(());
                    };
                    view! {
                        <button type="button" class="button small" on:click=click>
                            "Undo"
                        </button>
                    }
                })}
            <button type="button" class="icon-button" aria-label="Dismiss" on:click=move |_| toasts.dismiss(id)>
                {icon(Icon::Close)}
            </button>
        </div>
    }
}
