//! The Pods tab: each with why it is not ready, and the way to send it elsewhere.

use leptos::prelude::*;
use model::cluster::{ObjectCommand, PodRow, Trigger};

use super::{
    act::{Act, Wish},
    context::ObjectContext,
};
use crate::{
    components::{DataTable, Empty, Head, Icon, icon},
    format,
};

const HEADS: [Head; 9] = [
    Head::text("State"),
    Head::text("Pod"),
    Head::text("Node"),
    Head::number("CPU").hint("Used, and requested"),
    Head::number("Memory").hint("Used, and requested"),
    Head::number("Restarts"),
    Head::number("Age"),
    Head::text("Why"),
    Head::text("Act"),
];

#[component]
pub fn Pods(object: ObjectContext, act: Act) -> impl IntoView {
    let pods = object.list(|v| v.pods.clone());
    let total = object.part(|v| v.pods_total);
    let why_not = object.why_not(Trigger::Evict);
    let count = move || format!("{} of {}", pods.with(Vec::len), total.get().unwrap_or_default());
    let names = Memo::new(move |_| pods.with(|pods| pods.iter().map(|p| p.name.clone()).collect::<Vec<_>>()));
    let row = move |name: String| {
        let pod = {
            let name = name.clone();
            Memo::new(move |_| pods.with(|pods| pods.iter().find(|p| p.name == name).cloned()))
        };
        view! { <Row object=object act=act name=name pod=pod why_not=why_not /> }
    };
    let empty = move || {
        names.with(Vec::is_empty).then(|| {
            view! {
                <Empty title="No pod runs">
                    <p>"Pods that match the workload's labels appear here as they are made."</p>
                </Empty>
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="pods-title">
            <header class="panel-head">
                <h2 id="pods-title">"Pods"</h2>
                <span class="muted">{count}</span>
            </header>
            <p class="hint">
                "Evicting a pod ends it in peace and lets another start elsewhere; a disruption budget that has no room for it says so."
                {move || why_not.get().map(|why| format!(" {why}"))}
            </p>
            <DataTable label="Table of pods" heads=HEADS sticky=true>
                <For each=move || names.get() key=|name| name.clone() children=row />
            </DataTable>
            {empty}
        </section>
    }
    .into_any()
}

#[component]
fn Row(object: ObjectContext, act: Act, name: String, pod: Memo<Option<PodRow>>, why_not: Memo<Option<String>>) -> impl IntoView {
    let cells = move || pod.get().map(|pod| cells(pod, object.now_ms.get()));
    let label = format!("Evict {name}");
    let evict = {
        let name = name.clone();
        move |_| act.ask(Wish(ObjectCommand::Evict { pod: name.clone() }))
    };
    let state = move || {
        pod.get().map(|pod| {
            let (state, symbol) = look(&pod);
            view! {
                <span class="badge" data-state=state>
                    {icon(symbol)}
                    <span>{if pod.is_ready { "ready".to_owned() } else { pod.phase.to_lowercase() }}</span>
                </span>
            }
        })
    };
    // The button stays while the figures beside it change.
    view! {
        <tr tabindex="-1" data-row>
            <td>{state}</td>
            <th scope="row">{name}</th>
            {cells}
            <td>
                <button
                    type="button"
                    class="button small js-only"
                    aria-label=label
                    disabled=move || why_not.with(Option::is_some)
                    title=move || why_not.get()
                    on:click=evict
                >
                    "Evict…"
                </button>
            </td>
        </tr>
    }
}

/// State id and symbol.
fn look(pod: &PodRow) -> (&'static str, Icon) {
    match pod.phase.as_str() {
        _ if pod.is_ready => ("up", Icon::Up),
        "Pending" => ("unchecked", Icon::Unchecked),
        "Succeeded" => ("unknown", Icon::Up),
        "Failed" => ("down", Icon::Down),
        "Unknown" => ("unknown", Icon::Unknown),
        _ => ("going_down", Icon::Warning),
    }
}

fn cells(pod: PodRow, now_ms: i64) -> impl IntoView {
    let cpu = of(pod.cpu_milli, pod.cpu_request_milli, |m| format!("{m} m"));
    let memory = of(pod.memory_bytes, pod.memory_request_bytes, |b| {
        format::bytes(u64::try_from(b).unwrap_or_default())
    });
    view! {
        <td>{pod.node.unwrap_or_else(|| format::MISSING.to_owned())}</td>
        <td class="number">{cpu}</td>
        <td class="number">{memory}</td>
        <td class="number">{pod.restarts}</td>
        <td class="number">{format::age_between(pod.created_at_ms, now_ms)}</td>
        <td class="wrap">{pod.why}</td>
    }
}

/// `120 m / 500 m`, `– / 500 m`
fn of(used: Option<i64>, request: Option<i64>, words: impl Fn(i64) -> String) -> String {
    let [used, request] = [used, request].map(|value| value.map_or_else(|| format::MISSING.to_owned(), &words));
    format!("{used} / {request}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_measured_is_no_zero() {
        let milli = |m: i64| format!("{m} m");
        assert_eq!(of(Some(0), Some(500), milli), "0 m / 500 m");
        assert_eq!(of(None, None, milli), "– / –");
    }
}
