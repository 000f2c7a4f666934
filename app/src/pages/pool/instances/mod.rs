//! The instances of a pool: one row each, live; ticked rows are changed together.

mod actions;
mod bulk;
mod cells;
mod columns;
mod deregister;
mod empty;
pub(super) mod order;
mod row;
mod selection;

use std::{collections::HashMap, sync::Arc};

use leptos::prelude::*;
use model::{InstanceId, InstanceRow, SourceState};

pub use bulk::parse_weight;

use super::{Changer, PoolContext};
use crate::{
    components::{Empty, Legend, SortHead, TextFilter},
    url::{Sort, UseQuery},
};
use columns::{InstanceColumn, Shown};
use selection::Selection;

/// More rows than this are drawn only when asked for: nobody reads them, and each costs time with every frame.
const ROWS: usize = 200;

/// Rows by name, built once a frame.
type Index = Arc<HashMap<InstanceId, InstanceRow>>;

#[component]
pub fn Instances(pool: PoolContext, changer: Changer, query: UseQuery) -> impl IntoView {
    let sort = Memo::new(move |_| query.query.with(Sort::<InstanceColumn>::from_query));
    let text = Memo::new(move |_| query.get("q").unwrap_or_default());
    let all_rows = Memo::new(move |_| query.get("rows").as_deref() == Some("all"));
    let selection = Selection::new(query);
    let leaving = RwSignal::new(None::<InstanceId>);
    let register_at = pool.part(|v| v.register_at.clone());

    // Always new with a frame, so never compared.
    let index: Memo<Index> = Memo::new_with_compare(
        move |_| {
            pool.with_view(|v| {
                Arc::new(
                    v.into_iter()
                        .flat_map(|v| &v.instances)
                        .map(|i| (i.id.clone(), i.clone()))
                        .collect(),
                )
            })
        },
        |_, _| true,
    );
    let found: Memo<Vec<InstanceId>> =
        Memo::new(move |_| pool.with_view(|v| v.map(|v| order::order(&v.instances, &text.read(), sort.get())).unwrap_or_default()));
    let order = Memo::new(move |_| {
        let limit = if all_rows.get() { usize::MAX } else { ROWS };
        found.with(|found| found.iter().take(limit).cloned().collect::<Vec<_>>())
    });
    let shown = Memo::new(move |_| pool.with_view(|v| v.map(|v| Shown::of(&v.instances)).unwrap_or_default()));
    let total = Memo::new(move |_| pool.members.with(std::collections::BTreeSet::len));
    let stale = pool.part(|v| matches!(v.source.state, SourceState::Down { .. }));

    let count = move || format!("{} of {}", found.with(Vec::len), total.get());
    let heads = move || {
        InstanceColumn::ALL
            .into_iter()
            .filter(|column| shown.get().has(*column))
            .map(|column| view! { <SortHead column=column label=column.label() hint=column.hint() query=query sort=sort /> })
            .collect_view()
    };
    let row = move |id: InstanceId| view! { <row::Row id=id index=index shown=shown pool=pool changer=changer selection=selection leaving=leaving /> };
    let ticks_all = move || order.with(|order| !order.is_empty() && order.iter().all(|id| selection.has(id)));
    let more = move || {
        let hidden = found.with(Vec::len).saturating_sub(order.with(Vec::len));
        (hidden > 0).then(|| {
            view! {
                <p class="table-foot">
                    {format!("{hidden} more are not shown. ")} <a href=query.link("rows", "all") data-noscroll="true">
                        "Show all"
                    </a>
                </p>
            }
        })
    };
    let empty = move || match (total.get(), found.with(Vec::is_empty)) {
        (0, _) => Some(pool.id.with_value(|id| empty::no_instances(id, register_at.get().flatten()))),
        (_, true) => Some(
            view! {
                <Empty title="No instance has that in its name, address, zone, state or tags">
                    <a class="button" href=query.link("q", "")>
                        "Show all"
                    </a>
                </Empty>
            }
            .into_any(),
        ),
        _ => None,
    };
    let name = move || format!("Instances of {}", pool.id.get_value());
    view! {
        <section class="panel">
            <TextFilter query=query label="Filter instances" count=Signal::derive(count) />
            <bulk::BulkBar pool=pool changer=changer selection=selection />
            <div class="table-box" class:stale=move || stale.get() == Some(true) tabindex="0" role="region" aria-label=name>
                <table class="table sticky instances">
                    <thead>
                        <tr>
                            <th scope="col" class="tick js-only">
                                <input
                                    type="checkbox"
                                    aria-label="Tick all shown rows"
                                    prop:checked=ticks_all
                                    on:change=move |event| selection.set_all(&order.get_untracked(), event_target_checked(&event))
                                />
                            </th>
                            {heads}
                            <th scope="col">
                                <span class="hidden-visually">"Actions"</span>
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || order.get() key=|id| id.clone() children=row />
                    </tbody>
                </table>
            </div>
            {more}
            {empty}
            <Legend />
            <deregister::DeregisterDialog pool=pool leaving=leaving />
        </section>
    }
    .into_any()
}
