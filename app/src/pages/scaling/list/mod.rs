//! Every workload in one table: sorted and filtered through the URL.

mod rows;

use std::{collections::HashMap, sync::Arc};

use leptos::prelude::*;
use leptos_meta::Title;
use model::{
    Frame, SourceState, ViewData, ViewKey, WorkloadId,
    scaling::{Hold, ScalingView, WorkloadRow},
};
use rows::WorkloadColumn;

use super::{chips, words};
use crate::{
    api,
    components::{Empty, ScalingLegend, SortHead, SourceNote, TextFilter, first_paint, scaling_badge},
    format,
    live::Live,
    url::{Sort, use_query},
};

#[component]
pub fn ScalingPage() -> impl IntoView {
    let first = Resource::new(|| (), |()| api::view(ViewKey::Scaling));
    view! {
        <Title text="Scaling" />
        <header class="page-head">
            <h1>"Scaling"</h1>
        </header>
        {first_paint(first, |frame| view! { <Scaling frame=frame /> })}
    }
}

fn scaling(frame: &Frame) -> Option<&ScalingView> {
    match &frame.view {
        ViewData::Scaling(view) => Some(view),
        _ => None,
    }
}

#[component]
fn Scaling(frame: Frame) -> impl IntoView {
    let live = Live::expect();
    let frames = live.from_first(frame);
    Effect::new(move |_| live.listen(ViewKey::Scaling));

    let query = use_query();
    let sort = Memo::new(move |_| query.query.with(Sort::<WorkloadColumn>::from_query));
    let text = Memo::new(move |_| query.get("q").unwrap_or_default());
    let now_ms = Memo::new(move |_| frames.with(|f| f.at_ms));
    let total = Memo::new(move |_| frames.with(|f| scaling(f).map_or(0, |v| v.workloads.len())));
    let order: Memo<Vec<WorkloadId>> = Memo::new(move |_| {
        frames.with(|f| {
            scaling(f)
                .map(|v| rows::order(&v.workloads, &text.read(), sort.get()))
                .unwrap_or_default()
        })
    });
    // Looked up by every row, so built once a frame; always new, so never compared.
    let index: Memo<Arc<HashMap<WorkloadId, WorkloadRow>>> = Memo::new_with_compare(
        move |_| {
            let rows = |v: &ScalingView| v.workloads.iter().map(|w| (w.workload.clone(), w.clone())).collect();
            frames.with(|f| Arc::new(scaling(f).map(rows).unwrap_or_default()))
        },
        |_, _| true,
    );
    let has_namespaces = Memo::new(move |_| frames.with(|f| scaling(f).is_some_and(rows::has_namespaces)));
    let silent = Memo::new(move |_| {
        frames.with(|f| scaling(f).and_then(|v| v.sources.iter().find(|s| matches!(s.state, SourceState::Down { .. })).cloned()))
    });
    let count = move || format!("{} of {}", order.with(Vec::len), total.get());
    let row = move |id: WorkloadId| {
        let cells = Memo::new(move |_| index.with(|index| index.get(&id).cloned()));
        view! { <Row cells=cells has_namespaces=has_namespaces now_ms=now_ms /> }
    };
    let empty = move || {
        match (total.get(), order.with(Vec::is_empty)) {
        (0, _) => Some(
            view! {
                <Empty title="No workload is scaled here">
                    <p>
                        "The console scales what it starts itself: the samples, from " <code>"sample.count"</code> " to " <code>"sample.max"</code>
                        ", which there are without " <code>"[[pools]]"</code> " in " <code>"evenkeel.toml"</code>
                        ". The instances of your own pools are started by somebody else."
                    </p>
                </Empty>
            }
            .into_any(),
        ),
        (_, true) => Some(
            view! {
                <Empty title="No workload has that in its name, namespace or reference">
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
            <TextFilter query=query label="Filter workloads" count=Signal::derive(count) />
            <div class="table-box" class:stale=move || silent.with(Option::is_some) tabindex="0" role="region" aria-label="Workloads">
                <table class="table sticky">
                    <thead>
                        <tr>
                            <SortHead column=WorkloadColumn::State label="State" query=query sort=sort />
                            <SortHead column=WorkloadColumn::Name label="Workload" query=query sort=sort />
                            {move || {
                                has_namespaces
                                    .get()
                                    .then(|| {
                                        view! { <SortHead column=WorkloadColumn::Namespace label="Namespace" query=query sort=sort /> }
                                    })
                            }}
                            <SortHead column=WorkloadColumn::Reference label="Reference" query=query sort=sort hint="What runs it" />
                            <th scope="col" title="What each metric reads, and what it should read">
                                "Targets"
                            </th>
                            <SortHead column=WorkloadColumn::Min label="Min" query=query sort=sort hint="In force now, with the schedule" />
                            <SortHead column=WorkloadColumn::Max label="Max" query=query sort=sort hint="In force now, with the schedule" />
                            <SortHead column=WorkloadColumn::Replicas label="Replicas" query=query sort=sort hint="There, in whatever state" />
                            <SortHead column=WorkloadColumn::Ready label="Ready" query=query sort=sort />
                            <SortHead column=WorkloadColumn::Age label="Age" query=query sort=sort hint="Since the console knows it" />
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || order.get() key=|id| id.clone() children=row />
                    </tbody>
                </table>
            </div>
            {empty}
            <ScalingLegend />
        </section>
    }
    .into_any()
}

#[component]
fn Row(cells: Memo<Option<WorkloadRow>>, has_namespaces: Memo<bool>, now_ms: Memo<i64>) -> impl IntoView {
    let at_max = move || cells.with(|row| row.as_ref().is_some_and(rows::is_at_max));
    let cells = move || {
        cells.get().map(|row| {
            let marked = rows::is_at_max(&row).then(|| view! { <span class="tag" data-tone="warning">"at max"</span> });
            let now_ms = now_ms.get();
            view! {
                <td>{scaling_badge(row.state)} {hold_note(row.hold, now_ms)}</td>
                <th scope="row">
                    <a href=format!("/scaling/{}", row.workload)>{row.workload.to_string()}</a>
                </th>
                {has_namespaces.get().then(|| view! { <td>{row.namespace.unwrap_or_else(|| format::MISSING.to_owned())}</td> })}
                <td>{row.reference}</td>
                <td>{chips(row.targets)}</td>
                <td class="number">{row.bounds.min_replicas}</td>
                <td class="number">{row.bounds.max_replicas}</td>
                <td class="number">{marked} {words::replicas(row.replicas, row.desired)}</td>
                <td class="number">{row.ready}</td>
                <td class="number">{format::age_between(row.since_ms, now_ms)}</td>
            }
        })
    };
    view! {
        <tr tabindex="-1" data-row class:at-max=at_max>
            {cells}
        </tr>
    }
}

fn hold_note(hold: Option<Hold>, now_ms: i64) -> Option<impl IntoView> {
    let words = words::hold_short(hold?, now_ms)?;
    Some(view! { <span class="cell-note">{words}</span> })
}
