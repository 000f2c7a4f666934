//! The Events tab: what Kubernetes itself told of the object; it forgets after an hour or so.

use leptos::prelude::*;
use model::{
    Severity,
    cluster::{ObjectEvent, ObjectView},
};

use super::context::ObjectContext;
use crate::components::{DataTable, Empty, Head, Moment, SeverityBadge};

const HEADS: [Head; 6] = [
    Head::text("Last (UTC)"),
    Head::text("Severity"),
    Head::text("Reason"),
    Head::text("Message"),
    Head::number("Times"),
    Head::text("By"),
];

#[component]
pub fn Events(object: ObjectContext) -> impl IntoView {
    let events = object.list(|v| v.events.clone());
    let rows = move || {
        // The year of a moment does not change while it is on screen.
        let now_ms = object.now_ms.get_untracked();
        events.get().into_iter().map(|event| row(event, now_ms)).collect_view()
    };
    let empty = move || {
        events.with(Vec::is_empty).then(|| {
            view! {
                <Empty title="Kubernetes has told nothing of it lately">
                    <p>"Its events are kept by the cluster for an hour or so; what changed the replicas is kept longer, under History."</p>
                </Empty>
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="events-title">
            <header class="panel-head">
                <h2 id="events-title">"Events of Kubernetes"</h2>
                <span class="muted">{format!("the newest, at most {}", ObjectView::EVENTS_MAX)}</span>
            </header>
            <DataTable label="Table of events" heads=HEADS>
                {rows}
            </DataTable>
            {empty}
        </section>
    }
    .into_any()
}

fn row(event: ObjectEvent, now_ms: i64) -> impl IntoView {
    let severity = if event.is_warning { Severity::Warning } else { Severity::Info };
    view! {
        <tr tabindex="-1" data-row>
            <td class="nowrap">
                <Moment at_ms=event.at_ms now_ms=now_ms />
            </td>
            <td>
                <SeverityBadge severity=severity />
            </td>
            <td class="nowrap">{event.reason}</td>
            <td class="wrap">{event.message}</td>
            <td class="number">{event.count}</td>
            <td class="nowrap">{event.source}</td>
        </tr>
    }
}
