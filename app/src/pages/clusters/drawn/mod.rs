//! The pages over made-up clusters: what stands there in every state, and what strangers' words may do in it.

mod act;
mod list;
mod made;
mod object;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{components::Router, location::RequestUrl};

use crate::{Assets, api::context::pages, components::Toasts, live::Live};

/// The page at an address, as the server writes it.
fn draw<V: IntoView + 'static>(path: &'static str, page: impl FnOnce() -> V + Send + 'static) -> String {
    // Walking the routes sets up what runs resources; nothing is drawn before that is over.
    pages();
    let owner = Owner::new();
    owner.with(|| {
        provide_context(RequestUrl::new(path));
        provide_meta_context();
        provide_context(Assets::default());
        Live::provide();
        Toasts::provide();
        view! { <Router>{page().into_any()}</Router> }.to_html()
    })
}

#[track_caller]
fn has(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text:?} is not in:\n{page}");
    }
}

/// Strangers' words stay words, and no two elements or landmarks have one name.
#[track_caller]
fn is_harmless(page: &str) {
    for bad in ["<script>", "<img", "</script><"] {
        assert!(!page.contains(bad), "{bad:?} is in:\n{page}");
    }
    let value = |tag: &str, name: &str| {
        let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
        rest.split('"').next().map(str::to_owned)
    };
    let tags = || page.split('<').filter_map(|tag| tag.split('>').next());
    let regions = tags()
        .filter(|tag| tag.contains("role=\"region\""))
        .filter_map(|tag| value(tag, "aria-label"));
    for names in [tags().filter_map(|tag| value(tag, "id")).collect::<Vec<_>>(), regions.collect()] {
        let mut once = names.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), names.len(), "one name twice among {names:?}");
    }
}

/// The tag of the button with this text.
#[track_caller]
fn button<'a>(page: &'a str, words: &str) -> &'a str {
    let end = page.find(words).unwrap_or_else(|| panic!("no {words:?} in:\n{page}"));
    let start = page[..end].rfind("<button").unwrap();
    &page[start..end]
}
