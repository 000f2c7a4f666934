use leptos::prelude::*;
use model::scaling::{WhatIfAnswer, WhatIfOutcome};

use crate::{
    charts::steps::{self, StepPoint},
    components::{Callout, DataTable, Head, Tone},
    format,
    pages::scaling::words,
};

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 160.0;
/// As many as are compared at most; the order is that of the chart's palette.
const HUES: [usize; 5] = [0, 4, 2, 3, 5];

const HEADS: [Head; 7] = [
    Head::text("Policy"),
    Head::number("Instance hours").hint("Of all instances that exist: who starts is paid for already"),
    Head::number("Too few for").hint("How long more was asked than the ready instances could take"),
    Head::number("Demand lost").hint("Of all demand; it is lost, not put off"),
    Head::number("Changes"),
    Head::number("Turned back").hint("Changes that turned back an opposite one of the last 15 minutes"),
    Head::number("Most"),
];

/// What each policy would have done: side by side as a picture and as numbers.
#[component]
pub fn Outcome(answer: WhatIfAnswer) -> impl IntoView {
    let rows = answer.recorded.iter().chain(&answer.outcomes).map(row).collect_view();
    let caveats: Vec<_> = answer
        .outcomes
        .iter()
        .flat_map(|outcome| outcome.caveats.iter().map(|caveat| format!("{}: {caveat}.", outcome.name)))
        .map(|text| view! { <li>{text}</li> })
        .collect();
    let caveats = (!caveats.is_empty()).then(|| {
        view! {
            <Callout tone=Tone::Info>
                <p class="strong">"Before you believe it"</p>
                <ul class="names">{caveats}</ul>
            </Callout>
        }
    });
    let note = format!(
        "{}: {} in steps of {} s, replayed in {} ms.",
        answer.name,
        format::duration(answer.end_ms.saturating_sub(answer.begin_ms)),
        answer.step_s,
        answer.took_ms
    );
    view! {
        <section class="panel below" aria-labelledby="outcome-title">
            <header class="panel-head">
                <h2 id="outcome-title">"What would have been"</h2>
            </header>
            <p class="panel-note muted" role="status">
                {note}
            </p>
            {picture(&answer)}
            <DataTable label="Outcomes of the policies" heads=HEADS>
                {rows}
            </DataTable>
            {caveats}
        </section>
    }
    .into_any()
}

fn row(outcome: &WhatIfOutcome) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row">{outcome.name.clone()}</th>
            <td class="number">{format!("{:.1}", outcome.instance_hours)}</td>
            <td class="number">{words::seconds(outcome.under_provisioned_s)}</td>
            <td class="number">{format::percent(Some(outcome.lost.share * 100.0))}</td>
            <td class="number">{outcome.changes}</td>
            <td class="number">{outcome.reversals}</td>
            <td class="number">{outcome.peak_replicas}</td>
        </tr>
    }
}

/// Replicas asked for by each policy, and the demand behind them.
fn picture(answer: &WhatIfAnswer) -> impl IntoView + use<> {
    let (from_ms, to_ms) = (answer.begin_ms, answer.end_ms);
    let demand: Vec<StepPoint> = answer.demand.iter().map(|(at_ms, value)| (*at_ms, value.unwrap_or(0.0))).collect();
    let most = answer
        .recorded
        .iter()
        .chain(&answer.outcomes)
        .map(|o| o.peak_replicas)
        .max()
        .unwrap_or(0);
    let top = demand
        .iter()
        .map(|(_, value)| *value)
        .fold(f64::from(most), f64::max)
        .ceil()
        .max(1.0);
    let path = |points: &[StepPoint]| steps::path(points, from_ms, to_ms, top, WIDTH, HEIGHT);
    // What nobody measured is no demand that could be drawn.
    let area = if demand.is_empty() {
        String::new()
    } else {
        format!("{}V{HEIGHT}H0Z", path(&demand))
    };
    let line = |outcome: &WhatIfOutcome| {
        let points: Vec<StepPoint> = outcome.course.iter().map(|p| (p.at_ms, f64::from(p.desired))).collect();
        path(&points)
    };
    let mut lines = Vec::new();
    let mut keys = Vec::new();
    for (n, outcome) in answer.outcomes.iter().enumerate() {
        let hue = format!("hue-{}", HUES.get(n).copied().unwrap_or(7));
        lines.push(view! { <path class=hue.clone() d=line(outcome) /> });
        keys.push(key(hue, "none", outcome.name.clone()));
    }
    let recorded = answer.recorded.as_ref().map(|outcome| {
        keys.push(key("hue-6".to_owned(), "1.5 2", outcome.name.clone()));
        view! { <path class="hue-6" stroke-dasharray="2 3" d=line(outcome) /> }
    });
    keys.push(key("demand".to_owned(), "none", "demand, in instances used up wholly".to_owned()));
    view! {
        <figure class="replay">
            <ul class="chart-legend">{keys}</ul>
            <p class="replay-top muted" aria-hidden="true">
                {format!("{top:.0} instances")}
            </p>
            <svg viewBox="0 0 600 160" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                <path class="demand" d=area />
                {lines}
                {recorded}
            </svg>
            <p class="replay-times muted" aria-hidden="true">
                <span>{format!("{} UTC", format::date_time(from_ms, to_ms))}</span>
                <span>{format!("{} UTC", format::date_time(to_ms, to_ms))}</span>
            </p>
        </figure>
    }
}

fn key(class: String, dash: &'static str, name: String) -> AnyView {
    view! {
        <li class="chart-key">
            <svg class=class viewBox="0 0 14 8" width="14" height="8" aria-hidden="true">
                <line x1="1" x2="13" y1="4" y2="4" stroke-dasharray=dash></line>
            </svg>
            {name}
        </li>
    }
    .into_any()
}
