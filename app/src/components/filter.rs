use leptos::prelude::*;

use crate::browser;

/// One choice of a filter form; choosing sends the form.
#[component]
pub fn FilterSelect(
    name: &'static str,
    label: &'static str,
    /// What stands there when nothing is chosen.
    all: &'static str,
    /// Id and words.
    options: Vec<(String, String)>,
    chosen: Option<String>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(id, label)| {
            let selected = chosen.as_deref() == Some(id.as_str());
            view! {
                <option value=id selected=selected>
                    {label}
                </option>
            }
        })
        .collect_view();
    view! {
        <label>
            <span>{label}</span>
            <select name=name on:change=move |event| browser::submit_form_of(&event)>
                <option value="">{all}</option>
                {options}
            </select>
        </label>
    }
}
