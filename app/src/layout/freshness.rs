use leptos::prelude::*;

use crate::{
    format,
    live::{Live, LiveStatus},
};

const fn id(status: LiveStatus) -> &'static str {
    match status {
        LiveStatus::Connecting => "connecting",
        LiveStatus::Live => "live",
        LiveStatus::Stale { .. } => "stale",
        LiveStatus::Paused => "paused",
        LiveStatus::SignedOut => "signed-out",
        LiveStatus::Outdated => "outdated",
    }
}

fn words(status: LiveStatus) -> String {
    match status {
        LiveStatus::Connecting => "connecting".to_owned(),
        LiveStatus::Live => "live".to_owned(),
        LiveStatus::Stale { seconds } => format!("stale {}", format::age(i64::from(seconds) * 1_000)),
        LiveStatus::Paused => "paused".to_owned(),
        LiveStatus::SignedOut => "signed out".to_owned(),
        LiveStatus::Outdated => "reload the page".to_owned(),
    }
}

/// How old the data on screen is.
#[component]
pub fn Freshness() -> impl IntoView {
    let status = Live::expect().status;
    view! {
        <p class="freshness js-only" data-status=move || id(status.get()) title="Age of the data on screen">
            <span class="dot" aria-hidden="true"></span>
            <span>{move || words(status.get())}</span>
        </p>
        <p class="freshness no-js-only" data-status="paused">
            "as of page load"
        </p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_data_tells_its_age() {
        assert_eq!(words(LiveStatus::Stale { seconds: 14 }), "stale 14 s");
        assert_eq!(words(LiveStatus::Stale { seconds: 200 }), "stale 3 min");
    }
}
