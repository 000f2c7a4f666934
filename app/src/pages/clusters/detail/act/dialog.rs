use leptos::prelude::*;

use super::{Act, Refused, Review, Step};
use crate::components::Modal;

/// The dialog of the object's page; drawn once, open while a change is under way.
#[component]
pub fn ActDialog(act: Act) -> impl IntoView {
    let step = act.step;
    let open = Memo::new(move |_| step.with(|s| *s != Step::Idle));
    let verb = move || step.with(|s| s.wish().map(super::Wish::verb));
    let title = move || {
        let target = step.with(|s| s.wish().map(|wish| act.object.object.with_value(|o| wish.target(o))));
        verb().zip(target).map(|(verb, target)| format!("{verb}: {target}"))
    };
    let body = move || match step.get() {
        Step::Idle => ().into_any(),
        Step::Trying(_) => waiting("Asking the API server what it would make of it…").into_any(),
        Step::Sending(_) => waiting("Sending…").into_any(),
        Step::Review { wish, dry } => view! { <Review act=act wish=wish dry=*dry /> }.into_any(),
        Step::Refused { problem, .. } => view! { <Refused act=act problem=problem /> }.into_any(),
    };
    let leave = move || {
        // Closing does not call back what is sent.
        if step.with(|s| matches!(s, Step::Refused { .. } | Step::Sending(_))) {
            "Close"
        } else {
            "Cancel"
        }
    };
    let can_apply = Memo::new(move |_| {
        step.with(|s| match s {
            Step::Review { dry, .. } => !dry.diff.is_empty(),
            _ => false,
        })
    });
    view! {
        <Modal open=open on_close=Callback::new(move |()| act.cancel()) labelled_by="act-title">
            <h2 id="act-title">{title}</h2>
            <div class="dialog-body">{body}</div>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| act.cancel()>
                    {leave}
                </button>
                <button type="submit" form="act-form" class="button primary" hidden=move || !can_apply.get()>
                    {verb}
                </button>
            </div>
        </Modal>
    }
    .into_any()
}

fn waiting(what: &'static str) -> impl IntoView {
    view! {
        <p class="replay-progress" role="status">
            <progress aria-label=what></progress>
            <span>{what}</span>
        </p>
    }
}
