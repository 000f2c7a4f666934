use leptos::prelude::*;
use model::cluster::ObjectKind;

use super::{context::ObjectContext, only_hpas::OnlyHpas, tabs::Tab};
use crate::{
    components::{Callout, Tone},
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
    view! { <OnlyHpas object=object title="Only HPAs are decided about" /> }.into_any()
}
