use leptos::prelude::*;

use super::{Changer, Step, confirm::Confirm, conflict::Conflict};
use crate::components::{Callout, Modal, Tone};

/// The dialog of the pool page; drawn once, open while a change is under way.
#[component]
pub fn ChangeDialog(changer: Changer) -> impl IntoView {
    let step = changer.step;
    let open = Memo::new(move |_| step.with(|s| *s != Step::Idle));
    let title = move || step.with(|s| s.ask().map(|ask| format!("{}: {}", ask.verb(), ask.object)));
    let body = move || match step.get() {
        Step::Idle => ().into_any(),
        Step::Reading(_) => view! { <p role="status">"Reading what is in force…"</p> }.into_any(),
        Step::Sending(_) => view! { <p role="status">"Sending…"</p> }.into_any(),
        Step::Confirm { ask, intent, after } => view! { <Confirm changer=changer ask=ask intent=*intent after=*after /> }.into_any(),
        Step::Conflict { base, current, yours, .. } => {
            view! { <Conflict changer=changer base=*base current=*current yours=*yours /> }.into_any()
        }
        Step::Failed { problem, .. } => view! {
            <Callout tone=Tone::Critical>
                <p class="strong">"Not changed"</p>
                <p>{problem.to_string()}</p>
            </Callout>
        }
        .into_any(),
    };
    let leave = move || {
        // Closing does not call back what is sent.
        if step.with(|s| matches!(s, Step::Failed { .. } | Step::Sending(_))) {
            "Close"
        } else {
            "Cancel"
        }
    };
    view! {
        <Modal open=open on_close=Callback::new(move |()| changer.cancel()) labelled_by="change-title">
            <h2 id="change-title">{title}</h2>
            <div class="dialog-body">{body}</div>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| changer.cancel()>
                    {leave}
                </button>
                <button
                    type="submit"
                    form="confirm-form"
                    class="button primary"
                    hidden=move || !step.with(|s| matches!(s, Step::Confirm { .. }))
                >
                    {move || step.with(|s| s.ask().map(super::Ask::verb))}
                </button>
            </div>
        </Modal>
    }
    .into_any()
}
