use leptos::prelude::*;

use crate::format;

/// A moment: day and time in UTC, exact in the title.
#[component]
pub fn Moment(at_ms: i64, now_ms: i64) -> impl IntoView {
    let exact = format::iso(at_ms);
    view! {
        <time datetime=exact.clone() title=exact>
            {format::date_time(at_ms, now_ms)}
        </time>
    }
}
