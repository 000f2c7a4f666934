use leptos::prelude::*;
use leptos_router::components::Form;
use model::{Receipt, Receipts};

use super::{First, ID, POOL, SHOW, TROUBLED, request_href, words};
use crate::{
    browser,
    components::{DataTable, Empty, Head, KeptRange, Moment},
    format,
    url::UseQuery,
};

const HEADS: [Head; 7] = [
    Head::text("Time (UTC)"),
    Head::text("Request"),
    Head::text("Pool"),
    Head::text("Instance"),
    Head::number("Status"),
    Head::number("Took"),
    Head::text("Picked because"),
];

#[component]
pub(super) fn List(query: UseQuery, first: First) -> impl IntoView {
    let First {
        asked,
        receipts,
        pools,
        at_ms,
    } = first;
    let filtered = asked.is_filtered();
    let note = note(&receipts);
    let is_empty = receipts.items.is_empty();
    let kept = receipts.kept;
    let rows = receipts.items.into_iter().map(|receipt| row(receipt, at_ms)).collect_view();
    view! {
        <section class="panel">
            <Filters query=query asked=asked pools=pools />
            <p class="panel-note muted">{note}</p>
            {(!is_empty).then(|| view! { <DataTable label="Requests" heads=HEADS sticky=true>{rows}</DataTable> })}
            {is_empty.then(|| empty(filtered, kept))}
        </section>
    }
    .into_any()
}

/// Which requests stand here at all.
fn note(receipts: &Receipts) -> String {
    let drawn = if receipts.sample > 0.0 {
        format!(
            "{} of all requests, drawn at random, and those that ask",
            format::percent(Some(receipts.sample * 100.0))
        )
    } else {
        "Requests that ask".to_owned()
    };
    format!(
        "{drawn} with the header x-evenkeel-receipt: 1. {} kept in memory.",
        format::count(receipts.kept.into())
    )
}

fn empty(filtered: bool, kept: u32) -> AnyView {
    if filtered && kept > 0 {
        return view! {
            <Empty title="No request passes these filters">
                <a class="button" href="/requests">
                    "Show all requests"
                </a>
            </Empty>
        }
        .into_any();
    }
    view! {
        <Empty title="No receipt has been written yet">
            <p>"Ask for one: send a request through the gateway with the header x-evenkeel-receipt: 1, and look here for its x-request-id."</p>
        </Empty>
    }
    .into_any()
}

fn row(receipt: Receipt, now_ms: i64) -> impl IntoView {
    let why = words::in_short(&receipt);
    let served_by = receipt.served_by().map(ToString::to_string);
    let tone = receipt.status.is_none_or(|status| status >= 500).then_some("critical");
    view! {
        <tr tabindex="-1" data-row>
            <td class="nowrap">
                <Moment at_ms=receipt.at_ms now_ms=now_ms />
            </td>
            <th scope="row" class="clip">
                <a href=request_href(&receipt.request_id) title=receipt.request_id.clone()>
                    {format!("{} {}", receipt.method, receipt.path)}
                </a>
            </th>
            <td>{receipt.pool.map(|pool| view! { <a href=format!("/pools/{pool}")>{pool.to_string()}</a> })}</td>
            <td>{served_by.unwrap_or_else(|| "–".to_owned())}</td>
            <td class="number" data-tone=tone>
                {receipt.status.map_or_else(|| "none".to_owned(), |status| status.to_string())}
            </td>
            <td class="number">{words::micros(receipt.took_us)}</td>
            <td class="wrap">{why}</td>
        </tr>
    }
}

/// A form whose answer is this page's URL.
#[component]
fn Filters(query: UseQuery, asked: super::Asked, pools: Vec<String>) -> impl IntoView {
    let filtered = asked.is_filtered();
    let chosen = asked.0.pool.as_ref().map(ToString::to_string);
    let options = pools
        .into_iter()
        .map(|pool| {
            let selected = chosen.as_deref() == Some(pool.as_str());
            let label = pool.clone();
            view! {
                <option value=pool selected=selected>
                    {label}
                </option>
            }
        })
        .collect_view();
    let submit = move |event| browser::submit_form_of(&event);
    view! {
        <Form method="GET" action="/requests" attr:class="filters">
            <label>
                <span>"Request id"</span>
                <input type="search" name=ID maxlength="128" autocomplete="off" placeholder="x-request-id" />
            </label>
            <label>
                <span>"Pool"</span>
                <select name=POOL on:change=submit>
                    <option value="">"all pools"</option>
                    {options}
                </select>
            </label>
            <label>
                <span>"Show"</span>
                <select name=SHOW on:change=submit>
                    <option value="">"all"</option>
                    <option value=TROUBLED selected=asked.0.troubled>
                        "refused, failed or retried"
                    </option>
                </select>
            </label>
            <KeptRange query=query />
            <button type="submit" class="button">
                "Find"
            </button>
            {filtered
                .then(|| {
                    view! {
                        <a class="button quiet" href="/requests">
                            "Clear"
                        </a>
                    }
                })}
        </Form>
    }
    .into_any()
}
