use leptos::{ev, html, prelude::*};
use model::{AdminState, InvalidValue, PoolChange, Weight};

use super::selection::Selection;
use crate::pages::pool::{Changer, PoolContext, change::Ask};

/// A weight as typed.
pub fn parse_weight(text: &str) -> Result<Weight, InvalidValue> {
    let number = text.trim().parse::<u16>();
    let range = || InvalidValue::new("weight", format!("type a whole number from {} to {}", Weight::MIN, Weight::MAX));
    Weight::new(number.map_err(|_| range())?)
}

/// What is done to the ticked rows together. Absent while nothing is ticked.
#[component]
pub fn BulkBar(pool: PoolContext, changer: Changer, selection: Selection) -> impl IntoView {
    let ids = Memo::new(move |_| pool.members.with(|members| selection.among(members)));
    let why_not = pool.me.with_value(crate::api::Me::why_not_change);
    let disabled = why_not.is_some();
    let weight = NodeRef::<html::Input>::new();
    let error = RwSignal::new(None::<String>);

    let ask = move |admin: Option<AdminState>, weight: Option<Weight>| {
        let change = PoolChange::Instances {
            ids: ids.get_untracked(),
            weight,
            admin,
        };
        changer.ask(pool.id.with_value(|name| Ask::new(change, name.as_str())), None);
    };
    let set_weight = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let typed = weight.get().map(|input| input.value()).unwrap_or_default();
        match parse_weight(&typed) {
            Ok(weight) => {
                error.set(None);
                ask(None, Some(weight));
            }
            Err(invalid) => error.set(Some(invalid.reason)),
        }
    };
    let button = move |state: AdminState, words: &'static str| {
        view! {
            <button type="button" class="button small" disabled=disabled on:click=move |_| ask(Some(state), None)>
                {words}
            </button>
        }
    };
    view! {
        <div class="bulk" role="group" aria-label="Ticked instances" hidden=move || ids.with(Vec::is_empty)>
            <span class="strong">{move || format!("{} ticked", ids.with(Vec::len))}</span>
            {button(AdminState::Ready, "Make ready")}
            {button(AdminState::Drain, "Drain")}
            {button(AdminState::Maintenance, "Maintenance")}
            <form class="inline" on:submit=set_weight>
                <label>
                    <span>"Weight"</span>
                    <input
                        node_ref=weight
                        type="number"
                        min=Weight::MIN.to_string()
                        max=Weight::MAX.to_string()
                        step="1"
                        value="1"
                        disabled=disabled
                        aria-describedby="bulk-error"
                    />
                </label>
                <button type="submit" class="button small" disabled=disabled>
                    "Set"
                </button>
            </form>
            <button type="button" class="button small quiet" on:click=move |_| selection.clear()>
                "Untick all"
            </button>
            {why_not.map(|why| view! { <span class="hint">{why}</span> })}
            <span class="field-error" id="bulk-error" role="alert">
                {move || error.get()}
            </span>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_a_whole_number_in_its_range() {
        assert_eq!(parse_weight(" 5 ").unwrap().get(), 5);
        for bad in ["", "0", "257", "-1", "1.5", "many"] {
            assert_eq!(parse_weight(bad).unwrap_err().field, "weight", "{bad:?}");
        }
    }
}
