//! Everything whose name has the text in it, on a page of its own.

use leptos::prelude::*;
use leptos_meta::Title;

use model::ViewKey;

use crate::{
    api,
    components::{Empty, first_paint},
    live::Live,
    url::use_query,
};

#[component]
pub fn SearchPage() -> impl IntoView {
    let query = use_query();
    // Hits have no age of their own; the top bar still tells whether the console is there.
    let live = Live::expect();
    Effect::new(move |_| live.listen(ViewKey::Events));
    let text = Memo::new(move |_| query.get("q").unwrap_or_default());
    let hits = Resource::new(
        move || text.get(),
        |text| async move { if text.is_empty() { Ok(Vec::new()) } else { api::search(text).await } },
    );
    let results = first_paint(hits, move |hits| {
        if hits.is_empty() {
            return view! {
                <Empty title="Nothing has that in its name">
                    <p>"Pools, instances and pages are searched by name."</p>
                </Empty>
            }
            .into_any();
        }
        let rows = hits
            .into_iter()
            .map(|hit| {
                view! {
                    <li tabindex="-1" data-row>
                        <a href=hit.href>{hit.label}</a>
                        <span class="muted">{hit.kind}</span>
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="hits">{rows}</ul> }.into_any()
    });
    view! {
        <Title text="Search" />
        <header class="page-head">
            <h1>{move || format!("Search for “{}”", text.get())}</h1>
        </header>
        <section class="panel">{results}</section>
    }
}
