use leptos::prelude::*;
use leptos_router::components::Form;
use model::{EventKind, Severity};

use super::filter::EventsQuery;
use crate::{
    components::{FilterSelect, FilterSince, KeptRange},
    url::UseQuery,
};

/// The filters, as a form whose answer is this page's URL.
#[component]
pub fn FilterForm(query: UseQuery, asked: EventsQuery, pools: Vec<String>) -> impl IntoView {
    let kinds = EventKind::ALL.iter().map(|k| (k.id().to_owned(), k.label().to_owned())).collect();
    let severities = Severity::ALL
        .map(|s| {
            let worse = if s == Severity::Critical { "" } else { " or worse" };
            (s.id().to_owned(), format!("{}{worse}", s.id()))
        })
        .to_vec();
    let pools = pools.into_iter().map(|p| (p.clone(), p)).collect();
    let filtered = asked.is_filtered();
    view! {
        <Form method="GET" action="/events" attr:class="filters">
            <FilterSelect name="kind" label="Kind" all="all kinds" options=kinds chosen=asked.kind.map(|k| k.id().to_owned()) />
            <FilterSelect name="severity" label="Severity" all="all" options=severities chosen=asked.severity.map(|s| s.id().to_owned()) />
            <FilterSelect name="pool" label="Pool" all="all pools" options=pools chosen=asked.pool.map(|p| p.to_string()) />
            <FilterSince chosen=asked.stretch.since />
            <label>
                <span>"Text"</span>
                <input type="search" name="q" maxlength="200" autocomplete="off" value=asked.text.unwrap_or_default() />
            </label>
            <KeptRange query=query />
            <button type="submit" class="button">
                "Filter"
            </button>
            {filtered
                .then(|| {
                    view! {
                        <a class="button quiet" href="/events">
                            "Clear"
                        </a>
                    }
                })}
        </Form>
    }
    .into_any()
}
