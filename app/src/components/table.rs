//! Tables: their frame, heads that sort and a box that filters, the latter two through the URL.

use leptos::prelude::*;

use super::Debounce;
use crate::url::{Column, Sort, UseQuery};

/// The head of a column that is not sorted by.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    label: &'static str,
    is_number: bool,
    /// What the column means, where the word alone does not say it.
    hint: Option<&'static str>,
}

impl Head {
    pub const fn text(label: &'static str) -> Self {
        Self {
            label,
            is_number: false,
            hint: None,
        }
    }

    pub const fn number(label: &'static str) -> Self {
        Self {
            is_number: true,
            ..Self::text(label)
        }
    }

    pub const fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

/// A table whose rows stand as the server gave them; it scrolls sideways within its own box.
#[component]
pub fn DataTable(
    /// What no other part of the page is called.
    #[prop(into)]
    label: String,
    #[prop(into)] heads: Vec<Head>,
    /// The head stays in sight.
    #[prop(optional)]
    sticky: bool,
    /// Its rows.
    children: Children,
) -> impl IntoView {
    let heads: Vec<_> = heads
        .into_iter()
        .map(|head| {
            view! {
                <th scope="col" class:number=head.is_number title=head.hint>
                    {head.label}
                </th>
            }
        })
        .collect();
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label=label>
            <table class="table" class:sticky=sticky>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A column head: a link that sorts, also without scripts.
#[component]
pub fn SortHead<C: Column>(
    column: C,
    label: &'static str,
    query: UseQuery,
    #[prop(into)] sort: Signal<Sort<C>>,
    /// What the column means, where the word alone does not say it.
    #[prop(optional)]
    hint: Option<&'static str>,
) -> impl IntoView {
    let direction = move || {
        let sort = sort.get();
        (sort.column == column).then_some(if sort.descending { "descending" } else { "ascending" })
    };
    let href = move || {
        let next = sort.get().toggled(column);
        query.link_with(|q| next.write(q))
    };
    view! {
        <th scope="col" class:number=column.is_number() aria-sort=direction>
            <a class="sort" href=href data-noscroll="true" title=hint>
                {label}
                <span class="sort-arrow" aria-hidden="true"></span>
            </a>
        </th>
    }
}

/// Filters the rows by a text; a plain form where scripts are off.
#[component]
pub fn TextFilter(query: UseQuery, label: &'static str, #[prop(into)] count: Signal<String>) -> impl IntoView {
    const KEY: &str = "q";
    let pause = Debounce::new();
    let typed = move |event| {
        let text = event_target_value(&event);
        pause.run(move || query.replace(|q| q.with(KEY, text.trim())));
    };
    let kept = move || {
        let hidden = |(key, value): (&str, &str)| view! { <input type="hidden" name=key.to_owned() value=value.to_owned() /> };
        query
            .query
            .with(|q| q.iter().filter(|(key, _)| *key != KEY).map(hidden).collect_view())
    };
    view! {
        <form class="filter" method="get" role="search" aria-label=label>
            <label>
                <span class="hidden-visually">{label}</span>
                <input
                    type="search"
                    name=KEY
                    placeholder=label
                    autocomplete="off"
                    maxlength="200"
                    value=query.get(KEY).unwrap_or_default()
                    on:input=typed
                />
            </label>
            {kept}
            <button type="submit" class="no-js-only">"Filter"</button>
            <span class="muted" role="status">
                {count}
            </span>
        </form>
    }
}
