use leptos::prelude::*;

use crate::url::{Query, Range, UseQuery};

/// A part of a page with an address of its own, `?tab=…`.
pub trait PageTab: Copy + PartialEq + Send + Sync + 'static {
    const KEY: &'static str = "tab";

    /// The first one is shown when the URL says nothing.
    fn all() -> &'static [Self];
    /// As in the URL.
    fn id(self) -> &'static str;
    fn label(self) -> &'static str;

    fn from_query(query: &Query) -> Self {
        let named = Self::all().iter().find(|t| query.get(Self::KEY) == Some(t.id()));
        *named.unwrap_or(&Self::all()[0])
    }

    /// The page with this tab and the same stretch of time; filters of the tab that is left stay behind.
    fn write(self, query: &Query) -> Query {
        query.only(&[Range::KEY]).with(Self::KEY, self.id())
    }
}

/// Links, so that each tab has an address of its own.
#[component]
pub fn Tabs<T: PageTab>(
    tab: Memo<T>,
    query: UseQuery,
    /// What they are parts of.
    label: &'static str,
) -> impl IntoView {
    let links = T::all()
        .iter()
        .map(|&t| {
            let href = move || query.link_with(|q| t.write(&q));
            view! {
                <li>
                    <a href=href aria-current=move || (tab.get() == t).then_some("page") data-noscroll="true">
                        {t.label()}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label=label>
            <ul>{links}</ul>
        </nav>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Part {
        First,
        Second,
    }

    impl PageTab for Part {
        fn all() -> &'static [Self] {
            &[Self::First, Self::Second]
        }
        fn id(self) -> &'static str {
            if self == Self::First { "first" } else { "second" }
        }
        fn label(self) -> &'static str {
            "Part"
        }
    }

    #[test]
    fn a_tab_has_an_address_and_nonsense_is_the_first() {
        let url = Query::default().with("range", "5m").with("q", "left behind");
        for tab in [Part::First, Part::Second] {
            assert_eq!(Part::from_query(&tab.write(&url)), tab);
        }
        assert_eq!(Part::Second.write(&url).href("/here"), "/here?range=5m&tab=second");
        assert_eq!(Part::from_query(&Query::default().with("tab", "nope")), Part::First);
    }
}
