use leptos::prelude::*;
use model::PoolRow;

use crate::{
    components::{DataTable, Empty, Head, state_badge},
    format,
};

const HEADS: [Head; 6] = [
    Head::text("State"),
    Head::text("Pool"),
    Head::number("Up"),
    Head::number("Requests"),
    Head::number("Errors"),
    Head::number("p95"),
];

/// The pools in short; the list of pools has the rest.
#[component]
pub fn Pools(pools: Memo<Vec<PoolRow>>) -> impl IntoView {
    let rows = move || {
        pools
            .get()
            .into_iter()
            .map(|pool| {
                view! {
                    <tr tabindex="-1" data-row>
                        <td>{state_badge(pool.state)}</td>
                        <th scope="row">
                            <a href=format!("/pools/{}", pool.id)>{pool.id.to_string()}</a>
                        </th>
                        <td class="number">{format!("{} / {}", pool.instances_up, pool.instances_total)}</td>
                        <td class="number">{format::rate(pool.totals.requests_per_s)}</td>
                        <td class="number">{format::percent(pool.totals.errors_percent)}</td>
                        <td class="number">{format::millis(pool.totals.latency.map(|l| l.p95_ms))}</td>
                    </tr>
                }
            })
            .collect_view()
    };
    let empty = move || {
        pools.with(Vec::is_empty).then(|| {
            view! {
                <Empty title="No pools are configured">
                    <p>"Write "<code>"[[pools]]"</code>" into "<code>"evenkeel.toml"</code>"."</p>
                </Empty>
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="pools-title">
            <header class="panel-head">
                <h2 id="pools-title">"Pools"</h2>
                <a href="/pools">"All pools"</a>
            </header>
            <DataTable label="Each pool" heads=HEADS>{rows}</DataTable>
            {empty}
        </section>
    }
}
