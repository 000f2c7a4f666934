use leptos::prelude::*;
use model::PoolRow;

use crate::{
    components::{Empty, state_badge},
    format,
};

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
            <div class="table-box" tabindex="0" role="group" aria-labelledby="pools-title">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"State"</th>
                            <th scope="col">"Pool"</th>
                            <th scope="col" class="number">"Up"</th>
                            <th scope="col" class="number">"Requests"</th>
                            <th scope="col" class="number">"Errors"</th>
                            <th scope="col" class="number">"p95"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {empty}
        </section>
    }
}
