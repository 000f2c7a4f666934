use leptos::prelude::*;

use super::FormFields;
use crate::forms::{
    Fields,
    fields::{next_slot, remove_slot, slots},
};

/// Fills a new slot of a list.
pub type Begin = fn(&mut Fields, &str, usize);

/// A list of things (one of them is a `what`), each a group of fields that can be taken out, and a button for one more that `begin`
/// fills. Without scripts there is one empty group at the end; what is left empty counts as nothing.
pub fn slot_list(
    form: FormFields,
    list: String,
    what: &'static str,
    row: impl Fn(usize) -> AnyView + Copy + Send + Sync + 'static,
    begin: Begin,
) -> AnyView {
    let (listed, added, blank) = (list.clone(), list.clone(), list.clone());
    let each = move || form.fields.with(|f| slots(f, &listed)).into_iter().collect::<Vec<_>>();
    let entry = move |slot: usize| {
        let removed = list.clone();
        let place = {
            let list = list.clone();
            move || form.fields.with(|f| slots(f, &list).range(..=slot).count())
        };
        let label = {
            let place = place.clone();
            move || format!("Remove {what} {}", place())
        };
        view! {
            <div class="slot" role="group" aria-label=move || format!("{what} {}", place())>
                <div class="slot-fields">{row(slot)}</div>
                <button
                    type="button"
                    class="button small quiet js-only"
                    disabled=form.disabled
                    aria-label=label
                    on:click=move |_| form.fields.update(|f| remove_slot(f, &removed, slot))
                >
                    "Remove"
                </button>
            </div>
        }
    };
    let add = move |_| {
        form.fields.update(|f| {
            let slot = next_slot(f, &added);
            begin(f, &added, slot);
        });
    };
    // Far from those that scripts add, so that no two have the same ids.
    let last = form.fields.with_untracked(|f| next_slot(f, &blank)) + 1_000;
    view! {
        <div class="slots">
            <For each=each key=|slot| *slot children=entry />
            <div class="slot no-js-only" role="group" aria-label=format!("one more {what}")>
                <div class="slot-fields">{row(last)}</div>
            </div>
        </div>
        <p class="js-only">
            <button type="button" class="button small" disabled=form.disabled on:click=add>
                {format!("Add a {what}")}
            </button>
        </p>
    }
    .into_any()
}
