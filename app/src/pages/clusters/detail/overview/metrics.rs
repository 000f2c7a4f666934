use leptos::prelude::*;
use model::cluster::{ConditionRow, MetricRow};

use crate::{
    components::{Empty, Head, Icon, TablePanel, icon},
    format,
    pages::{clusters::detail::context::ObjectContext, scaling::chips},
};

const METRICS: [Head; 5] = [
    Head::text("Metric"),
    Head::text("Source"),
    Head::text("Now and wanted"),
    Head::text("The controller reads"),
    Head::number("We propose").hint("What our engine makes of the pods for this metric alone"),
];
const CONDITIONS: [Head; 3] = [Head::text("Condition"), Head::text("Reason"), Head::number("Since")];

/// What the controller reads beside what our engine makes of the pods.
#[component]
pub fn Metrics(object: ObjectContext) -> impl IntoView {
    let metrics = object.list(|v| v.metrics.clone());
    let rows = move || metrics.get().into_iter().map(metric).collect_view();
    let empty = move || {
        metrics
            .with(Vec::is_empty)
            .then(|| view! { <Empty title="The HPA has no metric">""</Empty> })
    };
    view! {
        <TablePanel id="metrics-title" title="Metrics" label="Table of metrics" heads=METRICS empty=empty.into_any()>
            {rows}
        </TablePanel>
    }
    .into_any()
}

fn metric(row: MetricRow) -> impl IntoView {
    let missing = || format::MISSING.to_owned();
    view! {
        <tr tabindex="-1" data-row>
            <th scope="row">{row.chip.name.clone()}</th>
            <td>{row.source}</td>
            <td>{chips(vec![row.chip])}</td>
            <td class="wrap">{row.controller.unwrap_or_else(missing)}</td>
            <td class="number">{row.proposal.map_or_else(missing, |n| n.to_string())}</td>
        </tr>
    }
}

#[component]
pub fn Conditions(object: ObjectContext) -> impl IntoView {
    let conditions = object.list(|v| v.conditions.clone());
    let rows = move || {
        let now_ms = object.now_ms.get();
        conditions.get().into_iter().map(move |c| condition(c, now_ms)).collect_view()
    };
    let empty = move || {
        conditions.with(Vec::is_empty).then(|| {
            view! {
                <Empty title="The cluster tells no condition of it">
                    <p>"They come with the first round of the controller."</p>
                </Empty>
            }
        })
    };
    view! {
        <TablePanel id="conditions-title" title="Conditions" label="Table of conditions" heads=CONDITIONS empty=empty.into_any()>
            {rows}
        </TablePanel>
    }
    .into_any()
}

fn condition(row: ConditionRow, now_ms: i64) -> impl IntoView {
    let (symbol, word) = if row.is_true { (Icon::Up, "true") } else { (Icon::Down, "false") };
    let since = row
        .since_ms
        .map_or_else(|| format::MISSING.to_owned(), |at| format::age_between(at, now_ms));
    view! {
        <tr tabindex="-1" data-row>
            <th scope="row">
                {row.name} <span class="badge">{icon(symbol)} <span>{word}</span></span>
            </th>
            <td class="wrap">{row.reason} <span class="cause muted">{row.message}</span></td>
            <td class="number">{since}</td>
        </tr>
    }
}
