use leptos::prelude::*;

use crate::{
    components::{Empty, PageTab},
    pages::scaling::{
        Decided,
        detail::{context::WorkloadContext, tabs::Tab},
    },
    url::UseQuery,
};

/// The last decision, and where all of them are.
#[component]
pub fn Why(workload: WorkloadContext, query: UseQuery) -> impl IntoView {
    let every_s = workload.part(|v| v.evaluated_every_s);
    let nothing = move || {
        view! {
            <Empty title="Nothing has been decided yet">
                <p>{format!("The first evaluation comes within {} s.", every_s.get().unwrap_or_default())}</p>
            </Empty>
        }
    };
    view! {
        <section class="panel" aria-labelledby="why-title">
            <header class="panel-head">
                <h2 id="why-title">"Why?"</h2>
                <a href=move || query.link_with(|q| Tab::Ledger.write(&q))>"All decisions"</a>
            </header>
            <Decided last=workload.scaled().last now_ms=workload.now_ms nothing=nothing />
        </section>
    }
    .into_any()
}
