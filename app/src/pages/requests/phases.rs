//! Where a request's time went, as a bar and in figures.

use leptos::prelude::*;
use model::{Phase, PhaseName, Receipt};

use super::words;

#[component]
pub(super) fn Phases(receipt: Receipt, number: usize) -> impl IntoView {
    let phases = receipt.phases();
    let whole_us = receipt.took_us.max(1);
    let mut begun_us = 0;
    let bar = phases
        .iter()
        .map(|phase| {
            let at = permille(begun_us, whole_us);
            begun_us += phase.took_us;
            let width = (permille(begun_us, whole_us) - at).max(LEAST_WIDTH);
            view! {
                <rect data-phase=id(phase.name) x=at.to_string() y="0" width=width.to_string() height="14">
                    <title>{told(phase)}</title>
                </rect>
            }
        })
        .collect_view();
    let figures = phases
        .iter()
        .map(|phase| {
            view! {
                <li>
                    <span class="swatch" data-phase=id(phase.name) aria-hidden="true"></span>
                    <span>{phase.name.label()}</span>
                    <span class="muted">{phase.instance.as_ref().map(ToString::to_string)}</span>
                    <span class="number">{words::micros(phase.took_us)}</span>
                </li>
            }
        })
        .collect_view();
    let id = format!("phases-{number}");
    let labelled_by = id.clone();
    view! {
        <section class="panel" aria-labelledby=labelled_by>
            <header class="panel-head">
                <h2 id=id>"Where the time went"</h2>
                <span class="muted">{words::micros(receipt.took_us)}</span>
            </header>
            <svg class="phases" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                {bar}
            </svg>
            <ul class="phase-list">{figures}</ul>
        </section>
    }
    .into_any()
}

/// Of a thousand: what took hardly any time is still to be seen.
const LEAST_WIDTH: u64 = 2;

const fn permille(us: u64, whole_us: u64) -> u64 {
    us.saturating_mul(1_000) / whole_us
}

const fn id(name: PhaseName) -> &'static str {
    match name {
        PhaseName::Admit => "admit",
        PhaseName::Connect => "connect",
        PhaseName::Wait => "wait",
        PhaseName::Answer => "answer",
    }
}

fn told(phase: &Phase) -> String {
    let instance = phase.instance.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    format!("{}{instance}: {}", phase.name.label(), words::micros(phase.took_us))
}
