use leptos::prelude::*;

use super::{Session, account::AccountMenu, freshness::Freshness, range::RangePicker, search::SearchBox};
use crate::{
    browser,
    components::{Icon, icon},
    live::Live,
};

#[component]
pub fn TopBar(help_open: RwSignal<bool>) -> impl IntoView {
    view! {
        <header class="top">
            <a class="brand" href="/" aria-label="Evenkeel, overview">
                <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false">
                    <path class="brand-hull" d="M3 13h18c-.8 4.7-4.4 7-9 7s-8.2-2.3-9-7z" />
                    <path class="brand-mast" d="M12 3v8M6 9.5h12" />
                </svg>
                <span>"Evenkeel"</span>
            </a>
            <EnvironmentBadge />
            <SearchBox />
            <div class="top-end">
                <RangePicker />
                <PauseButton />
                <Freshness />
                <ThemeButton />
                <AccountMenu help_open=help_open />
            </div>
        </header>
    }
    .into_any()
}

#[component]
fn EnvironmentBadge() -> impl IntoView {
    let session = Session::expect();
    let badge = move || {
        Suspend::new(async move {
            session.0.await.ok().map(|me| {
                let kind = if me.environment.production { "production" } else { "other" };
                view! {
                    <span class="environment" data-environment=kind title="Environment">
                        {me.environment.name}
                    </span>
                }
            })
        })
    };
    view! { <Transition fallback=|| ()>{badge}</Transition> }.into_any()
}

#[component]
fn PauseButton() -> impl IntoView {
    let live = Live::expect();
    let label = move || {
        if live.is_paused() {
            "Resume live data (p)"
        } else {
            "Pause live data (p)"
        }
    };
    view! {
        <button
            type="button"
            class="icon-button js-only"
            aria-label=label
            title=label
            aria-pressed=move || if live.is_paused() { "true" } else { "false" }
            on:click=move |_| live.toggle_pause()
        >
            {move || icon(if live.is_paused() { Icon::Play } else { Icon::Pause })}
        </button>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button js-only"
            aria-label="Next theme: system, light, dark (t)"
            title="Next theme: system, light, dark (t)"
            on:click=move |_| browser::set_theme(browser::theme().next())
        >
            {icon(Icon::Theme)}
        </button>
    }
}
