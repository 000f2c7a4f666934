//! Search: live hits while typing, a page of results by Enter, the same page without scripts.

use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use model::SearchHit;

use crate::{
    api, browser,
    components::{Debounce, Icon, icon},
    url::encode,
};

/// Where the arrow keys lead: down from nothing to the first, round at the ends.
fn step(active: Option<usize>, count: usize, down: bool) -> Option<usize> {
    match (active, count, down) {
        (_, 0, _) => None,
        (None, _, true) => Some(0),
        (None | Some(0), n, false) => Some(n - 1),
        (Some(i), n, true) => Some((i + 1) % n),
        (Some(i), _, false) => Some(i - 1),
    }
}

#[component]
pub fn SearchBox() -> impl IntoView {
    let navigate = use_navigate();
    let text = RwSignal::new(String::new());
    let hits = RwSignal::new(Vec::<SearchHit>::new());
    let active = RwSignal::new(None::<usize>);
    let open = move || !hits.with(Vec::is_empty);
    let close = move || {
        hits.set(Vec::new());
        active.set(None);
    };

    let pause = Debounce::new();
    let ask = move |asked: String| {
        if asked.trim().is_empty() {
            close();
            return;
        }
        spawn_local(async move {
            let found = api::search(asked.clone()).await.unwrap_or_default();
            // An answer to what has been typed over is not shown.
            if text.get_untracked() == asked {
                active.set(None);
                hits.set(found);
            }
        });
    };

    let go = StoredValue::new(move |href: &str| {
        browser::blur();
        navigate(href, NavigateOptions::default());
    });
    let chosen = move || {
        active
            .get_untracked()
            .and_then(|i| hits.with_untracked(|h| h.get(i).map(|hit| hit.href.clone())))
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let href = chosen().unwrap_or_else(|| format!("/search?q={}", encode(text.get_untracked().trim())));
        close();
        go.with_value(|go| go(&href));
    };
    let keydown = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "ArrowDown" | "ArrowUp" if open() => {
            event.prevent_default();
            let count = hits.with_untracked(Vec::len);
            active.update(|a| *a = step(*a, count, event.key() == "ArrowDown"));
        }
        "Escape" => close(),
        _ => {}
    };

    let options = move || {
        hits.get()
            .into_iter()
            .enumerate()
            .map(|(i, hit)| {
                view! {
                    <li
                        id=format!("hit-{i}")
                        role="option"
                        aria-selected=move || if active.get() == Some(i) { "true" } else { "false" }
                        on:mousedown=move |event| {
                            event.prevent_default();
                            close();
                            go.with_value(|go| go(&hit.href));
                        }
                    >
                        <span class="hit-kind">{hit.kind.clone()}</span>
                        <span>{hit.label.clone()}</span>
                    </li>
                }
            })
            .collect_view()
    };

    view! {
        <form class="search" action="/search" method="get" role="search" aria-label="Everything" on:submit=submit>
            <label for="search" class="hidden-visually">
                "Search pools, instances, pages"
            </label>
            {icon(Icon::Search)}
            <input
                id="search"
                type="search"
                name="q"
                placeholder="Search"
                autocomplete="off"
                maxlength="200"
                role="combobox"
                aria-autocomplete="list"
                aria-controls="search-hits"
                aria-expanded=move || if open() { "true" } else { "false" }
                aria-activedescendant=move || active.get().map(|i| format!("hit-{i}"))
                on:input=move |event| {
                    let typed = event_target_value(&event);
                    text.set(typed.clone());
                    pause.run(move || ask(typed));
                }
                on:keydown=keydown
                on:blur=move |_| close()
            />
            <kbd class="search-key js-only" aria-hidden="true">
                "/"
            </kbd>
            <ul id="search-hits" class="search-hits" role="listbox" aria-label="Hits" hidden=move || !open()>
                {options}
            </ul>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn arrows_go_round() {
        assert_eq!(step(None, 3, true), Some(0));
        assert_eq!(step(None, 3, false), Some(2));
        assert_eq!(step(Some(2), 3, true), Some(0));
        assert_eq!(step(Some(0), 3, false), Some(2));
        assert_eq!(step(Some(1), 0, true), None);
    }
}
