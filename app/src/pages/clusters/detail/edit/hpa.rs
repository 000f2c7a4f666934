use leptos::{ev, prelude::*};
use model::cluster::{HpaEdit, ObjectCommand, ObjectView};

use crate::{
    components::{Callout, Empty, FormFields, Preview, Tone},
    forms::hpa::{self, HpaSettings},
    pages::clusters::detail::{
        act::{Act, Wish},
        context::ObjectContext,
        fields::hpa_fields,
    },
};

pub fn form(object: ObjectContext, act: Act, why_not: Memo<Option<String>>, view: &ObjectView) -> AnyView {
    let Some(settings) = HpaSettings::of(view) else {
        return view! {
            <section class="panel">
                <Empty title="Its bounds have not been read yet">
                    <p>"The form appears with the first answer of the cluster."</p>
                </Empty>
            </section>
        }
        .into_any();
    };
    let fields = RwSignal::new(hpa::fields_of(&settings));
    let version = view.resource_version.clone();
    let base = StoredValue::new(settings.clone());
    let parsed = Memo::new(move |_| base.with_value(|base| fields.with(|f| hpa::edit_of(f, base))));
    let errors = Memo::new(move |_| parsed.with(|p| p.as_ref().err().cloned().unwrap_or_default()));
    let disabled = Signal::derive(move || why_not.with(Option::is_some));
    let form = FormFields {
        id: "hpa",
        fields,
        errors,
        disabled,
    };
    // The version rises with every status the controller writes; only other settings make this form old.
    let now = object.maybe(HpaSettings::of);
    let is_overtaken = Memo::new(move |_| now.with(|now| now.as_ref().is_some_and(|now| base.with_value(|base| base != now))));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let Ok(edit) = parsed.get_untracked() else { return };
        if edit == HpaEdit::default() {
            return;
        }
        let newest = object.view().map(|v| v.resource_version).filter(|_| !is_overtaken.get_untracked());
        act.ask(Wish(ObjectCommand::EditHpa {
            resource_version: newest.unwrap_or_else(|| version.clone()),
            edit,
        }));
    };
    let preview = Signal::derive(move || {
        let edit = parsed.get().ok();
        edit.map(|edit| base.with_value(|base| base.diff(&base.after(&edit))))
            .unwrap_or_default()
    });
    let nothing = move || parsed.with(|p| p.as_ref().map_or(true, |edit| *edit == HpaEdit::default()));
    let overtaken = move || {
        is_overtaken.get().then(|| {
            view! {
                <Callout tone=Tone::Warning>
                    <p class="strong">"Somebody changed this HPA since the form was filled in."</p>
                    <p>
                        <button type="button" class="button small" on:click=move |_| act.load_newest()>
                            "Load the newest"
                        </button>
                    </p>
                </Callout>
            }
        })
    };
    view! {
        {overtaken}
        <section class="panel" aria-labelledby="edit-title">
            <header class="panel-head">
                <h2 id="edit-title">"Edit the HPA"</h2>
            </header>
            <form class="form policy" novalidate on:submit=submit>
                {hpa_fields(form, &settings)}
                <Preview fields=preview />
                <div class="form-actions js-only">
                    <button type="submit" class="button primary" disabled=disabled class:idle=nothing title=move || why_not.get()>
                        "Review…"
                    </button>
                    <button type="button" class="button" disabled=disabled on:click=move |_| act.load_newest()>
                        "Start over"
                    </button>
                </div>
                <p class="hint">"The API server is asked first; what it would change is shown before anything is."</p>
            </form>
        </section>
    }
    .into_any()
}
