use leptos::prelude::*;

use crate::{
    components::{Empty, Findings},
    pages::clusters::detail::context::ObjectContext,
};

/// What was found, worst first, and what to do about it.
#[component]
pub fn Why(object: ObjectContext) -> impl IntoView {
    let findings = object.list(|v| v.findings.clone());
    let body = move || {
        let findings = findings.get();
        if findings.is_empty() {
            return view! {
                <Empty title="Nothing has been found yet">
                    <p>"The object is looked at as soon as everything around it has been read."</p>
                </Empty>
            }
            .into_any();
        }
        view! { <Findings findings=findings /> }.into_any()
    };
    view! {
        <section class="panel" aria-labelledby="why-title">
            <header class="panel-head">
                <h2 id="why-title">"Why?"</h2>
            </header>
            {body}
        </section>
    }
    .into_any()
}
