//! Fields of a form whose text is kept by name ([`crate::forms`]): each with its label, and what is wrong with it under it.

use leptos::prelude::*;

use crate::forms::{Errors, Fields, fields::get};

/// What all fields of one form share. Copies are the same form.
#[derive(Clone, Copy)]
pub struct FormFields {
    /// For ids: `policy`.
    pub id: &'static str,
    pub fields: RwSignal<Fields>,
    pub errors: Memo<Errors>,
    pub disabled: Signal<bool>,
}

impl FormFields {
    fn error_id(self, key: &str) -> String {
        format!("{}-{}-error", self.id, key.replace('.', "-"))
    }

    fn error(self, key: &str) -> Memo<Option<String>> {
        let key = key.to_owned();
        Memo::new(move |_| self.errors.with(|errors| errors.get(&key).cloned()))
    }

    fn now(self, key: &str) -> String {
        self.fields.with_untracked(|f| get(f, key).to_owned())
    }

    fn value(self, key: &str) -> impl Fn() -> String + Send + Sync + Clone + 'static {
        let key = key.to_owned();
        move || self.fields.with(|f| f.get(&key).cloned().unwrap_or_default())
    }

    fn set(self, key: &str) -> impl Fn(String) + Clone + 'static {
        let key = key.to_owned();
        move |text| {
            self.fields.update(|f| {
                f.insert(key.clone(), text);
            });
        }
    }

    /// A line of text. `label` stands above it, `unit` behind it.
    pub fn text(self, key: &str, label: &str, unit: &'static str) -> AnyView {
        self.typed(key, label, unit, "text")
    }

    /// A whole number.
    pub fn number(self, key: &str, label: &str, unit: &'static str) -> AnyView {
        self.typed(key, label, unit, "number")
    }

    fn typed(self, key: &str, label: &str, unit: &'static str, kind: &'static str) -> AnyView {
        let (error, error_id, set) = (self.error(key), self.error_id(key), self.set(key));
        view! {
            <div class="field-row">
                <label class="field">
                    <span>{label.to_owned()}</span>
                    <span class="field-input">
                        <input
                            type=kind
                            name=format!("settings[{key}]")
                            autocomplete="off"
                            value=self.now(key)
                            prop:value=self.value(key)
                            disabled=self.disabled
                            aria-invalid=move || error.with(Option::is_some).then_some("true")
                            aria-describedby=error_id.clone()
                            on:input=move |event| set(event_target_value(&event))
                        />
                        <span class="unit">{unit}</span>
                    </span>
                </label>
                <p class="field-error" id=error_id role="alert">
                    {move || error.get()}
                </p>
            </div>
        }
        .into_any()
    }

    /// One of these: id and words.
    pub fn select(self, key: &str, label: &str, options: &[(&str, &str)]) -> AnyView {
        let (error, error_id, set, now) = (self.error(key), self.error_id(key), self.set(key), self.now(key));
        let options = options
            .iter()
            .map(|(id, words)| {
                view! {
                    <option value=(*id).to_owned() selected=*id == now>
                        {(*words).to_owned()}
                    </option>
                }
            })
            .collect_view();
        view! {
            <div class="field-row">
                <label class="field">
                    <span>{label.to_owned()}</span>
                    <select
                        name=format!("settings[{key}]")
                        prop:value=self.value(key)
                        disabled=self.disabled
                        aria-invalid=move || error.with(Option::is_some).then_some("true")
                        aria-describedby=error_id.clone()
                        on:change=move |event| set(event_target_value(&event))
                    >
                        {options}
                    </select>
                </label>
                <p class="field-error" id=error_id role="alert">
                    {move || error.get()}
                </p>
            </div>
        }
        .into_any()
    }
}
