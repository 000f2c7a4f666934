//! The Edit tab: what stands in the HPA, field by field, or the replicas of a workload. Nothing is sent before the API server has
//! said what it would make of it.

mod hpa;
mod ingress;
mod scale;

use leptos::prelude::*;
use model::cluster::{ObjectKind, Trigger};

use super::{
    act::Act,
    context::{ObjectContext, link},
};
use crate::{
    components::{Callout, Tone},
    pages::clusters::words,
};

#[component]
pub fn Edit(object: ObjectContext, act: Act) -> impl IntoView {
    let is_hpa = object.kind() == ObjectKind::Hpa;
    let why_not = object.why_not(if is_hpa { Trigger::Edit } else { Trigger::Scale });
    let keeper = object.keeper(if is_hpa { Trigger::Edit } else { Trigger::Scale });
    let kept = move || {
        keeper.get().filter(|_| why_not.with(Option::is_none)).map(|manager| {
            view! {
                <Callout tone=Tone::Info>
                    <p>
                        {format!("{} would undo a change from here. Fill in what you want: the review gives the patch for its source.", words::manager(&manager))}
                    </p>
                </Callout>
            }
        })
    };
    let hpas = object.hpas();
    let note = move || {
        why_not.get().map(|why| {
            let hpas = hpas
                .get()
                .iter()
                .filter(|_| !is_hpa)
                .map(|hpa| view! { <p>"It is scaled by " {link(hpa)}</p> })
                .collect_view();
            view! {
                <Callout tone=Tone::Info>
                    <p>{format!("You see what stands there but cannot change it: {why}")}</p>
                    {hpas}
                </Callout>
            }
        })
    };
    let forms = move || {
        act.changes.track();
        // The frames that come meanwhile leave what somebody types alone.
        object.view().map(|view| {
            if is_hpa {
                hpa::form(object, act, why_not, &view)
            } else {
                scale::form(object, act, why_not, &view)
            }
        })
    };
    view! {
        <p class="no-js-only callout">"A change is tried by the API server before it is made, which needs scripts."</p>
        {note}
        {kept}
        {forms}
        <ingress::IngressForm object=object act=act />
    }
    .into_any()
}
