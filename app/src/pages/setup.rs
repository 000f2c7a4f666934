//! The first admin, by the one-time link that the console printed at its first start.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{Callout, Empty, Tone},
    url::use_query,
};

#[component]
pub fn SetupPage() -> impl IntoView {
    let query = use_query();
    let error = Memo::new(move |_| query.get("error"));
    let reason = move || query.get("reason").unwrap_or_else(|| "This was not accepted.".to_owned());
    let wrong = move |field: &str| error.with(|e| e.as_deref() == Some(field));
    let near = move |field: &'static str, id: &'static str| {
        move || {
            wrong(field).then(|| {
                view! {
                    <p class="field-error" id=id role="alert">
                        {reason()}
                    </p>
                }
            })
        }
    };
    let elsewhere = move || {
        let unplaced = error.get().is_some() && !wrong("name") && !wrong("password");
        unplaced.then(|| view! { <Callout tone=Tone::Critical>{reason()}</Callout> })
    };
    let form = move || {
        let token = query.get("token")?;
        Some(view! {
            <form class="sheet" method="post" action="/setup">
                <h1>"Welcome to Evenkeel"</h1>
                <p class="muted">"Make the first account. It is a system admin: it may change everything."</p>
                <div role="alert">{elsewhere}</div>
                <input type="hidden" name="token" value=token />
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
                        aria-invalid=move || wrong("name").then_some("true")
                        aria-describedby="name-rule"
                    />
                </label>
                {near("name", "name-error")}
                <p class="hint" id="name-rule">
                    "Letters, digits or any of . _ - @ +"
                </p>
                <label class="field">
                    <span>"Password"</span>
                    <input
                        type="password"
                        name="password"
                        required
                        maxlength="1024"
                        autocomplete="new-password"
                        aria-invalid=move || wrong("password").then_some("true")
                        aria-describedby="password-rule"
                    />
                </label>
                {near("password", "password-error")}
                <p class="hint" id="password-rule">
                    "At least 10 characters; a sentence is easier to keep than a riddle."
                </p>
                <button type="submit" class="button primary">
                    "Make the account"
                </button>
            </form>
        })
    };
    let no_token = move || {
        query.get("token").is_none().then(|| {
            view! {
                <Empty title="This page needs its one-time link">
                    <p>"The console prints the link at its first start. It is good for one account; afterwards accounts are made with "<code>"evenkeel user add"</code>"."</p>
                    <a class="button" href="/sign-in">
                        "Sign in"
                    </a>
                </Empty>
            }
        })
    };
    view! {
        <Title text="Set up" />
        <main id="main" class="alone">{form} {no_token}</main>
    }
    .into_any()
}
