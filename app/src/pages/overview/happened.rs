use leptos::prelude::*;
use model::Event;

use crate::components::{Empty, Moment, SeverityBadge};

/// The last events with their cause.
#[component]
pub fn Happened(events: Memo<Vec<Event>>, now_ms: Memo<i64>) -> impl IntoView {
    let item = move |event: Event| {
        let e = event.event;
        let place = e
            .pool
            .map(|pool| view! { <a href=format!("/pools/{pool}")>{pool.to_string()}</a> " · " });
        // The year of the moment does not change while it is on screen.
        let now_ms = now_ms.get_untracked();
        view! {
            <li>
                <SeverityBadge severity=e.severity />
                <div>
                    <p>{e.summary}</p>
                    {(!e.cause.is_empty()).then(|| view! { <p class="muted">{e.cause}</p> })}
                    <p class="muted small">
                        {place} <Moment at_ms=e.at_ms now_ms=now_ms /> " · " {e.actor.to_string()}
                    </p>
                </div>
            </li>
        }
    };
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
            <ol class="happened">
                <For each=move || events.get() key=|e| e.id children=item />
            </ol>
            {empty}
        </section>
    }
}
