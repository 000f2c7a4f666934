use leptos::prelude::*;

use super::Sparkline;

/// One figure of the overview: what, how much, how it went, and where to look closer.
#[component]
pub fn Card(
    title: &'static str,
    #[prop(into)] href: Signal<String>,
    #[prop(into)] value: Signal<String>,
    /// Under the value: what it is made of.
    #[prop(into)]
    note: Signal<String>,
    /// "good", "warning", "critical", or empty.
    #[prop(into)]
    tone: Signal<&'static str>,
    #[prop(into)] line: Signal<Vec<Option<f32>>>,
) -> impl IntoView {
    view! {
        <li class="card" data-tone=tone>
            <h2 class="card-title">
                <a href=href>{title}</a>
            </h2>
            <p class="card-value">{value}</p>
            <p class="card-note">{note}</p>
            <Sparkline line=line />
        </li>
    }
}
