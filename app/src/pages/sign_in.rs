//! Name and password, as a plain form: password managers know it, and it needs no scripts.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{Callout, Tone},
    url::{Query, use_query},
};

/// What the server said about the last attempt, from `?error=…&retry=…`.
fn said(query: &Query) -> Option<String> {
    match query.get("error")? {
        "wrong" => Some("Name or password is wrong.".to_owned()),
        "throttled" => {
            let seconds = query.get("retry").and_then(|s| s.parse::<u32>().ok());
            let wait = seconds.map_or_else(|| "in a while".to_owned(), |s| format!("in {s} s"));
            Some(format!("Too many attempts. Try again {wait}."))
        }
        "unavailable" => Some("Signing in is not possible right now: the database does not answer. Try again in a moment.".to_owned()),
        _ => Some("That did not work. Try again.".to_owned()),
    }
}

/// Only a path on this host: a link to this page must not lead elsewhere afterwards.
fn next(query: &Query) -> String {
    let local = |path: &&str| path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r', '\t']);
    query.get("next").filter(local).unwrap_or("/").to_owned()
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let query = use_query().query;
    let said = Memo::new(move |_| query.with(said));
    let invalid = move || said.with(Option::is_some).then_some("true");
    let described = move || said.with(Option::is_some).then_some("sign-in-said");
    view! {
        <Title text="Sign in" />
        <main id="main" class="alone">
            <form class="sheet" method="post" action="/sign-in">
                <h1>"Sign in"</h1>
                <div id="sign-in-said" role="alert">
                    {move || said.get().map(|said| view! { <Callout tone=Tone::Critical>{said}</Callout> })}
                </div>
                <input type="hidden" name="next" value=move || query.with(next) />
                <label class="field">
                    <span>"Name"</span>
                    <input
                        type="text"
                        name="name"
                        required
                        maxlength="64"
                        autocomplete="username"
                        autocapitalize="none"
                        spellcheck="false"
                        autofocus
                        aria-invalid=invalid
                        aria-describedby=described
                    />
                </label>
                <label class="field">
                    <span>"Password"</span>
                    <input
                        type="password"
                        name="password"
                        required
                        maxlength="1024"
                        autocomplete="current-password"
                        aria-invalid=invalid
                        aria-describedby=described
                    />
                </label>
                <button type="submit" class="button primary">
                    "Sign in"
                </button>
            </form>
        </main>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_this_host() {
        let next_of = |value: &str| next(&Query::default().with("next", value));
        assert_eq!(next_of("/pools?sort=errors"), "/pools?sort=errors");
        for evil in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(next_of(evil), "/", "{evil:?}");
        }
    }

    #[test]
    fn a_throttled_person_is_told_how_long() {
        let query = Query::default().with("error", "throttled").with("retry", "42");
        assert_eq!(said(&query).unwrap(), "Too many attempts. Try again in 42 s.");
        assert_eq!(said(&Query::default()), None);
    }
}
