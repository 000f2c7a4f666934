//! The instances that were asked, and for each everybody who could have been.

use leptos::prelude::*;
use model::{Algorithm, Candidate, PickBasis, Receipt, Try};

use super::words;
use crate::{
    components::{Callout, DataTable, Head, Tone, standing_badge},
    format,
};

#[component]
pub(super) fn Tries(receipt: Receipt, number: usize) -> impl IntoView {
    let algorithm = receipt.algorithm;
    if receipt.tries.is_empty() {
        return view! {
            <section class="panel" aria-label="Tries">
                <header class="panel-head">
                    <h2>"No instance was asked"</h2>
                </header>
                <p class="panel-note muted">"The gateway answered itself; the reason stands above."</p>
            </section>
        }
        .into_any();
    }
    receipt
        .tries
        .into_iter()
        .enumerate()
        .map(|(at, tried)| view! { <OneTry receipt=number number=at + 1 tried=tried algorithm=algorithm /> })
        .collect_view()
        .into_any()
}

/// Without the score, which some algorithms have none of.
const HEADS: [Head; 11] = [
    Head::text("Stood"),
    Head::text("Instance"),
    Head::number("In flight"),
    Head::number("Weight"),
    Head::number("Back").hint("Share of slow start that is over"),
    Head::number("Average").hint("Moving average of its response time"),
    Head::number("Peak").hint("The same, rising at once to each peak"),
    Head::number("CPU"),
    Head::number("Memory"),
    Head::number("GPU"),
    Head::number("Sessions"),
];

#[component]
fn OneTry(receipt: usize, number: usize, tried: Try, algorithm: Option<Algorithm>) -> impl IntoView {
    let title = format!("Try {number}: {}", tried.instance);
    let id = format!("try-{receipt}-{number}");
    let labelled_by = id.clone();
    let why = words::reason(&tried, algorithm);
    let outcome = match (&tried.failure, tried.status) {
        (Some(why), _) => format!("failed: {why}"),
        (None, Some(status)) => format!("answered {status}"),
        (None, None) => "no answer".to_owned(),
    };
    let connection = tried.connected_us.map(|_| {
        if tried.reused {
            ", over a kept connection"
        } else {
            ", over a new connection"
        }
    });
    let again = again(&tried);
    let by_score = tried.pick.candidates.iter().any(|c| c.score.is_some());
    let left_out = tried.pick.left_out;
    let mut heads = HEADS.to_vec();
    if by_score {
        heads.insert(2, Head::number("Score").hint("What it costs to pick it: the lowest wins"));
    }
    let rows = tried
        .pick
        .candidates
        .iter()
        .map(|candidate| row(candidate, candidate.instance == tried.instance, by_score))
        .collect_view();
    view! {
        <section class="panel" aria-labelledby=labelled_by>
            <header class="panel-head">
                <h2 id=id>{title}</h2>
                <span class="muted">{outcome} {connection}</span>
            </header>
            <p class="panel-note">{why} "."</p>
            {again}
            <DataTable label=format!("Candidates of try {number} of request {receipt}") heads=heads>{rows}</DataTable>
            {(left_out > 0).then(|| view! { <p class="table-foot">{format!("{left_out} more of the pool are not listed.")}</p> })}
        </section>
    }
    .into_any()
}

/// Whether the figures lead to the same pick.
fn again(tried: &Try) -> Option<AnyView> {
    if tried.pick.basis == PickBasis::Pinned {
        return None;
    }
    Some(match &tried.pick.again {
        Some(again) if *again == tried.instance => {
            view! { <p class="panel-note muted">{format!("Decided again from the figures below: {again}.")}</p> }.into_any()
        }
        other => {
            let other = other.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
            view! {
                <Callout tone=Tone::Warning>
                    <p>{format!("Decided again from the figures below it would be {other}. This is a mistake of Evenkeel; please report it with this receipt.")}</p>
                </Callout>
            }
            .into_any()
        }
    })
}

fn row(candidate: &Candidate, picked: bool, by_score: bool) -> impl IntoView + use<> {
    let share = |value: Option<f32>| format::utilisation(value);
    let time = |us: f32| {
        if us > 0.0 {
            format::millis(Some(us / 1_000.0))
        } else {
            "–".to_owned()
        }
    };
    view! {
        <tr tabindex="-1" data-row class:picked=picked>
            <td>{standing_badge(candidate.standing)}</td>
            <th scope="row">
                {candidate.instance.to_string()} {picked.then(|| view! { <span class="chip">"picked"</span> })}
            </th>
            {by_score.then(|| view! { <td class="number">{candidate.score.map_or_else(|| "–".to_owned(), words::score)}</td> })}
            <td class="number">{candidate.in_flight}</td>
            <td class="number">{candidate.weight.get()}</td>
            <td class="number">{share(Some(candidate.ramp))}</td>
            <td class="number">{time(candidate.average_us)}</td>
            <td class="number">{time(candidate.peak_us)}</td>
            <td class="number">{share(candidate.cpu)}</td>
            <td class="number">{share(candidate.memory)}</td>
            <td class="number">{share(candidate.gpu)}</td>
            <td class="number">{candidate.sessions.map_or_else(|| "–".to_owned(), |n| n.to_string())}</td>
        </tr>
    }
}
