//! What happened: filtered through the URL, newest first, live on top.

mod filter;
mod form;
mod table;

use leptos::prelude::*;
use leptos_meta::Title;
use model::{Event, Frame, Page, ViewKey};

use crate::{
    api::{self, Problem},
    components::first_paint,
    url::use_query,
};
use filter::EventsQuery;

/// One page of events; more is a click away.
const PAGE: u32 = 50;

/// A page as read, with the question it answers.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct First {
    frame: Frame,
    page: Page<Event>,
    asked: EventsQuery,
    pools: Vec<String>,
}

#[component]
pub fn EventsPage() -> impl IntoView {
    let query = use_query();
    let asked = Memo::new(move |_| query.query.with(EventsQuery::from_query));
    let first = Resource::new(move || asked.get(), read);
    view! {
        <Title text="Events" />
        <header class="page-head">
            <h1>"Events"</h1>
        </header>
        {first_paint(first, move |first| {
            view! {
                <section class="panel">
                    <form::FilterForm query=query asked=first.asked.clone() pools=first.pools.clone() />
                    <table::EventTable query=query first=first />
                </section>
            }
        })}
    }
}

async fn read(asked: EventsQuery) -> Result<First, Problem> {
    let frame = api::view(ViewKey::Events).await?;
    let pools = api::view(ViewKey::Pools).await?;
    let page = api::events(asked.filter(frame.at_ms), PAGE).await?;
    Ok(First {
        frame,
        page,
        asked,
        pools: api::pool_names(&pools),
    })
}
