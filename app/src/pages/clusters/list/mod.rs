//! The clusters, and one page of what scales in them.

mod empty;
mod filter;
pub(super) mod query;
mod row;
mod strip;

use std::{collections::HashMap, sync::Arc};

use leptos::prelude::*;
use leptos_meta::Title;
use model::{
    Frame, ViewData, ViewKey,
    cluster::{ClustersView, ObjectRef, ObjectRow},
};

use self::{
    filter::FilterForm,
    query::{Asked, has_more, place},
    row::{HEADS, Row},
    strip::Strip,
};
use crate::{
    api::{self, Problem},
    components::{DataTable, ObjectLegend, first_paint},
    live::Live,
    url::{UseQuery, use_query},
};

#[component]
pub fn ClustersPage() -> impl IntoView {
    let query = use_query();
    let asked = Memo::new(move |_| query.query.with(Asked::from_query));
    let first = Resource::new(move || asked.get(), read);
    view! {
        <Title text="Kubernetes" />
        <header class="page-head">
            <h1>"Kubernetes"</h1>
        </header>
        {first_paint(first, move |(frame, asked)| view! { <Clusters query=query frame=frame asked=asked /> })}
    }
}

async fn read(asked: Asked) -> Result<(Frame, Asked), Problem> {
    let frame = api::view(ViewKey::Clusters(asked.query.clone())).await?;
    Ok((frame, asked))
}

fn clusters(frame: &Frame) -> Option<&ClustersView> {
    match &frame.view {
        ViewData::Clusters(view) => Some(view),
        _ => None,
    }
}

#[component]
pub(super) fn Clusters(query: UseQuery, frame: Frame, asked: Asked) -> impl IntoView {
    let live = Live::expect();
    let frames = live.from_first(frame);
    let key = ViewKey::Clusters(asked.query.clone());
    Effect::new(move |_| live.listen(key.clone()));
    let all = Memo::new(move |_| frames.with(|f| clusters(f).map(|v| v.clusters.clone()).unwrap_or_default()));
    let has_any = Memo::new(move |_| all.with(|all| !all.is_empty()));
    move || {
        if has_any.get() {
            view! { <Read query=query frames=frames clusters=all asked=asked.clone() /> }.into_any()
        } else {
            empty::no_clusters()
        }
    }
}

#[component]
fn Read(query: UseQuery, frames: Signal<Arc<Frame>>, clusters: Memo<Vec<model::cluster::ClusterStatus>>, asked: Asked) -> impl IntoView {
    let now_ms = Memo::new(move |_| frames.with(|f| f.at_ms));
    let namespaces = Memo::new(move |_| frames.with(|f| self::clusters(f).map(|v| v.namespaces.clone()).unwrap_or_default()));
    let found = Memo::new(move |_| frames.with(|f| self::clusters(f).map_or(0, |v| v.found)));
    let order: Memo<Vec<ObjectRef>> = Memo::new(move |_| {
        let rows = |v: &ClustersView| v.rows.iter().map(|r| r.object.clone()).collect();
        frames.with(|f| self::clusters(f).map(rows).unwrap_or_default())
    });
    // Looked up by every row, so built once a frame; always new, so never compared.
    let index: Memo<Arc<HashMap<ObjectRef, ObjectRow>>> = Memo::new_with_compare(
        move |_| {
            let rows = |v: &ClustersView| v.rows.iter().map(|r| (r.object.clone(), r.clone())).collect();
            frames.with(|f| Arc::new(self::clusters(f).map(rows).unwrap_or_default()))
        },
        |_, _| true,
    );
    let row = move |object: ObjectRef| {
        let cells = Memo::new(move |_| index.with(|index| index.get(&object).cloned()));
        view! { <Row cells=cells now_ms=now_ms /> }
    };
    let is_empty = Memo::new(move |_| order.with(Vec::is_empty));
    let empty = {
        let asked = asked.clone();
        move || {
            is_empty
                .get()
                .then(|| clusters.with(|all| empty::no_rows(all, &asked, found.get())))
        }
    };
    let page = asked.query.page;
    let at = asked.query.clone();
    let count = move || place(&at, order.with(Vec::len), found.get());
    let previous = (page > 0).then(|| {
        let before = if page == 1 { String::new() } else { (page - 1).to_string() };
        view! {
            <a class="button" href=move || query.link("page", &before)>
                "Previous"
            </a>
        }
    });
    let at = asked.query.clone();
    let more = Memo::new(move |_| has_more(&at, found.get()));
    let next = move || {
        more.get().then(|| {
            view! {
                <a class="button" href=query.link("page", &(page + 1).to_string())>
                    "Next"
                </a>
            }
        })
    };
    view! {
        <Strip clusters=clusters now_ms=now_ms />
        <section class="panel" aria-labelledby="objects-title">
            <header class="panel-head">
                <h2 id="objects-title">"HPAs and workloads"</h2>
                <span class="muted" role="status">
                    {count}
                </span>
            </header>
            <FilterForm query=query asked=asked clusters=clusters namespaces=namespaces />
            <DataTable label="Table of HPAs and workloads" heads=HEADS sticky=true>
                <For each=move || order.get() key=|object| object.clone() children=row />
            </DataTable>
            {empty}
            <nav class="pager" aria-label="Pages of HPAs and workloads">
                {previous}
                {next}
            </nav>
            <ObjectLegend />
        </section>
    }
    .into_any()
}
