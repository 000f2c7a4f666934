use leptos::prelude::*;
use model::{
    ApiError,
    cluster::{ClusterRefusal, ObjectKind, RefusalKind},
};

use super::Act;
use crate::{
    api::Problem,
    components::{Callout, FixView, Tone},
    pages::clusters::{detail::context::link, words},
};

/// Why it was not done, and the way out.
#[component]
pub fn Refused(act: Act, problem: Problem) -> impl IntoView {
    let ApiError::Cluster(refusal) = problem.0 else {
        return view! {
            <Callout tone=Tone::Critical>
                <p class="strong">"Not changed"</p>
                <p>{problem.to_string()}</p>
            </Callout>
        }
        .into_any();
    };
    let ClusterRefusal { kind, why, fix } = *refusal;
    // What may be done by another way is no fault.
    let tone = match kind {
        RefusalKind::Conflict | RefusalKind::Managed | RefusalKind::OwnedByHpa | RefusalKind::Budget | RefusalKind::Busy => Tone::Warning,
        _ => Tone::Critical,
    };
    let advice = words::refusal_advice(kind).map(|words| view! { <p>{words}</p> });
    let fix = fix.map(|fix| view! { <FixView fix=fix /> });
    let hpas = (kind == RefusalKind::OwnedByHpa).then(|| {
        let related = act.object.view().map(|v| v.related).unwrap_or_default();
        let hpas = related.into_iter().filter(|o| o.kind == ObjectKind::Hpa);
        hpas.map(|hpa| view! { <p>"Change its bounds instead: " {link(&hpa)}</p> })
            .collect_view()
    });
    let newest = (kind == RefusalKind::Conflict).then(|| {
        view! {
            <button type="button" class="button" on:click=move |_| act.load_newest()>
                "Load the newest"
            </button>
        }
    });
    let again = words::may_try_again(kind).then(|| {
        view! {
            <button type="button" class="button" on:click=move |_| act.again()>
                {if kind == RefusalKind::Conflict { "Review mine on top of it" } else { "Try again" }}
            </button>
        }
    });
    let choices = (newest.is_some() || again.is_some()).then(|| view! { <div class="choices">{newest} {again}</div> });
    view! {
        <Callout tone=tone>
            <p class="strong">{words::refusal(kind)}</p>
            <p>{why}</p>
            {advice}
            {hpas}
        </Callout>
        {fix}
        {choices}
    }
    .into_any()
}
