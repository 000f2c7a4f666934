use leptos::prelude::*;
use model::Event;

use crate::components::{Empty, EventList};

/// The last events with their cause.
#[component]
pub fn Happened(events: Memo<Vec<Event>>, now_ms: Memo<i64>) -> impl IntoView {
    let empty = move || {
        events.with(Vec::is_empty).then(|| {
            view! {
                <Empty title="Nothing has happened yet">
                    <p>"Changes of state, policies and sources appear here."</p>
                </Empty>
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="events-title">
            <header class="panel-head">
                <h2 id="events-title">"Last events"</h2>
                <a href="/events">"All events"</a>
            </header>
            <EventList events=events now_ms=now_ms />
            {empty}
        </section>
    }
}
