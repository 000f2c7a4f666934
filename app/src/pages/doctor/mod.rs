//! The policy doctor: manifests are pasted or chosen, and what is wrong with them is told beside the mended text. Nothing is kept.

mod example;
mod lines;
mod result;

use leptos::{ev, prelude::*};
use leptos_meta::Title;
use model::{ViewKey, cluster::DoctorAnswer};

use self::result::Outcome;
use crate::{
    api::{self, Problem},
    browser,
    components::{Callout, Empty, Tone, first_paint},
    live::Live,
};

/// What was examined, and the answer to it.
type Asked = (String, Result<DoctorAnswer, Problem>);

#[component]
pub fn DoctorPage() -> impl IntoView {
    let live = Live::expect();
    // Nothing here moves by itself; the top bar still tells whether the console is there.
    Effect::new(move |_| live.listen(ViewKey::Events));
    // Who is signed out is told so before, not after, something is pasted.
    let me = Resource::new(|| (), |()| api::me());
    view! {
        <Title text="Doctor" />
        <header class="page-head">
            <h1>"Doctor"</h1>
        </header>
        {first_paint(me, |_| view! { <Examination /> })}
    }
    .into_any()
}

#[component]
fn Examination() -> impl IntoView {
    let yaml = RwSignal::new(String::new());
    let refused = RwSignal::new(None::<String>);
    let ask: Action<String, Asked> = Action::new(|yaml: &String| {
        let yaml = yaml.clone();
        async move {
            let answer = api::examine(yaml.clone()).await;
            (yaml, answer)
        }
    });
    let examine = move || {
        let text = yaml.get_untracked();
        refused.set(refusal(&text));
        if refused.with_untracked(Option::is_none) {
            ask.dispatch(text);
        }
    };
    let outcome = move || match ask.value().get() {
        None => view! { <WhatItDoes /> }.into_any(),
        Some((examined, Ok(answer))) => {
            let take = Callback::new(move |mended: String| {
                yaml.set(mended);
                examine();
            });
            view! { <Outcome examined=examined answer=answer take=take /> }.into_any()
        }
        Some((_, Err(problem))) => view! {
            <Callout tone=Tone::Critical>
                <p class="strong">"Not examined"</p>
                <p>{problem.to_string()}</p>
            </Callout>
        }
        .into_any(),
    };
    view! {
        <p class="no-js-only callout">
            "This page needs scripts. The same is said by " <code>"evenkeel doctor FILE"</code>
            ", and by POST /api/doctor."
        </p>
        <Given yaml=yaml refused=refused pending=ask.pending().into() examine=Callback::new(move |()| examine()) />
        <div class="below" aria-live="polite">
            {outcome}
        </div>
    }
    .into_any()
}

/// Why a text is not sent at all.
fn refusal(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("paste a manifest, or choose a file".to_owned());
    }
    (text.len() > DoctorAnswer::INPUT_MAX_BYTES).then(|| {
        format!(
            "{} bytes; at most {} are examined at once",
            text.len(),
            DoctorAnswer::INPUT_MAX_BYTES
        )
    })
}

/// The text, and where it comes from.
#[component]
fn Given(yaml: RwSignal<String>, refused: RwSignal<Option<String>>, pending: Signal<bool>, examine: Callback<()>) -> impl IntoView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        examine.run(());
    };
    let chosen = move |event: ev::Event| {
        browser::read_file(&event, DoctorAnswer::INPUT_MAX_BYTES, move |read| match read {
            Ok(text) => {
                yaml.set(text);
                examine.run(());
            }
            Err(why) => refused.set(Some(why)),
        });
    };
    view! {
        <section class="panel js-only" aria-labelledby="given-title">
            <header class="panel-head">
                <h2 id="given-title">"Manifests"</h2>
            </header>
            <form class="form" novalidate on:submit=submit>
                <label class="field">
                    <span>"YAML or JSON"</span>
                    <textarea
                        class="manifests"
                        rows="14"
                        spellcheck="false"
                        autocomplete="off"
                        autocapitalize="off"
                        placeholder="apiVersion: autoscaling/v2"
                        aria-describedby="given-hint given-error"
                        aria-invalid=move || refused.with(Option::is_some).then_some("true")
                        prop:value=move || yaml.get()
                        on:input=move |event| {
                            refused.set(None);
                            yaml.set(event_target_value(&event));
                        }
                    ></textarea>
                </label>
                <p class="hint" id="given-hint">
                    "HPAs together with the Deployments, StatefulSets and VPAs they belong to; several documents with --- between them. Nothing of it is kept."
                </p>
                <p class="field-error" id="given-error" role="alert">
                    {move || refused.get()}
                </p>
                <label class="field">
                    <span>"Or a file"</span>
                    <input type="file" accept=".yaml,.yml,.json,text/yaml,application/yaml,application/json" on:change=chosen />
                </label>
                <div class="form-actions">
                    <button type="submit" class="button primary" disabled=pending>
                        "Examine"
                    </button>
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| {
                            refused.set(None);
                            yaml.set(example::FAULTY.to_owned());
                        }
                    >
                        "Fill in an example"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn WhatItDoes() -> impl IntoView {
    view! {
        <section class="panel">
            <Empty title="What is looked for">
                <ul class="looked-for">
                    <li>"metrics that scale the wrong way, and times that are divided by the number of pods"</li>
                    <li>"utilisation without requests to measure it against, or above what the limits allow"</li>
                    <li>"a VPA and an HPA on the same resource, two HPAs on one target, replicas in the manifest beside an HPA"</li>
                    <li>"bounds without room, policies that cannot act, windows and tolerances that make replicas flap"</li>
                    <li>"misspelt fields, wrong types, versions of the API that no cluster serves any more"</li>
                </ul>
                <p>"What can be mended is mended in the text itself: comments and everything else stay as they are."</p>
            </Empty>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_too_much_are_not_sent() {
        assert!(refusal(" \n").is_some() && refusal(&"x".repeat(DoctorAnswer::INPUT_MAX_BYTES + 1)).is_some());
        assert_eq!(refusal(example::FAULTY), None);
    }
}
