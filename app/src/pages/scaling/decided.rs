use leptos::prelude::*;
use model::scaling::DecisionSpan;

use super::{
    ledger::{Changed, Proof},
    words,
};
use crate::format;

/// The last decision in plain words, and what would change it; `nothing` before there is one.
#[component]
pub fn Decided(last: Memo<Option<DecisionSpan>>, now_ms: Memo<i64>, #[prop(into)] nothing: ViewFn) -> impl IntoView {
    // The proof of a span is drawn anew only when it says something else.
    let told = Memo::new(move |_| last.with(|span| span.as_ref().map(|s| (words::summary(&s.decision), words::steps(&s.decision)))));
    let would = Memo::new(move |_| last.with(|span| span.as_ref().map(|s| s.would_change.clone())));
    let when = move || last.with(|span| span.as_ref().map(|s| seen(s, now_ms.get())));
    move || match told.get() {
        None => nothing.run().into_any(),
        Some((summary, steps)) => view! {
            <div class="why">
                <p class="strong">{summary}</p>
                <p class="muted small">{when}</p>
                <Proof steps=steps />
                {move || would.get().map(|changes| view! { <Changed changes=changes /> })}
            </div>
        }
        .into_any(),
    }
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
