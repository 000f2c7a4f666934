use leptos::prelude::*;
use model::{SourceState, SourceStatus};

use crate::{
    components::{Icon, icon},
    format,
};

/// What everything on this page was read from, and how old it is.
#[component]
pub fn Sources(sources: Memo<Vec<SourceStatus>>, now_ms: Memo<i64>) -> impl IntoView {
    let chips = move || {
        let now_ms = now_ms.get();
        sources
            .get()
            .into_iter()
            .map(|source| {
                let (id, symbol, word, title) = describe(&source, now_ms);
                view! {
                    <li class="source" data-source=id title=title>
                        {icon(symbol)}
                        <span>{source.what}</span>
                        <span class="source-age">{word}</span>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <section class="sources" aria-label="Sources">
            <ul>{chips}</ul>
        </section>
    }
}

/// State id, icon, word, and the sentence behind it.
fn describe(source: &SourceStatus, now_ms: i64) -> (&'static str, Icon, String, String) {
    match &source.state {
        SourceState::Up => {
            let took = format::millis(Some(source.took_us as f32 / 1_000.0));
            let age = source
                .answered_at_ms
                .map_or_else(|| format::MISSING.to_owned(), |at| format::age_between(at, now_ms));
            ("up", Icon::Up, "up".to_owned(), format!("answered {age} ago, in {took}"))
        }
        SourceState::Waiting { since_ms } => (
            "waiting",
            Icon::Unchecked,
            "waiting".to_owned(),
            format!("asked since {} UTC", format::clock(*since_ms)),
        ),
        SourceState::Down { since_ms, why } => {
            let age = format::age_between(source.answered_at_ms.unwrap_or(*since_ms), now_ms);
            ("down", Icon::Down, format!("silent {age}"), why.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_source_tells_since_when_and_why() {
        let source = SourceStatus {
            id: "gateway".parse().unwrap(),
            what: "built-in gateway".into(),
            state: SourceState::Down {
                since_ms: 5_000,
                why: "connection refused".into(),
            },
            answered_at_ms: Some(4_000),
            took_us: 100,
        };
        let (id, _, word, title) = describe(&source, 18_000);
        assert_eq!((id, word.as_str(), title.as_str()), ("down", "silent 14 s", "connection refused"));
    }
}
