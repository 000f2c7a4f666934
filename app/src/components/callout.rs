//! Sentences in place of a table: nothing there, something wrong, something old.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use model::{ApiError, SourceState, SourceStatus};

use super::{Icon, icon};
use crate::{api::Problem, format, url};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Info,
    Good,
    Warning,
    Critical,
}

impl Tone {
    pub const fn id(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    pub const fn icon(self) -> Icon {
        match self {
            Self::Info => Icon::Info,
            Self::Good => Icon::Up,
            Self::Warning => Icon::Warning,
            Self::Critical => Icon::Down,
        }
    }
}

#[component]
pub fn Callout(tone: Tone, children: Children) -> impl IntoView {
    view! {
        <div class="callout" data-tone=tone.id()>
            {icon(tone.icon())}
            <div>{children()}</div>
        </div>
    }
}

/// Instead of a blank panel: one sentence, and what to do about it.
#[component]
pub fn Empty(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="empty-title">{title}</p>
            <div class="muted">{children()}</div>
        </div>
    }
}

/// A page's answer when it could not be read.
#[component]
pub fn ErrorPanel(problem: Problem) -> impl IntoView {
    let location = use_location();
    let here = move || {
        let (path, search) = (location.pathname.get(), location.search.get());
        if search.is_empty() {
            path
        } else {
            format!("{path}?{}", search.trim_start_matches('?'))
        }
    };
    let said = problem.to_string();
    match problem.0 {
        ApiError::SignedOut => view! {
            <section class="panel">
                <Empty title="You are signed out">
                    <p>"The session has ended. Sign in again and you are back on this page."</p>
                    <a class="button primary" rel="external" href=move || format!("/sign-in?next={}", url::encode(&here()))>
                        "Sign in"
                    </a>
                </Empty>
            </section>
        }
        .into_any(),
        ApiError::NotFound { what, name } => {
            let (list, words) = match what.as_str() {
                "workload" => ("/scaling", "See what is scaled"),
                "object" | "cluster" | "HPA" | "Deployment" | "StatefulSet" => ("/clusters", "See all clusters"),
                _ => ("/pools", "See all pools"),
            };
            view! {
            <section class="panel">
                <Empty title=format!("There is no {what} named {name:?}")>
                    <p>"It may have been removed, or the link has a mistake in it."</p>
                    <a class="button" href=list>{words}</a>
                </Empty>
            </section>
            }
            .into_any()
        }
        _ => view! {
            <section class="panel">
                <Callout tone=Tone::Critical>
                    <p class="strong">"This could not be read"</p>
                    <p>{said}</p>
                    <p><a rel="external" href=here>"Try again"</a></p>
                </Callout>
            </section>
        }
        .into_any(),
    }
}

/// Says that what is shown is old, since when, and why; nothing while the source answers.
#[component]
pub fn SourceNote(#[prop(into)] source: Signal<Option<SourceStatus>>, #[prop(into)] now_ms: Signal<i64>) -> impl IntoView {
    move || {
        let source = source.get()?;
        let name = source.what;
        match source.state {
            SourceState::Up => None,
            SourceState::Waiting { since_ms } => Some(
                view! {
                    <Callout tone=Tone::Info>
                        <p>{format!("Waiting for the first answer of the {name} since {} UTC.", format::clock(since_ms))}</p>
                    </Callout>
                }
                .into_any(),
            ),
            SourceState::Down { since_ms, why } => {
                let age = format::age_between(source.answered_at_ms.unwrap_or(since_ms), now_ms.get());
                Some(
                    view! {
                        <Callout tone=Tone::Warning>
                            <p class="strong">{format!("The {name} has not answered for {age}; these are its last known values.")}</p>
                            <p>{why}</p>
                        </Callout>
                    }
                    .into_any(),
                )
            }
        }
    }
}
