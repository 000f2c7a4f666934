//! The Overview tab: how many there are, why, and what is measured against what is wanted.

mod figures;
mod flapping;
mod processes;
mod why;

use leptos::prelude::*;
use model::SeriesKey;

use super::{context::WorkloadContext, tabs::Tab};
use crate::{
    charts::{ChartPanel, Kind},
    components::{DataTable, Empty, PageTab},
    pages::scaling::{ChangeRows, HEADS, MetricCharts, use_marks},
    url::UseQuery,
};

/// Changes that are listed; the History tab has them all.
const CHANGES: usize = 5;

#[component]
pub fn Overview(workload: WorkloadContext, query: UseQuery) -> impl IntoView {
    let id = workload.id.get_value();
    let keys: Vec<_> = Kind::Replicas
        .metrics()
        .iter()
        .map(|&metric| SeriesKey::workload(metric, &id))
        .collect();
    let marks = use_marks(workload.scaled(), query);
    let targets = workload.part(|v| v.row.targets.clone());
    let targets = Memo::new(move |_| targets.get().unwrap_or_default());
    let group = format!("workload-{id}");
    view! {
        <flapping::Flaps workload=workload query=query />
        <figures::Figures workload=workload />
        <div class="columns">
            <div class="column wide">
                <ChartPanel
                    kind=Kind::Replicas
                    keys=Signal::stored(keys)
                    group=group.clone()
                    events=marks
                    marks=format!("/scaling/{id}?tab=history&before=")
                />
                <Changes workload=workload query=query />
            </div>
            <div class="column">
                <why::Why workload=workload query=query />
            </div>
        </div>
        <MetricCharts id=workload.id targets=targets group=group />
        <processes::Processes workload=workload />
    }
    .into_any()
}

/// The last changes of the replicas.
#[component]
fn Changes(workload: WorkloadContext, query: UseQuery) -> impl IntoView {
    let changes = workload.part(|v| v.events.iter().take(CHANGES).cloned().collect::<Vec<_>>());
    let changes = Memo::new(move |_| changes.get().unwrap_or_default());
    let empty = move || {
        changes.with(Vec::is_empty).then(|| {
            view! {
                <Empty title="The replicas have not been changed yet">
                    <p>"Each change appears here with its cause."</p>
                </Empty>
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="changes-title">
            <header class="panel-head">
                <h2 id="changes-title">"Last changes"</h2>
                <a href=move || query.link_with(|q| Tab::History.write(&q))>"All changes"</a>
            </header>
            <DataTable label="The last changes" heads=HEADS>
                <ChangeRows changes=changes now_ms=workload.now_ms />
            </DataTable>
            {empty}
        </section>
    }
    .into_any()
}
