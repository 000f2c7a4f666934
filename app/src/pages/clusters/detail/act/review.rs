use leptos::{ev, prelude::*};
use model::cluster::DryRun;

use super::{Act, Wish};
use crate::components::{Callout, CodeBlock, Diff, DiffWords, Tone, TypedName};

/// What the API server says would change, and in production the name to type.
#[component]
pub fn Review(act: Act, wish: Wish, dry: DryRun) -> impl IntoView {
    let DryRun { diff, after, warnings, .. } = dry;
    let target = act.object.object.with_value(|o| wish.target(o));
    let name = TypedName::new("act-typed-error", !diff.is_empty() && act.object.is_production(), target);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if name.is_right() {
            act.apply();
        }
    };
    let words = DiffWords {
        caption: "What the API server says would change".to_owned(),
        before: "Now".to_owned(),
        nothing: "Nothing would change.",
        ..DiffWords::default()
    };
    let warnings = warnings
        .into_iter()
        .map(|warning| {
            view! {
                <Callout tone=Tone::Warning>
                    <p class="strong">"The API server warns"</p>
                    <p>{warning}</p>
                </Callout>
            }
        })
        .collect_view();
    let yaml = (!after.is_empty()).then(|| {
        view! {
            <details class="proof">
                <summary>"The object after it, as YAML"</summary>
                <CodeBlock text=after label="The object after it" file="object.yaml" />
            </details>
        }
    });
    view! {
        <form id="act-form" on:submit=submit>
            <p class="muted">"The API server was asked to try it; nothing has been changed yet."</p>
            <Diff fields=diff words=words />
            {warnings}
            {yaml}
            {name.field()}
        </form>
    }
    .into_any()
}
