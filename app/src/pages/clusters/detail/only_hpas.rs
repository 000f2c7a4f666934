use leptos::prelude::*;
use model::cluster::ObjectRef;

use super::context::{ObjectContext, link};
use crate::components::Empty;

/// Instead of what only an HPA has: where it is.
#[component]
pub fn OnlyHpas(object: ObjectContext, title: &'static str) -> impl IntoView {
    let hpas = object.hpas();
    let links = move || hpas.get().iter().map(|hpa: &ObjectRef| view! { <p>{link(hpa)}</p> }).collect_view();
    view! {
        <section class="panel">
            <Empty title=title>
                <p>"The replicas of a workload without an HPA are what somebody sets."</p>
                {links}
            </Empty>
        </section>
    }
    .into_any()
}
