use leptos::prelude::*;
use model::scaling::diff;

use super::{Changer, Step, confirm::Confirm, hold::HoldForm};
use crate::components::{Callout, Modal, Tone, TwoVersions, Versions};

/// The dialog of the workload's page; drawn once, open while a change is under way.
#[component]
pub fn ChangeDialog(changer: Changer) -> impl IntoView {
    let step = changer.step;
    let open = Memo::new(move |_| step.with(|s| *s != Step::Idle));
    let name = changer.workload.name();
    let title = move || step.with(|s| s.verb().map(|verb| format!("{verb}: {name}")));
    let body = move || match step.get() {
        Step::Idle => ().into_any(),
        Step::Hold(verb) => view! { <HoldForm changer=changer verb=verb /> }.into_any(),
        Step::Sending(_) => view! { <p role="status">"Sending…"</p> }.into_any(),
        Step::Confirm { wish, base, after } => view! { <Confirm changer=changer wish=wish base=*base after=*after /> }.into_any(),
        Step::Conflict { base, current, yours, .. } => {
            let versions = Versions {
                what: "this workload",
                by: current.changed_by.clone(),
                seen: base.version,
                current: current.version,
                theirs: diff(&base.plan, &current.plan),
                mine: diff(&current.plan, &yours),
            };
            view! {
                <TwoVersions
                    versions=versions
                    take_theirs=Callback::new(move |()| changer.take_theirs())
                    mine_on_top=Callback::new(move |()| changer.mine_on_top())
                />
            }
            .into_any()
        }
        Step::Failed { problem, .. } => view! {
            <Callout tone=Tone::Critical>
                <p class="strong">"Not changed"</p>
                <p>{problem.to_string()}</p>
            </Callout>
        }
        .into_any(),
    };
    let leave = move || {
        // Closing does not call back what is sent.
        if step.with(|s| matches!(s, Step::Failed { .. } | Step::Sending(_))) {
            "Close"
        } else {
            "Cancel"
        }
    };
    view! {
        <Modal open=open on_close=Callback::new(move |()| changer.cancel()) labelled_by="scaling-change-title">
            <h2 id="scaling-change-title">{title}</h2>
            <div class="dialog-body">{body}</div>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| changer.cancel()>
                    {leave}
                </button>
                <button
                    type="submit"
                    form="scaling-form"
                    class="button primary"
                    hidden=move || !step.with(|s| matches!(s, Step::Confirm { .. } | Step::Hold(_)))
                >
                    {move || step.with(Step::verb)}
                </button>
            </div>
        </Modal>
    }
    .into_any()
}
