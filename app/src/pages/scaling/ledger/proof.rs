use leptos::prelude::*;
use model::scaling::SmallestChange;

use crate::pages::scaling::words::{self, Step};

/// A decision step by step.
#[component]
pub fn Proof(steps: Vec<Step>) -> impl IntoView {
    let steps = steps
        .into_iter()
        .map(|step| {
            let sentences = step
                .sentences
                .into_iter()
                .map(|sentence| view! { <p>{sentence}</p> })
                .collect_view();
            view! {
                <li>
                    <span class="step-title">{step.title}</span>
                    <div>{sentences}</div>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="steps">{steps}</ol> }
}

/// The smallest changes that would have altered it.
#[component]
pub fn Changed(changes: Vec<SmallestChange>) -> impl IntoView {
    if changes.is_empty() {
        return view! { <p class="muted small">"No single change of a metric, bound, window or limit would alter it."</p> }.into_any();
    }
    let changes = changes
        .iter()
        .map(|change| view! { <li>{words::would_change(change)}</li> })
        .collect_view();
    view! {
        <p class="step-title">"What would change it"</p>
        <ul class="names">{changes}</ul>
    }
    .into_any()
}
