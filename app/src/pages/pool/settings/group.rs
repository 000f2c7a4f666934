use leptos::{ev, prelude::*};
use model::{PoolChange, PoolIntent};

use super::{
    draft::{Draft, Drafted, Field, Input},
    preview::fields,
};
use crate::{
    components::Preview,
    pages::pool::{Changer, PoolContext, change::Ask},
};

/// What distinguishes the form of one group of settings from another.
#[derive(Clone, Copy)]
pub struct Group<T> {
    /// For ids: `health`.
    pub id: &'static str,
    pub title: &'static str,
    /// On the button.
    pub verb: &'static str,
    /// Where the form goes without scripts.
    pub action: &'static str,
    pub change: fn(T) -> PoolChange,
}

/// A form of typed fields: what is wrong with each as one types, what would change, and the change.
pub fn group_form<T: Drafted>(
    group: Group<T>,
    current: &T,
    pool: PoolContext,
    changer: Changer,
    intent: PoolIntent,
    why_not: Option<String>,
) -> AnyView {
    let draft = RwSignal::new(Draft::of(current));
    let parsed = Memo::new(move |_| draft.with(Draft::parse));
    let disabled = why_not.is_some();
    let name = pool.id.with_value(ToString::to_string);
    let version = intent.version.to_string();
    let base = StoredValue::new(intent);
    let change = move || parsed.get().ok().map(group.change);
    let preview = Signal::derive(move || {
        change()
            .map(|change| base.with_value(|base| fields(pool, base, &change)))
            .unwrap_or_default()
    });
    let submit = {
        let name = name.clone();
        move |event: ev::SubmitEvent| {
            event.prevent_default();
            if let Some(change) = change() {
                changer.ask(Ask::new(change, &name), Some(base.get_value()));
            }
        }
    };
    let inputs = T::FIELDS
        .iter()
        .map(|field| {
            let error = Memo::new(move |_| parsed.with(|p| p.as_ref().err().and_then(|errors| errors.get(field.name).cloned())));
            let error_id = format!("{}-{}-error", group.id, field.name);
            view! {
                <div class="field-row">
                    <label class="field">
                        <span>{field.label}</span>
                        <span class="field-input">
                            {input(field, draft, disabled, error, &error_id)} <span class="unit">{field.unit}</span>
                        </span>
                    </label>
                    <p class="hint">{field.meaning}</p>
                    <p class="field-error" id=error_id role="alert">
                        {move || error.get()}
                    </p>
                </div>
            }
        })
        .collect_view();
    let presets = T::PRESETS
        .iter()
        .map(|preset| {
            let apply = move |_| draft.update(|draft| draft.fill(preset));
            view! {
                <button type="button" class="button small" disabled=disabled on:click=apply>
                    {preset.name}
                </button>
            }
        })
        .collect_view();
    let presets = (!T::PRESETS.is_empty()).then(|| {
        view! {
            <p class="presets js-only">
                <span class="hint">"Presets"</span>
                {presets}
            </p>
        }
    });
    let nothing = move || disabled || preview.with(Vec::is_empty);
    let title_id = format!("{}-title", group.id);
    view! {
        <section class="panel" aria-labelledby=title_id.clone()>
            <header class="panel-head">
                <h2 id=title_id.clone()>{group.title}</h2>
            </header>
            <form class="form" method="post" action=group.action novalidate on:submit=submit>
                <input type="hidden" name="pool" value=name />
                <input type="hidden" name="expected_version" value=version />
                {presets}
                <div class="fields">{inputs}</div>
                <Preview fields=preview />
                <div class="form-actions">
                    <button type="submit" class="button primary" disabled=disabled class:idle=nothing title=why_not>
                        {group.verb}
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// What a field is typed into; its name is that of the server function's argument.
fn input<T: Drafted>(
    field: &'static Field,
    draft: RwSignal<Draft<T>>,
    disabled: bool,
    error: Memo<Option<String>>,
    error_id: &str,
) -> AnyView {
    let name = format!("settings[{}]", field.name);
    let error_id = error_id.to_owned();
    let typed = move |event| draft.update(|d| d.set(field.name, event_target_value(&event)));
    let value = move || draft.with(|d| d.get(field.name));
    let now = draft.with_untracked(|d| d.get(field.name));
    let invalid = move || error.with(Option::is_some).then_some("true");
    if let Input::Choice(choices) = field.input {
        let options = choices
            .iter()
            .map(|(id, words)| {
                view! {
                    <option value=*id selected=*id == now>
                        {*words}
                    </option>
                }
            })
            .collect_view();
        return view! {
            <select name=name disabled=disabled aria-invalid=invalid aria-describedby=error_id prop:value=value on:change=typed>
                {options}
            </select>
        }
        .into_any();
    }
    view! {
        <input
            type=if field.input == Input::Number { "number" } else { "text" }
            name=name
            required
            autocomplete="off"
            value=now
            prop:value=value
            disabled=disabled
            aria-invalid=invalid
            aria-describedby=error_id
            on:input=typed
        />
    }
    .into_any()
}
