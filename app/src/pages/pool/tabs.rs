use leptos::prelude::*;

use crate::url::{Query, Range, UseQuery};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Instances,
    Traffic,
    Health,
    Affinity,
    Settings,
}

impl Tab {
    pub const KEY: &'static str = "tab";
    const ALL: [Self; 5] = [Self::Instances, Self::Traffic, Self::Health, Self::Affinity, Self::Settings];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::Traffic => "traffic",
            Self::Health => "health",
            Self::Affinity => "affinity",
            Self::Settings => "settings",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Instances => "Instances",
            Self::Traffic => "Traffic",
            Self::Health => "Health",
            Self::Affinity => "Affinity",
            Self::Settings => "Settings",
        }
    }

    pub fn from_query(query: &Query) -> Self {
        Self::ALL
            .into_iter()
            .find(|t| query.get(Self::KEY) == Some(t.id()))
            .unwrap_or(Self::Instances)
    }
}

/// Links, so that each tab has an address of its own.
#[component]
pub fn Tabs(tab: Memo<Tab>, query: UseQuery) -> impl IntoView {
    let links = Tab::ALL
        .into_iter()
        .map(|t| {
            let href = move || query.link_with(|q| q.only(&[Range::KEY]).with(Tab::KEY, t.id()));
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
        <nav class="tabs" aria-label="Parts of the pool">
            <ul>{links}</ul>
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_has_an_address_and_nonsense_is_the_first() {
        for tab in Tab::ALL {
            assert_eq!(Tab::from_query(&Query::default().with("tab", tab.id())), tab);
        }
        assert_eq!(Tab::from_query(&Query::default().with("tab", "nope")), Tab::Instances);
    }
}
