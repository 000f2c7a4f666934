use leptos::prelude::*;
use model::scaling::DecisionSpan;

use crate::{
    components::{Empty, PageTab},
    format,
    pages::scaling::{
        detail::{
            context::WorkloadContext,
            ledger::{Changed, Proof},
            tabs::Tab,
        },
        words,
    },
    url::UseQuery,
};

/// The last decision in plain words, and what would change it.
#[component]
pub fn Why(workload: WorkloadContext, query: UseQuery) -> impl IntoView {
    // The proof of a span is drawn anew only when it says something else.
    let last = workload.maybe(|v| v.last.clone());
    let told = Memo::new(move |_| last.with(|span| span.as_ref().map(|s| (words::summary(&s.decision), words::steps(&s.decision)))));
    let would = Memo::new(move |_| last.with(|span| span.as_ref().map(|s| s.would_change.clone())));
    let when = move || last.with(|span| span.as_ref().map(|s| seen(s, workload.now_ms.get())));
    let every_s = workload.part(|v| v.evaluated_every_s);
    let body = move || match told.get() {
        None => view! {
            <Empty title="Nothing has been decided yet">
                <p>{format!("The first evaluation comes within {} s.", every_s.get().unwrap_or_default())}</p>
            </Empty>
        }
        .into_any(),
        Some((summary, steps)) => view! {
            <div class="why">
                <p class="strong">{summary}</p>
                <p class="muted small">{when}</p>
                <Proof steps=steps />
                {move || would.get().map(|changes| view! { <Changed changes=changes /> })}
            </div>
        }
        .into_any(),
    };
    view! {
        <section class="panel" aria-labelledby="why-title">
            <header class="panel-head">
                <h2 id="why-title">"Why?"</h2>
                <a href=move || query.link_with(|q| Tab::Ledger.write(&q))>"All decisions"</a>
            </header>
            {body}
        </section>
    }
    .into_any()
}

/// `Decided 12 times since 18:52:43 UTC, last 4 s ago.`
fn seen(span: &DecisionSpan, now_ms: i64) -> String {
    let times = match span.evaluations {
        0 | 1 => "once".to_owned(),
        n => format!("{} times", format::count(n)),
    };
    format!(
        "Decided {times} since {} UTC, last {} ago.",
        format::clock(span.from_ms),
        format::age_between(span.to_ms, now_ms)
    )
}
