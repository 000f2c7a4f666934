use leptos::prelude::*;

use crate::{
    components::{Callout, PageTab, Tone},
    pages::scaling::{
        detail::{context::WorkloadContext, tabs::Tab},
        words,
    },
    url::UseQuery,
};

/// Says that the replicas go up and down and up again, why that is likely, and where to change it; nothing while they do not.
#[component]
pub fn Flaps(workload: WorkloadContext, query: UseQuery) -> impl IntoView {
    let flapping = workload.maybe(|v| v.flapping.clone());
    move || {
        flapping.get().map(|flapping| {
            view! {
                <Callout tone=Tone::Warning>
                    <p class="strong">{words::flapping(&flapping, workload.now_ms.get_untracked())}</p>
                    <p>{format!("Likely cause: {}.", flapping.cause)}</p>
                    <p>
                        <a href=move || query.link_with(|q| Tab::Policy.write(&q))>"See the policy"</a>
                    </p>
                </Callout>
            }
        })
    }
}
