use leptos::prelude::*;
use model::{PoolId, ProcessObservation};

use crate::{
    components::{Empty, Head, TablePanel},
    format,
    pages::scaling::{detail::context::WorkloadContext, words},
};

const HEADS: [Head; 6] = [
    Head::text("Instance"),
    Head::text("Process"),
    Head::number("PID"),
    Head::number("Runs for"),
    Head::number("Restarts").hint("After exits that nobody asked for"),
    Head::text("Last exit"),
];

/// What runs.
#[component]
pub fn Processes(workload: WorkloadContext) -> impl IntoView {
    let processes = workload.part(|v| (v.row.pool.clone(), v.processes.clone()));
    let rows = move || {
        let now_ms = workload.now_ms.get();
        let (pool, processes) = processes.get()?;
        Some(processes.into_iter().map(move |process| row(&pool, process, now_ms)).collect_view())
    };
    let empty = move || {
        processes.with(|p| p.as_ref().is_none_or(|p| p.1.is_empty())).then(|| {
            view! {
                <Empty title="Nothing runs">
                    <p>"Instances appear here as they are started."</p>
                </Empty>
            }
        })
    };
    view! {
        <TablePanel id="processes-title" title="Processes" label="Table of processes" heads=HEADS below=true empty=empty.into_any()>
            {rows}
        </TablePanel>
    }
    .into_any()
}

fn row(pool: &PoolId, process: ProcessObservation, now_ms: i64) -> impl IntoView + use<> {
    let id = process.instance;
    view! {
        <tr tabindex="-1" data-row>
            <th scope="row">
                <a href=format!("/pools/{pool}?q={id}")>{id.to_string()}</a>
            </th>
            <td>{words::process(process.state)}</td>
            <td class="number">{process.pid.map_or_else(|| format::MISSING.to_owned(), |pid| pid.to_string())}</td>
            <td class="number">{format::age_between(process.started_at_ms, now_ms)}</td>
            <td class="number">{process.restarts}</td>
            <td class="wrap">{process.last_exit.unwrap_or_else(|| format::MISSING.to_owned())}</td>
        </tr>
    }
}
