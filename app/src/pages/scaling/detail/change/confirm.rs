use leptos::{ev, prelude::*};
use model::scaling::{ScalingIntent, ScalingPlan, diff};

use super::{Changer, Wish};
use crate::components::{Diff, TypedName};

/// What would change, and in production the name to type.
#[component]
pub fn Confirm(changer: Changer, wish: Wish, base: ScalingIntent, after: ScalingPlan) -> impl IntoView {
    let workload = changer.workload;
    let fields = diff(&base.plan, &after);
    let name = TypedName::new(
        "scaling-typed-error",
        workload.is_production() && wish.is_dangerous(),
        workload.name(),
    );
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if name.is_right() {
            changer.confirm();
        }
    };
    view! {
        <form id="scaling-form" on:submit=submit>
            <p class="muted">{format!("Version {} is in force. The next evaluation follows the new one.", base.version)}</p>
            <Diff fields=fields />
            {name.field()}
        </form>
    }
}
