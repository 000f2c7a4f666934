//! The History tab: every change of the replicas, with its cause and what became of it.

mod last;
mod query;
mod rows;

use leptos::prelude::*;
use leptos_router::components::Form;
use model::{WorkloadId, scaling::ScalingEvent};

pub use last::LastChanges;
use query::{BY, HistoryQuery, OUTCOMES};
use rows::{ChangeRows, HEADS};

use super::Scaled;
use crate::{
    api::{self, Problem},
    components::{DataTable, Empty, FilterSelect, FilterSince, KeptRange, PageTab, Pager, first_paint},
    url::UseQuery,
};

/// Rows of a page.
const PAGE: usize = 50;
/// Rows that are read at once.
const BATCH: u32 = 200;
/// Reads for one page: a filter that little passes ends here and goes on with "Older".
const BATCHES: usize = 10;

/// Changes that pass, and the cursor of what follows.
type Found = (Vec<ScalingEvent>, Option<i64>);

async fn find(id: WorkloadId, asked: &HistoryQuery, now_ms: i64) -> Result<Found, Problem> {
    let mut filter = asked.filter(id, now_ms);
    let mut found = Vec::new();
    for _ in 0..BATCHES {
        let page = api::scaling_events(filter.clone(), BATCH).await?;
        for change in page.items {
            if asked.passes(&change) {
                if found.len() == PAGE {
                    return Ok((found, filter.before_id));
                }
                found.push(change.clone());
            }
            // The cursor of the next page is the last one that was looked at.
            filter.before_id = Some(change.id);
        }
        if page.next.is_none() {
            return Ok((found, None));
        }
    }
    Ok((found, filter.before_id))
}

#[component]
pub fn History<T: PageTab>(
    of: Scaled,
    query: UseQuery,
    /// This one, of the page around it.
    tab: T,
) -> impl IntoView {
    let asked = Memo::new(move |_| query.query.with(HistoryQuery::from_query));
    // A change, or an outcome, that is new: then the first page is read again.
    let newest = Memo::new(move |_| of.changes.with(|changes| changes.first().map(|e| (e.id, e.outcome.id()))));
    let news = Memo::new(move |_| newest.get().filter(|_| asked.with(|a| a.stretch.is_first_page())));
    let first = Resource::new(
        move || (of.id.get_value(), asked.get(), news.get().map(|n| n.0)),
        move |(id, asked, _)| {
            let now_ms = of.now_ms.get_untracked();
            async move {
                let found = find(id, &asked, now_ms).await?;
                Ok::<_, Problem>((found, asked))
            }
        },
    );
    Effect::new(move |before: Option<Option<(i64, &'static str)>>| {
        let now = news.get();
        // The id is in the resource's own question; an outcome is not.
        if before.is_some_and(|before| before.map(|n| n.0) == now.map(|n| n.0) && before != now) {
            first.refetch();
        }
        now
    });
    view! {
        <section class="panel">
            {first_paint(first, move |(found, asked)| view! { <Changes of=of query=query tab=tab found=found asked=asked /> })}
        </section>
    }
    .into_any()
}

#[component]
fn Changes<T: PageTab>(of: Scaled, query: UseQuery, tab: T, found: Found, asked: HistoryQuery) -> impl IntoView {
    let (changes, next) = found;
    let path = of.path.get_value();
    let all = tab.write(&query.query.get_untracked()).href(&path);
    let words = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(id, words)| ((*id).to_owned(), (*words).to_owned()))
            .collect::<Vec<_>>()
    };
    let filtered = asked.is_filtered();
    let is_first_page = asked.stretch.is_first_page();
    let empty = changes.is_empty().then(|| {
        if filtered {
            view! {
                <Empty title="No change passes these filters">
                    <a class="button" href=all>
                        "Show all changes"
                    </a>
                </Empty>
            }
            .into_any()
        } else {
            view! {
                <Empty title="The replicas have not been changed yet">
                    <p>"Each change appears here with its cause and what became of it."</p>
                </Empty>
            }
            .into_any()
        }
    });
    view! {
        <Form method="GET" action=path attr:class="filters">
            <input type="hidden" name=T::KEY value=tab.id() />
            <KeptRange query=query />
            <FilterSelect name="by" label="By" all="everybody" options=words(&BY) chosen=asked.by />
            <FilterSelect name="outcome" label="Outcome" all="all" options=words(&OUTCOMES) chosen=asked.outcome />
            <FilterSelect
                name="far"
                label="Size"
                all="any"
                options=vec![("1".to_owned(), "more than five".to_owned())]
                chosen=asked.far.then(|| "1".to_owned())
            />
            <FilterSince chosen=asked.stretch.since />
            <button type="submit" class="button">
                "Filter"
            </button>
        </Form>
        <DataTable label="Changes" heads=HEADS sticky=true>
            <ChangeRows changes=Memo::new(move |_| changes.clone()) now_ms=of.now_ms />
        </DataTable>
        {empty}
        <Pager query=query label="Pages of changes" is_first_page=is_first_page older=next />
    }
    .into_any()
}
