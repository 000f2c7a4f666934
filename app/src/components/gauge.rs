use leptos::prelude::*;

/// A figure with a bar under it; `percent` of the bar is filled.
pub fn gauge(text: String, percent: u8, tone: &'static str) -> impl IntoView {
    view! {
        <span class="gauge" data-tone=tone>
            {text}
            <svg viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                <rect class="gauge-back" width="100" height="3" />
                <rect class="gauge-fill" width=percent.to_string() height="3" />
            </svg>
        </span>
    }
}
