use leptos::prelude::*;

use crate::url::UseQuery;

/// The ways on from a page of a list whose newest come first.
#[component]
pub fn Pager(
    query: UseQuery,
    label: &'static str,
    is_first_page: bool,
    /// Where the next page begins; absent where nothing follows.
    older: Option<i64>,
) -> impl IntoView {
    let older = older.map(|id| {
        view! {
            <a class="button" href=query.link("before", &id.to_string())>
                "Older"
            </a>
        }
    });
    let newest = (!is_first_page).then(|| {
        view! {
            <a class="button" href=move || query.link("before", "")>
                "Newest"
            </a>
        }
    });
    view! {
        <nav class="pager" aria-label=label>
            {newest}
            {older}
        </nav>
    }
    .into_any()
}
