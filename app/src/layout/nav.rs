use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    browser,
    components::{Icon, icon},
    url::{Query, Range},
};

/// The pages there are. A page that does not exist yet is not in here.
const PAGES: [(&str, &str, Icon); 9] = [
    ("/", "Overview", Icon::Overview),
    ("/pools", "Pools", Icon::Pools),
    ("/scaling", "Scaling", Icon::Scaling),
    ("/clusters", "Kubernetes", Icon::Clusters),
    ("/doctor", "Doctor", Icon::Doctor),
    ("/breakers", "Breakers", Icon::Breakers),
    ("/requests", "Requests", Icon::Requests),
    ("/events", "Events", Icon::Events),
    ("/data", "Data", Icon::Data),
];

fn is_current(page: &str, path: &str) -> bool {
    path == page || (page != "/" && path.strip_prefix(page).is_some_and(|rest| rest.starts_with('/')))
}

#[component]
pub fn SideNav() -> impl IntoView {
    let location = use_location();
    let items = PAGES
        .into_iter()
        .map(|(path, label, symbol)| {
            // The time range goes along, everything else belongs to the page that is left.
            let href = move || location.query.with(|q| Query::from_params(q).only(&[Range::KEY]).href(path));
            let current = move || location.pathname.with(|p| is_current(path, p)).then_some("page");
            view! {
                <li>
                    <a href=href aria-current=current title=label>
                        {icon(symbol)}
                        <span class="nav-label">{label}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="side" aria-label="Pages">
            <ul>{items}</ul>
            <button type="button" class="nav-toggle js-only" aria-label="Make the navigation narrow or wide" on:click=move |_| browser::toggle_nav()>
                {icon(Icon::Menu)}
                <span class="nav-label">"Collapse"</span>
            </button>
        </nav>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_belongs_to_pools_and_nothing_else_to_the_overview() {
        assert!(is_current("/pools", "/pools/web") && is_current("/pools", "/pools"));
        assert!(is_current("/", "/") && !is_current("/", "/pools"));
        assert!(!is_current("/pools", "/poolside"));
    }
}
