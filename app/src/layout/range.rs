use leptos::prelude::*;
use leptos_router::{components::Form, hooks::use_location};
use model::time::moment_field;

use crate::{
    charts::{Span, Window},
    url::{Range, UseQuery, use_query},
};

/// How far back charts look, as links, so that it works without scripts and the URL can be sent on.
#[component]
pub fn RangePicker() -> impl IntoView {
    let query = use_query();
    let now = move || query.query.with(Window::from_query);
    let links = Range::ALL
        .into_iter()
        .map(|range| {
            let window = Window::Last(range);
            let current = move || (now() == window).then_some("true");
            view! {
                <a href=move || query.link_with(|q| window.write(q)) aria-current=current data-noscroll="true" title=range.label()>
                    {range.id()}
                </a>
            }
        })
        .collect_view();
    view! {
        <div class="segments" role="group" aria-label="Time range">
            {links}
        </div>
        <Custom query=query />
    }
    .into_any()
}

/// From when to when, as a form whose answer is this page with both moments in its URL.
#[component]
fn Custom(query: UseQuery) -> impl IntoView {
    let path = use_location().pathname;
    let window = Memo::new(move |_| query.query.with(Window::from_query));
    let title = move || match window.get() {
        Window::Last(_) => "Another time range".to_owned(),
        between @ Window::Between(_) => between.label(),
    };
    let form = move || {
        let field = |of: fn(Span) -> i64| match window.get() {
            Window::Last(_) => String::new(),
            Window::Between(span) => moment_field(of(span)),
        };
        let (from, to) = (field(|s| s.from_ms), field(|s| s.to_ms));
        // What else the page's URL says stays.
        let kept = query.query.with(|q| Window::clear(q.clone()));
        let kept = kept
            .iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect::<Vec<_>>();
        let kept = kept
            .into_iter()
            .map(|(key, value)| view! { <input type="hidden" name=key value=value /> })
            .collect_view();
        view! {
            <Form method="GET" action=path.get() attr:class="range-form">
                {kept}
                <label>
                    <span>"From (UTC)"</span>
                    <input type="datetime-local" name=Window::FROM step="1" required value=from />
                </label>
                <label>
                    <span>"To (UTC)"</span>
                    <input type="datetime-local" name=Window::TO step="1" required value=to />
                </label>
                <button type="submit" class="button primary">
                    "Show"
                </button>
            </Form>
        }
    };
    view! {
        <details class="menu range-custom" name="menus">
            <summary aria-label=title title=title class:is-current=move || !window.get().is_live()>
                "…"
            </summary>
            <div class="menu-body">{form}</div>
        </details>
    }
    .into_any()
}
