use leptos::prelude::*;

use crate::{
    charts::Window,
    url::{Range, use_query},
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
    }
    .into_any()
}
