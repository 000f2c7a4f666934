use leptos::prelude::*;

use super::{DataTable, Head};

/// A part of a page that is one table, and what stands there while it has no rows.
#[component]
pub fn TablePanel(
    /// Of the title; no other element of the page has it.
    id: &'static str,
    title: &'static str,
    /// Of the table; what no other part of the page is called.
    label: &'static str,
    #[prop(into)] heads: Vec<Head>,
    /// Beside the title.
    #[prop(optional)]
    aside: Option<AnyView>,
    /// Under what stands side by side.
    #[prop(optional)]
    below: bool,
    /// Nothing while there are rows.
    empty: AnyView,
    /// Its rows.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="panel" class:below=below aria-labelledby=id>
            <header class="panel-head">
                <h2 id=id>{title}</h2>
                {aside}
            </header>
            <DataTable label=label heads=heads>
                {children()}
            </DataTable>
            {empty}
        </section>
    }
    .into_any()
}
