//! The Overview tab: why it stands as it does, how many there are, and what else belongs to it.

mod around;
mod metrics;
mod why;

use leptos::prelude::*;
use model::{Metric, SeriesKey, cluster::ObjectKind};

use super::{context::ObjectContext, tabs::Tab};
use crate::{
    charts::{ChartPanel, Kind},
    components::{Empty, PageTab},
    format,
    pages::scaling::{Decided, LastChanges, MetricCharts, figure, ready_tone, use_marks},
    url::UseQuery,
};

/// While none has been seen.
const NO_CHANGES: (&str, &str) = (
    "The replicas have not been changed since they are watched",
    "Each change appears here with who made it and what told of it.",
);
/// What is kept over time of an object.
const KEPT: &[Metric] = &[Metric::CpuPercent, Metric::MemoryPercent];

#[component]
pub fn Overview(object: ObjectContext, query: UseQuery) -> impl IntoView {
    let scaled = object.scaled();
    let id = scaled.id.get_value();
    let keys: Vec<_> = Kind::Replicas
        .metrics()
        .iter()
        .map(|&metric| SeriesKey::workload(metric, &id))
        .collect();
    let marks = use_marks(scaled, query);
    let targets = object.list(|v| v.row.targets.clone());
    let group = format!("object-{id}");
    let is_hpa = object.kind() == ObjectKind::Hpa;
    let nothing = || {
        view! {
            <Empty title="Nothing has been decided yet">
                <p>"Our engine decides as soon as it has the figures of the pods."</p>
            </Empty>
        }
    };
    let engine = is_hpa.then(|| {
        view! {
            <section class="panel" aria-labelledby="engine-title">
                <header class="panel-head">
                    <h2 id="engine-title">"Our engine"</h2>
                    <a href=move || query.link_with(|q| Tab::Ledger.write(&q))>"All decisions"</a>
                </header>
                <Decided last=scaled.last now_ms=object.now_ms nothing=nothing />
            </section>
        }
    });
    view! {
        <why::Why object=object />
        <Figures object=object />
        <div class="columns">
            <div class="column wide">
                <ChartPanel
                    kind=Kind::Replicas
                    keys=Signal::stored(keys)
                    group=group.clone()
                    events=marks
                    marks=format!("{}?tab=history&before=", object.path())
                />
                {is_hpa.then(|| view! { <metrics::Metrics object=object /> })}
                <LastChanges of=scaled query=query all=Tab::History none=NO_CHANGES />
            </div>
            <div class="column">
                {engine}
                <metrics::Conditions object=object />
            </div>
        </div>
        <around::Around object=object />
        {is_hpa.then(|| view! { <MetricCharts id=scaled.id targets=targets group=group kept=KEPT /> })}
    }
    .into_any()
}

#[component]
fn Figures(object: ObjectContext) -> impl IntoView {
    let row = object.part(|v| (v.row.desired, v.row.ready, v.row.replicas, v.row.min_replicas, v.row.max_replicas));
    let bound = |n: Option<u32>| n.map_or_else(|| format::MISSING.to_owned(), |n| n.to_string());
    let tone = move || row.with(|r| r.as_ref().map_or("", |r| ready_tone(r.0, r.1)));
    let has_hpa = move || row.with(|r| r.as_ref().is_some_and(|r| r.3.is_some()));
    let between_note = move || {
        let words = if has_hpa() { "as the HPA has it" } else { "no HPA scales it" };
        Some(words.to_owned())
    };
    view! {
        <ul class="cards figures" aria-label="Right now">
            {figure("Asked for", move || row.get().map(|r| r.0.to_string()), || Some("as the cluster has it".to_owned()), || "")}
            {figure("Ready", move || row.get().map(|r| r.1.to_string()), || Some("take requests".to_owned()), tone)}
            {figure("There", move || row.get().map(|r| r.2.to_string()), || Some("in whatever state".to_owned()), || "")}
            {figure("Between", move || row.get().map(|r| format!("{} – {}", bound(r.3), bound(r.4))), between_note, || "")}
        </ul>
    }
    .into_any()
}
