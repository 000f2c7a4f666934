use leptos::{ev, prelude::*};
use model::cluster::{ObjectCommand, ObjectView};

use crate::{
    forms::hpa::replicas_of,
    pages::clusters::detail::{
        act::{Act, Wish},
        context::ObjectContext,
    },
};

pub fn form(object: ObjectContext, act: Act, why_not: Memo<Option<String>>, view: &ObjectView) -> AnyView {
    let desired = view.row.desired;
    let typed = RwSignal::new(desired.to_string());
    let read = Memo::new(move |_| typed.with(|text| replicas_of(text)));
    let error = move || read.get().err();
    let disabled = move || why_not.with(Option::is_some);
    let version = view.resource_version.clone();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Ok(replicas) = read.get_untracked() {
            // Made from the replicas that are on screen; how many there were before is not part of it.
            let newest = object.view().map(|v| v.resource_version);
            act.ask(Wish(ObjectCommand::Scale {
                resource_version: newest.unwrap_or_else(|| version.clone()),
                replicas,
            }));
        }
    };
    let nothing = move || read.get() == Ok(desired);
    view! {
        <section class="panel" aria-labelledby="edit-title">
            <header class="panel-head">
                <h2 id="edit-title">"Scale"</h2>
            </header>
            <form class="form" novalidate on:submit=submit>
                <div class="slot-fields">
                    <div class="field-row">
                        <label class="field">
                            <span>"Replicas"</span>
                            <span class="field-input">
                                <input
                                    type="text"
                                    inputmode="numeric"
                                    autocomplete="off"
                                    value=desired.to_string()
                                    disabled=disabled
                                    aria-invalid=move || read.with(Result::is_err).then_some("true")
                                    aria-describedby="object-replicas-error"
                                    on:input=move |event| typed.set(event_target_value(&event))
                                />
                                <span class="unit">{format!("now {desired}")}</span>
                            </span>
                        </label>
                        <p class="field-error" id="object-replicas-error" role="alert">
                            {error}
                        </p>
                    </div>
                </div>
                <div class="form-actions js-only">
                    <button type="submit" class="button primary" disabled=disabled class:idle=nothing title=move || why_not.get()>
                        "Review…"
                    </button>
                </div>
                <p class="hint">"0 switches it off until somebody scales it up. The API server is asked first."</p>
            </form>
        </section>
    }
    .into_any()
}
