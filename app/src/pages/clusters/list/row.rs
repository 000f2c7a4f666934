use leptos::prelude::*;
use model::cluster::{ObjectRow, ObjectState};

use crate::{
    components::{Head, object_badge},
    format,
    pages::{clusters::words, scaling::chips},
};

pub const HEADS: [Head; 11] = [
    Head::text("State"),
    Head::text("Name"),
    Head::text("Where").hint("Cluster and namespace"),
    Head::text("Scales").hint("What it scales, or what it is"),
    Head::text("Targets").hint("What each metric reads, and what it should read"),
    Head::number("Min"),
    Head::number("Max"),
    Head::number("Ready").hint("Ready, and as many as there should be"),
    Head::text("Trouble").hint("The worst that was found; its page has the rest"),
    Head::text("Managed by"),
    Head::number("Age"),
];

#[component]
pub fn Row(cells: Memo<Option<ObjectRow>>, now_ms: Memo<i64>) -> impl IntoView {
    let state = Memo::new(move |_| cells.with(|row| row.as_ref().map(|row| row.state)));
    // By itself: with every second all cells of all rows would be made anew.
    let age = Memo::new(move |_| cells.with(|row| row.as_ref().map(|row| format::age_between(row.created_at_ms, now_ms.get()))));
    let cells = move || {
        cells.get().map(|row| {
            let bound = |n: Option<u32>| n.map_or_else(|| format::MISSING.to_owned(), |n| n.to_string());
            let managed = row.managed_by.map(|manager| {
                view! {
                    <span class="badge" title=manager.seen_by.clone()>
                        {words::manager(&manager)}
                    </span>
                }
            });
            let marked = (row.state == ObjectState::AtMax).then(|| view! { <span class="tag" data-tone="warning">"at max"</span> });
            view! {
                <td>{object_badge(row.state)}</td>
                <th scope="row">
                    <a href=row.object.path()>{row.object.name.clone()}</a>
                    <span class="cell-note">{row.object.kind.label()}</span>
                </th>
                <td>
                    {row.object.namespace.clone()} <span class="cell-note">{row.object.cluster.to_string()}</span>
                </td>
                <td>{row.reference}</td>
                <td>{chips(row.targets)}</td>
                <td class="number">{bound(row.min_replicas)}</td>
                <td class="number">{marked} {bound(row.max_replicas)}</td>
                <td class="number">{format!("{} / {}", row.ready, row.desired)}</td>
                <td class="wrap">{row.trouble}</td>
                <td>{managed}</td>
                <td class="number">{move || age.get()}</td>
            }
        })
    };
    view! {
        <tr
            tabindex="-1"
            data-row
            class:at-max=move || state.get() == Some(ObjectState::AtMax)
            class:last-known=move || state.get() == Some(ObjectState::Unknown)
        >
            {cells}
        </tr>
    }
}
