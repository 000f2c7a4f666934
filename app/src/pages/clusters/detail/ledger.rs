use leptos::prelude::*;
use model::cluster::{ObjectKind, ObjectRef};

use super::{
    context::{ObjectContext, link},
    tabs::Tab,
};
use crate::{
    components::{Callout, Empty, Tone},
    pages::scaling::Ledger,
    url::UseQuery,
};

/// The Ledger tab: what our engine decides over the same figures, beside the controller, which does the scaling.
#[component]
pub fn LedgerTab(object: ObjectContext, query: UseQuery) -> impl IntoView {
    if object.kind() == ObjectKind::Hpa {
        return view! {
            <Callout tone=Tone::Info>
                <p>"These are the decisions of our own engine over the same figures. The cluster's controller does the scaling; nothing here is applied."</p>
            </Callout>
            <Ledger of=object.scaled() query=query tab=Tab::Ledger />
        }
        .into_any();
    }
    let hpas = object.list(|v| v.related.iter().filter(|o| o.kind == ObjectKind::Hpa).cloned().collect());
    let links = move || hpas.get().iter().map(|hpa: &ObjectRef| view! { <p>{link(hpa)}</p> }).collect_view();
    view! {
        <section class="panel">
            <Empty title="Only HPAs are decided about">
                <p>"The replicas of a workload without an HPA are what somebody sets."</p>
                {links}
            </Empty>
        </section>
    }
    .into_any()
}
