use leptos::prelude::*;

use super::{change::Changer, context::WorkloadContext};
use crate::{
    browser,
    components::{Callout, CopyButton, Tone, scaling_badge},
    format,
    pages::scaling::words::{self, HoldVerb},
};

const PAUSE_MENU: &str = "pause-menu";

/// What the workload is, what is held, and what can be done about it.
#[component]
pub fn Head(workload: WorkloadContext, changer: Changer) -> impl IntoView {
    let name = workload.name();
    let state = workload.part(|v| v.row.state);
    let facts = workload.part(|v| {
        (
            v.row.reference.clone(),
            v.row.namespace.clone(),
            v.row.pool.clone(),
            v.evaluated_every_s,
        )
    });
    let version = workload.part(|v| (v.intent.version, v.intent.changed_by.clone()));
    let since = workload.part(|v| v.row.since_ms);
    let pool = move || {
        facts
            .get()
            .map(|f| view! { <a href=format!("/pools/{}", f.2)>{f.2.to_string()}</a> })
    };
    let namespace = move || {
        facts.get().and_then(|f| f.1).map(|namespace| {
            view! {
                <div>
                    <dt>"Namespace"</dt>
                    <dd>{namespace}</dd>
                </div>
            }
        })
    };
    view! {
        <header class="page-head">
            <p class="crumbs">
                <a href="/scaling">"Scaling"</a>
                <span aria-hidden="true">"/"</span>
            </p>
            <h1>{name.clone()}</h1>
            <CopyButton text=name label="Copy the name" />
            {move || state.get().map(scaling_badge)}
            <Actions workload=workload changer=changer />
        </header>
        <HoldNote workload=workload />
        <dl class="facts">
            <div>
                <dt>"Reference"</dt>
                <dd>{move || facts.get().map(|f| f.0)}</dd>
            </div>
            {namespace}
            <div>
                <dt>"Pool"</dt>
                <dd>{pool}</dd>
            </div>
            <div>
                <dt>"Plan"</dt>
                <dd>{move || version.get().map(|(n, by)| format!("version {n} by {}", by.unwrap_or_else(|| "the settings file".to_owned())))}</dd>
            </div>
            <div>
                <dt>"Evaluated"</dt>
                <dd>{move || facts.get().map(|f| format!("every {} s", f.3))}</dd>
            </div>
            <div>
                <dt>"Known for"</dt>
                <dd>{move || since.get().map(|since| format::age_between(since, workload.now_ms.get()))}</dd>
            </div>
        </dl>
    }
    .into_any()
}

/// What an operator can do to the replicas at once. Needs scripts, as every dialog.
#[component]
fn Actions(workload: WorkloadContext, changer: Changer) -> impl IntoView {
    let why_not = workload.why_not;
    let disabled = move || why_not.with(Option::is_some);
    let title = move || why_not.get();
    let pauses = HoldVerb::PAUSES
        .into_iter()
        .map(|verb| {
            let click = move |_| {
                browser::hide_popover(PAUSE_MENU);
                changer.ask_hold(verb);
            };
            view! {
                <button type="button" class="menu-item" disabled=disabled on:click=click>
                    {verb.label()}
                </button>
            }
        })
        .collect_view();
    let let_go = move || {
        workload.hold.get().is_some().then(|| {
            view! {
                <button type="button" class="button small" disabled=disabled title=title on:click=move |_| changer.ask_hold(HoldVerb::LetGo)>
                    "Let go"
                </button>
            }
        })
    };
    view! {
        <div class="head-actions js-only" role="group" aria-label="Replicas by hand">
            {let_go}
            <button type="button" class="button small" disabled=disabled title=title on:click=move |_| changer.ask_hold(HoldVerb::ScaleTo)>
                "Scale to…"
            </button>
            <button type="button" class="button small" disabled=disabled title=title popovertarget=PAUSE_MENU>
                "Pause…"
            </button>
            <div id=PAUSE_MENU popover="auto" class="menu-body row-menu">
                {pauses}
            </div>
            {move || why_not.get().map(|why| view! { <span class="hint">{why}</span> })}
        </div>
    }
    .into_any()
}

/// What is held and for how long; it goes away by itself.
#[component]
fn HoldNote(workload: WorkloadContext) -> impl IntoView {
    let words = Memo::new(move |_| workload.hold.get().and_then(|hold| words::hold_long(hold, workload.now_ms.get())));
    let held = Memo::new(move |_| words.with(Option::is_some));
    move || {
        held.get().then(|| {
            view! {
                <Callout tone=Tone::Warning>
                    <p class="strong">{move || words.get().map(|w| w.0)}</p>
                    <p>{move || words.get().map(|w| w.1)}</p>
                </Callout>
            }
        })
    }
}
