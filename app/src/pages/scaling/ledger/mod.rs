//! The Ledger tab: every decision, also those that did nothing, in plain words with its proof.

mod proof;
mod query;

use leptos::prelude::*;
use leptos_router::components::Form;
use model::{Page, scaling::DecisionSpan};

pub use proof::{Changed, Proof};
use query::LedgerQuery;

use super::Scaled;
use crate::{
    api::{self, Problem},
    components::{Callout, DataTable, Empty, FilterSelect, FilterSince, Head, KeptRange, Moment, PageTab, Pager, Tone, first_paint},
    format,
    pages::scaling::words,
    url::UseQuery,
};

const PAGE: u32 = 50;

const HEADS: [Head; 4] = [
    Head::text("First (UTC)"),
    Head::number("Lasted"),
    Head::number("Times").hint("Evaluations in a row that came to the same"),
    Head::text("What was decided, and why"),
];

#[component]
pub fn Ledger<T: PageTab>(
    of: Scaled,
    query: UseQuery,
    /// This one, of the page around it.
    tab: T,
) -> impl IntoView {
    let asked = Memo::new(move |_| query.query.with(LedgerQuery::from_query));
    let again = RwSignal::new(0_u32);
    let first = Resource::new(
        move || (of.id.get_value(), asked.get(), again.get()),
        move |(id, asked, _)| {
            // Where it begins is asked once: the page is read again when somebody asks for it.
            let now_ms = of.now_ms.get_untracked();
            async move {
                let page = api::decisions(asked.filter(id, now_ms), PAGE).await?;
                Ok::<_, Problem>((page, asked))
            }
        },
    );
    view! {
        <section class="panel">
            {first_paint(first, move |(page, asked)| view! { <Spans of=of query=query tab=tab page=page asked=asked again=again /> })}
        </section>
    }
    .into_any()
}

#[component]
fn Spans<T: PageTab>(
    of: Scaled,
    query: UseQuery,
    tab: T,
    page: Page<DecisionSpan>,
    asked: LedgerQuery,
    again: RwSignal<u32>,
) -> impl IntoView {
    let now_ms = of.now_ms.get_untracked();
    let path = of.path.get_value();
    let which = vec![("1".to_owned(), "changes only".to_owned())];
    let newest_ms = page.items.first().map(|s| s.from_ms);
    let last_ms = Memo::new(move |_| of.last.with(|last| last.as_ref().map(|s| s.from_ms)));
    let is_first_page = asked.stretch.is_first_page();
    let newer = Memo::new(move |_| is_first_page && last_ms.get() > newest_ms);
    let next = page.next;
    let rows = page.items.into_iter().map(|span| row(span, now_ms)).collect_view();
    let empty = newest_ms.is_none().then(|| {
        view! {
            <Empty title="No decision passes these filters">
                <p>"Every evaluation is written down; those in a row that come to the same are one line."</p>
            </Empty>
        }
    });
    view! {
        <Form method="GET" action=path attr:class="filters">
            <input type="hidden" name=T::KEY value=tab.id() />
            <KeptRange query=query />
            <FilterSelect name="changes" label="Decisions" all="all" options=which chosen=asked.changes_only.then(|| "1".to_owned()) />
            <FilterSince chosen=asked.stretch.since />
            <button type="submit" class="button">
                "Filter"
            </button>
        </Form>
        {move || {
            newer
                .get()
                .then(|| {
                    view! {
                        <Callout tone=Tone::Info>
                            <p>
                                "Something else has been decided since. "
                                <button type="button" class="button small" on:click=move |_| again.update(|n| *n += 1)>
                                    "Read again"
                                </button>
                            </p>
                        </Callout>
                    }
                })
        }}
        <DataTable label="Decisions" heads=HEADS sticky=true>
            {rows}
        </DataTable>
        {empty}
        <Pager query=query label="Pages of decisions" is_first_page=is_first_page older=next />
    }
    .into_any()
}

fn row(span: DecisionSpan, now_ms: i64) -> impl IntoView {
    let decision = &span.decision;
    let (summary, steps, changed) = (words::summary(decision), words::steps(decision), decision.is_change());
    view! {
        <tr tabindex="-1" data-row class:changed=changed>
            <td class="nowrap">
                <Moment at_ms=span.from_ms now_ms=now_ms />
            </td>
            <td class="number">{format::duration(span.to_ms.saturating_sub(span.from_ms))}</td>
            <td class="number">{format::count(span.evaluations)}</td>
            <td class="wrap">
                <details class="proof">
                    <summary>{summary}</summary>
                    <Proof steps=steps />
                    <Changed changes=span.would_change />
                </details>
            </td>
        </tr>
    }
}
