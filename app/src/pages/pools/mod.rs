//! Every pool in one table: sorted and filtered through the URL.

mod gateways;
mod rows;

use std::{collections::HashMap, sync::Arc};

use leptos::prelude::*;
use leptos_meta::Title;
use model::{Frame, PoolId, PoolRow, PoolsView, ViewData, ViewKey};
use rows::PoolColumn;

use crate::{
    api,
    components::{Empty, Legend, SortHead, SourceNote, TextFilter, first_paint, state_badge},
    format,
    live::Live,
    url::{Sort, use_query},
};

#[component]
pub fn PoolsPage() -> impl IntoView {
    let first = Resource::new(|| (), |()| api::view(ViewKey::Pools));
    view! {
        <Title text="Pools" />
        <header class="page-head">
            <h1>"Pools"</h1>
        </header>
        {first_paint(first, |frame| view! { <Pools frame=frame /> })}
    }
}

fn pools(frame: &Frame) -> Option<&PoolsView> {
    match &frame.view {
        ViewData::Pools(view) => Some(view),
        _ => None,
    }
}

#[component]
fn Pools(frame: Frame) -> impl IntoView {
    let live = Live::expect();
    let frames = live.from_first(frame);
    Effect::new(move |_| live.listen(ViewKey::Pools));

    let query = use_query();
    let sort = Memo::new(move |_| query.query.with(Sort::<PoolColumn>::from_query));
    let text = Memo::new(move |_| query.get("q").unwrap_or_default());
    let now_ms = Memo::new(move |_| frames.with(|f| f.at_ms));
    let total = Memo::new(move |_| frames.with(|f| pools(f).map_or(0, |v| v.pools.len())));
    let order: Memo<Vec<PoolId>> = Memo::new(move |_| {
        frames.with(|f| {
            pools(f)
                .map(|v| rows::order(&v.pools, &text.read(), sort.get()))
                .unwrap_or_default()
        })
    });
    // Looked up by every row, so built once a frame; always new, so never compared.
    let index: Memo<Arc<HashMap<PoolId, PoolRow>>> = Memo::new_with_compare(
        move |_| {
            frames.with(|f| {
                Arc::new(
                    pools(f)
                        .into_iter()
                        .flat_map(|v| &v.pools)
                        .map(|p| (p.id.clone(), p.clone()))
                        .collect(),
                )
            })
        },
        |_, _| true,
    );
    let silent = Memo::new(move |_| {
        frames.with(|f| {
            pools(f).and_then(|v| {
                v.sources
                    .iter()
                    .find(|s| matches!(s.state, model::SourceState::Down { .. }))
                    .cloned()
            })
        })
    });
    let gateways = Memo::new(move |_| frames.with(|f| pools(f).map(|v| v.gateways.clone()).unwrap_or_default()));
    let accepts = Memo::new(move |_| frames.with(|f| pools(f).is_some_and(|v| v.accepts_gateways)));
    let count = move || format!("{} of {}", order.with(Vec::len), total.get());
    let row = move |id: PoolId| {
        let cells = Memo::new(move |_| index.with(|index| index.get(&id).cloned()));
        view! { <Row cells=cells /> }
    };
    let empty = move || {
        match (total.get(), order.with(Vec::is_empty)) {
        (0, _) => Some(
            view! {
                <Empty title="No pools are configured">
                    <p>"Write "<code>"[[pools]]"</code>" into "<code>"evenkeel.toml"</code>", or start without a configuration for three samples."</p>
                </Empty>
            }
            .into_any(),
        ),
        (_, true) => Some(
            view! {
                <Empty title="No pool has that in its name">
                    <a class="button" href=query.link("q", "")>
                        "Show all"
                    </a>
                </Empty>
            }
            .into_any(),
        ),
        _ => None,
    }
    };
    view! {
        <SourceNote source=silent now_ms=now_ms />
        <section class="panel">
            <TextFilter query=query label="Filter by name" count=Signal::derive(count) />
            <div class="table-box" class:stale=move || silent.with(Option::is_some) tabindex="0" role="region" aria-label="Pools">
                <table class="table sticky">
                    <thead>
                        <tr>
                            <SortHead column=PoolColumn::State label="State" query=query sort=sort />
                            <SortHead column=PoolColumn::Name label="Pool" query=query sort=sort />
                            <SortHead column=PoolColumn::Balancer label="Balancer" query=query sort=sort />
                            <SortHead column=PoolColumn::Algorithm label="Algorithm" query=query sort=sort />
                            <SortHead column=PoolColumn::Up label="Up" query=query sort=sort hint="Instances up, of all" />
                            <SortHead column=PoolColumn::Requests label="Requests" query=query sort=sort />
                            <SortHead column=PoolColumn::Errors label="Errors" query=query sort=sort hint="5xx and failed, last second" />
                            <SortHead column=PoolColumn::P95 label="p95" query=query sort=sort hint="Over the last 10 s" />
                            <SortHead column=PoolColumn::InFlight label="In flight" query=query sort=sort />
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || order.get() key=|id| id.clone() children=row />
                    </tbody>
                </table>
            </div>
            {empty}
            <Legend />
        </section>
        <gateways::Gateways gateways=gateways accepts=accepts now_ms=now_ms />
    }
    .into_any()
}

#[component]
fn Row(cells: Memo<Option<PoolRow>>) -> impl IntoView {
    let cells = move || {
        cells.get().map(|pool| {
            view! {
                <td>{state_badge(pool.state)}</td>
                <th scope="row">
                    <a href=format!("/pools/{}", pool.id)>{pool.id.to_string()}</a>
                </th>
                <td>{pool.balancer.to_string()}</td>
                <td>{pool.algorithm.label()}</td>
                <td class="number">{format!("{} / {}", pool.instances_up, pool.instances_total)}</td>
                <td class="number">{format::rate(pool.totals.requests_per_s)}</td>
                <td class="number">{format::percent(pool.totals.errors_percent)}</td>
                <td class="number">{format::millis(pool.totals.latency.map(|l| l.p95_ms))}</td>
                <td class="number">{format::count(pool.totals.in_flight.into())}</td>
            }
        })
    };
    view! {
        <tr tabindex="-1" data-row>
            {cells}
        </tr>
    }
}
