//! Receipts of requests: the latest ones, and with `?id=` everything about one.

mod list;
mod phases;
mod receipt;
mod tries;
mod words;

use leptos::prelude::*;
use leptos_meta::Title;
use model::{PoolId, ReceiptFilter, Receipts, ViewKey};
use serde::{Deserialize, Serialize};

use crate::{
    api::{self, Problem},
    components::first_paint,
    live::Live,
    url::{Query, Range, use_query},
};

const ID: &str = "id";
const POOL: &str = "pool";
const SHOW: &str = "show";
const TROUBLED: &str = "troubled";

/// Rows of the list; more than that nobody reads.
const LIST_MAX: usize = 100;

/// Where everything about one request stands.
pub fn request_href(id: &str) -> String {
    Query::default().with(ID, id).href("/requests")
}

/// The question that the URL asks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Asked(ReceiptFilter);

impl Asked {
    fn from_query(query: &Query) -> Self {
        Self(ReceiptFilter {
            request_id: query.get(ID).map(|id| id.trim().to_owned()),
            pool: query.get(POOL).and_then(|id| id.parse::<PoolId>().ok()),
            troubled: query.get(SHOW) == Some(TROUBLED),
        })
    }

    fn is_filtered(&self) -> bool {
        *self != Self::default()
    }
}

/// What was read, with the question it answers.
#[derive(Clone, Serialize, Deserialize)]
struct First {
    asked: Asked,
    receipts: Receipts,
    pools: Vec<String>,
    at_ms: i64,
}

#[component]
pub fn RequestsPage() -> impl IntoView {
    let query = use_query();
    let live = Live::expect();
    // Receipts are read when asked for; the top bar still tells whether the console is there.
    Effect::new(move |_| live.listen(ViewKey::Events));
    let asked = Memo::new(move |_| query.query.with(Asked::from_query));
    let reads = RwSignal::new(0_u32);
    let first = Resource::new(move || (asked.get(), reads.get()), |(asked, _)| read(asked));
    let range = move || query.query.with(|q| q.only(&[Range::KEY]).href("/requests"));
    let crumbs = move || {
        asked.with(|asked| asked.0.request_id.is_some()).then(|| {
            view! {
                <p class="crumbs">
                    <a href=range>"Requests"</a>
                    <span aria-hidden="true">"/"</span>
                </p>
            }
        })
    };
    let title = move || asked.with(|asked| asked.0.request_id.clone().unwrap_or_else(|| "Requests".to_owned()));
    view! {
        <Title text="Requests" />
        <header class="page-head">
            {crumbs} <h1 class="anywhere">{title}</h1>
            <button type="button" class="button small js-only" on:click=move |_| reads.update(|n| *n += 1)>
                "Read again"
            </button>
        </header>
        {first_paint(first, move |first| {
            if first.asked.0.request_id.is_some() {
                receipt::found(first).into_any()
            } else {
                view! { <list::List query=query first=first /> }.into_any()
            }
        })}
    }
}

async fn read(asked: Asked) -> Result<First, Problem> {
    let pools = api::view(ViewKey::Pools).await?;
    let receipts = api::receipts(asked.0.clone(), LIST_MAX).await?;
    Ok(First {
        asked,
        receipts,
        at_ms: pools.at_ms,
        pools: api::pool_names(&pools),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_request_asks_for_it_again() {
        let href = request_href("a/b=c");
        let (path, query) = href.split_once('?').unwrap();
        assert_eq!((path, query), ("/requests", "id=a/b%3Dc"));
        let asked = Asked::from_query(&Query::default().with("id", "a/b=c").with("pool", "<b>"));
        assert_eq!(asked.0.request_id.as_deref(), Some("a/b=c"));
        assert_eq!(asked.0.pool, None);
        assert!(asked.is_filtered() && !Asked::from_query(&Query::default()).is_filtered());
    }
}
