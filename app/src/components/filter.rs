use leptos::prelude::*;

use crate::{
    browser,
    url::{Range, UseQuery, since::SINCE},
};

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

/// How far back the list reaches.
#[component]
pub fn FilterSince(chosen: Option<String>) -> impl IntoView {
    let options = SINCE.map(|(id, label, _)| (id.to_owned(), label.to_owned())).to_vec();
    view! { <FilterSelect name="since" label="Time" all="any time" options=options chosen=chosen /> }
}

/// The range of the charts stays as it is when a filter form is sent.
#[component]
pub fn KeptRange(query: UseQuery) -> impl IntoView {
    let range = query.query.get_untracked().get(Range::KEY).unwrap_or_default().to_owned();
    (!range.is_empty()).then(|| view! { <input type="hidden" name=Range::KEY value=range /> })
}
