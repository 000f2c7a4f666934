use leptos::{ev, prelude::*};

use super::{
    act::{Actor, Asked},
    row::Key,
};
use crate::components::{Minutes, Modal, TypedName};

/// Names that are listed; the rest is counted.
const NAMES_MAX: usize = 12;
const MINUTES_MAX: u32 = 7 * 24 * 60;

/// What will be done to which breakers, for how long, and in production the word to type.
#[component]
pub fn ActDialog(actor: Actor) -> impl IntoView {
    let asked = actor.asked;
    let open = Memo::new(move |_| asked.with(Option::is_some));
    let title = move || asked.with(|a| a.as_ref().map(|a| format!("{}: {}", a.verb.label(), object(a))));
    let body = move || asked.get().map(|asked| view! { <Body actor=actor asked=asked /> });
    view! {
        <Modal open=open on_close=Callback::new(move |()| actor.cancel()) labelled_by="breaker-title">
            <h2 id="breaker-title">{title}</h2>
            <div class="dialog-body">{body}</div>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| actor.cancel()>
                    "Cancel"
                </button>
                <button type="submit" form="breaker-form" class="button primary">
                    {move || asked.with(|a| a.as_ref().map(|a| a.verb.label()))}
                </button>
            </div>
        </Modal>
    }
    .into_any()
}

fn object(asked: &Asked) -> String {
    match asked.rows.as_slice() {
        [one] => Key::of(one).words(),
        many => format!("{} breakers", many.len()),
    }
}

#[component]
fn Body(actor: Actor, asked: Asked) -> impl IntoView {
    let verb = asked.verb;
    let minutes = Minutes::new(
        if verb.lasts() == Some(true) { "15" } else { "" },
        verb.lasts() == Some(true),
        MINUTES_MAX,
    );
    let name = TypedName::new("breaker-typed-error", actor.is_production && verb.is_dangerous(), object(&asked));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let minutes = match verb.lasts() {
            None => Ok(None),
            Some(_) => minutes.read(),
        };
        if let Ok(minutes) = minutes
            && name.is_right()
        {
            actor.confirm(minutes);
        }
    };
    let names = asked
        .rows
        .iter()
        .take(NAMES_MAX)
        .map(|row| view! { <li>{format!("{} in {}: {}", Key::of(row).words(), row.pool, row.status.state.label())}</li> })
        .collect_view();
    let more = asked.rows.len().saturating_sub(NAMES_MAX);
    let lasts = verb.lasts().map(|_| minutes.field("breaker-error"));
    view! {
        <form id="breaker-form" novalidate on:submit=submit>
            <p>{verb.meaning()}</p>
            <ul class="names">{names} {(more > 0).then(|| view! { <li>{format!("and {more} more")}</li> })}</ul>
            {lasts}
            {name.field()}
        </form>
    }
}
