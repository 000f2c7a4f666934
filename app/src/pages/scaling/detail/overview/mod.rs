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
    pages::scaling::{LastChanges, MetricCharts, use_marks},
    url::UseQuery,
};

/// While there has been none.
const NO_CHANGES: (&str, &str) = ("The replicas have not been changed yet", "Each change appears here with its cause.");

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
                <LastChanges of=workload.scaled() query=query all=Tab::History none=NO_CHANGES />
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
