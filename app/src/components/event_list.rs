use leptos::prelude::*;
use model::Event;

use super::{Moment, SeverityBadge};

/// Events with their cause, as they stand; the newest first.
#[component]
pub fn EventList(events: Memo<Vec<Event>>, now_ms: Memo<i64>) -> impl IntoView {
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
    view! {
        <ol class="happened">
            <For each=move || events.get() key=|e| e.id children=item />
        </ol>
    }
}
