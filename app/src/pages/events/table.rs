use leptos::prelude::*;
use model::{Event, ViewData, ViewKey};

use super::First;
use crate::{
    components::{DataTable, Empty, Head, Moment, Pager, SeverityBadge},
    live::Live,
    url::UseQuery,
};

/// A page left open for days does not grow without end.
const SHOWN_MAX: usize = 500;

/// Live events that pass and are newer than what was read, then what was read; newest first, each once.
fn merged(live: &[Event], read: &[Event], passes: impl Fn(&Event) -> bool) -> Vec<Event> {
    let newest = read.first().map_or(i64::MIN, |e| e.id);
    live.iter().filter(|e| e.id > newest && passes(e)).chain(read).cloned().collect()
}

const HEADS: [Head; 6] = [
    Head::text("Time (UTC)"),
    Head::text("Severity"),
    Head::text("Kind"),
    Head::text("Where"),
    Head::text("What and why"),
    Head::text("By"),
];

#[component]
pub fn EventTable(query: UseQuery, first: First) -> impl IntoView {
    let live = Live::expect();
    let First { frame, page, asked, .. } = first;
    let frames = live.from_first(frame);
    Effect::new(move |_| live.listen(ViewKey::Events));

    let filtered = asked.is_filtered();
    let next = page.next;
    // Live events come after everything that was read; only their kind, pool and text are left to ask.
    let filter = asked.filter(0);
    let live_too = asked.stretch.is_first_page();
    let read = page.items;
    // Grows from itself: a frame has only the newest events.
    let events = Memo::new(move |shown: Option<&Vec<Event>>| {
        let shown = shown.unwrap_or(&read);
        let mut events = frames.with(|frame| match &frame.view {
            ViewData::Events(view) if live_too => merged(&view.events, shown, |e| filter.passes(e)),
            _ => shown.clone(),
        });
        events.truncate(SHOWN_MAX);
        events
    });
    let now_ms = frames.with_untracked(|f| f.at_ms);
    let row = move |event: Event| {
        let e = event.event;
        let place = match (e.pool, e.instance) {
            (Some(pool), Some(instance)) => {
                view! { <a href=format!("/pools/{pool}?q={instance}")>{format!("{pool} / {instance}")}</a> }.into_any()
            }
            (Some(pool), None) => view! { <a href=format!("/pools/{pool}")>{pool.to_string()}</a> }.into_any(),
            _ => ().into_any(),
        };
        view! {
            <tr tabindex="-1" data-row id=format!("event-{}", event.id)>
                <td class="nowrap">
                    <Moment at_ms=e.at_ms now_ms=now_ms />
                </td>
                <td>
                    <SeverityBadge severity=e.severity />
                </td>
                <td class="nowrap">{e.kind.label()}</td>
                <td class="nowrap">{place}</td>
                <td class="wrap">
                    {e.summary} {(!e.cause.is_empty()).then(|| view! { <span class="cause muted">{e.cause}</span> })}
                </td>
                <td class="nowrap">{e.actor.to_string()}</td>
            </tr>
        }
    };
    let empty = move || {
        events.with(Vec::is_empty).then(|| {
            if filtered {
                view! {
                    <Empty title="No event passes these filters">
                        <a class="button" href="/events">
                            "Show all events"
                        </a>
                    </Empty>
                }
                .into_any()
            } else {
                view! {
                    <Empty title="Nothing has happened yet">
                        <p>"Changes of state, policies and sources appear here as they happen."</p>
                    </Empty>
                }
                .into_any()
            }
        })
    };
    view! {
        <DataTable label="Events" heads=HEADS sticky=true><For each=move || events.get() key=|e| e.id children=row /></DataTable>
        {empty}
        <Pager query=query label="Pages of events" is_first_page=live_too older=next />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::{Actor, EventKind, NewEvent, Severity};

    use super::*;

    fn event(id: i64) -> Event {
        Event {
            id,
            event: NewEvent {
                at_ms: id,
                kind: EventKind::InstanceUp,
                severity: Severity::Info,
                pool: None,
                instance: None,
                summary: String::new(),
                cause: String::new(),
                actor: Actor::system("health check"),
            },
        }
    }

    #[test]
    fn live_events_stand_on_top_and_nothing_stands_twice() {
        let ids = |events: Vec<Event>| events.into_iter().map(|e| e.id).collect::<Vec<_>>();
        let (live, read) = ([event(5), event(4), event(3)], [event(3), event(2)]);
        assert_eq!(ids(merged(&live, &read, |_| true)), [5, 4, 3, 2]);
        assert_eq!(ids(merged(&live, &read, |e| e.id != 5)), [4, 3, 2]);
        assert_eq!(ids(merged(&live, &[], |_| true)), [5, 4, 3]);
    }
}
