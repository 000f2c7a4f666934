//! Everything about one request.

use leptos::prelude::*;
use model::{Receipt, Verdict};

use super::{First, phases::Phases, tries::Tries, words};
use crate::components::{Callout, CopyButton, DataTable, Empty, Head, Icon, Moment, Tone, icon};

pub(super) fn found(first: First) -> impl IntoView {
    let id = first.asked.0.request_id.clone().unwrap_or_default();
    if first.receipts.items.is_empty() {
        let kept = first.receipts.kept;
        return view! {
            <section class="panel">
                <Empty title="No receipt has this id">
                    <p>{format!("Of the {kept} that are kept none is of {id}. Receipts are written for a sample of all requests and for those that ask with the header x-evenkeel-receipt: 1; the oldest ones go.")}</p>
                    <a class="button" href="/requests">
                        "Show all requests"
                    </a>
                </Empty>
            </section>
        }
        .into_any();
    }
    let now_ms = first.at_ms;
    first
        .receipts
        .items
        .into_iter()
        .enumerate()
        .map(|(number, receipt)| view! { <One number=number receipt=receipt now_ms=now_ms /> })
        .collect_view()
        .into_any()
}

/// `number`: clients choose ids, so several requests may have the same one.
#[component]
fn One(number: usize, receipt: Receipt, now_ms: i64) -> impl IntoView {
    let failure = receipt.failure.clone().map(|why| {
        view! {
            <Callout tone=Tone::Critical>
                <p>{why}</p>
            </Callout>
        }
    });
    let drawn = if receipt.asked_for { "asked for" } else { "drawn" };
    view! {
        {failure}
        <dl class="facts">
            <div>
                <dt>"Request"</dt>
                <dd class="anywhere">{format!("{} {}{}", receipt.method, receipt.host, receipt.path)}</dd>
            </div>
            <div>
                <dt>"Status"</dt>
                <dd>{receipt.status.map_or_else(|| "none".to_owned(), |status| status.to_string())}</dd>
            </div>
            <div>
                <dt>"Took"</dt>
                <dd>{words::micros(receipt.took_us)}</dd>
            </div>
            <div>
                <dt>"Client"</dt>
                <dd>{receipt.client.to_string()}</dd>
            </div>
            <div>
                <dt>"Pool"</dt>
                <dd>{receipt.pool.clone().map(|pool| view! { <a href=format!("/pools/{pool}")>{pool.to_string()}</a> })}</dd>
            </div>
            <div>
                <dt>"Policy"</dt>
                <dd>
                    {receipt
                        .algorithm
                        .map(|algorithm| format!("{}, version {}", algorithm.label(), receipt.version))}
                </dd>
            </div>
            <div>
                <dt>"Began"</dt>
                <dd>
                    <Moment at_ms=receipt.at_ms now_ms=now_ms />
                </dd>
            </div>
            <div>
                <dt>"Receipt"</dt>
                <dd>{drawn} <CopyButton text=receipt.request_id.clone() label="Copy the request id" /></dd>
            </div>
        </dl>
        <Phases receipt=receipt.clone() number=number />
        <Verdicts verdicts=receipt.verdicts.clone() number=number />
        <Tries receipt=receipt number=number />
    }
    .into_any()
}

const HEADS: [Head; 3] = [Head::text("Verdict"), Head::text("By"), Head::text("Because")];

/// What could have refused it.
#[component]
fn Verdicts(verdicts: Vec<Verdict>, number: usize) -> impl IntoView {
    let is_empty = verdicts.is_empty();
    let rows = verdicts
        .into_iter()
        .map(|verdict| {
            let (symbol, word, state) = if verdict.passed {
                (Icon::Up, "passed", "up")
            } else {
                (Icon::Down, "no", "down")
            };
            view! {
                <tr>
                    <td>
                        <span class="badge" data-state=state>
                            {icon(symbol)}
                            <span>{word}</span>
                        </span>
                    </td>
                    <th scope="row">{verdict.by.label()}</th>
                    <td class="wrap">{verdict.detail}</td>
                </tr>
            }
        })
        .collect_view();
    let id = format!("verdicts-{number}");
    let labelled_by = id.clone();
    view! {
        <section class="panel" aria-labelledby=labelled_by>
            <header class="panel-head">
                <h2 id=id>"Limits and breakers"</h2>
            </header>
            {is_empty.then(|| view! { <p class="panel-note muted">"The pool has no limit, breaker or affinity that had a say."</p> })}
            {(!is_empty).then(|| view! { <DataTable label=format!("Verdicts on request {number}") heads=HEADS>{rows}</DataTable> })}
        </section>
    }
    .into_any()
}
