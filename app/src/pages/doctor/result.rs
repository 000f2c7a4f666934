use leptos::prelude::*;
use model::{
    Severity,
    cluster::{DoctorAnswer, DoctorDocument},
};

use super::lines::{Mark, hunks};
use crate::{
    charts::download,
    components::{Callout, CopyButton, Findings, Tone},
};

const FILE: &str = "mended.yaml";

/// What was found, document by document, and the text with what could be mended mended.
#[component]
pub(super) fn Outcome(examined: String, answer: DoctorAnswer, take: Callback<String>) -> impl IntoView {
    let summary = summary(&answer);
    let mended = answer.fixed.map(|fixed| view! { <Mended before=examined after=fixed take=take /> });
    let documents = answer.documents.into_iter().map(document).collect_view();
    view! {
        {summary}
        {mended}
        {documents}
    }
    .into_any()
}

fn summary(answer: &DoctorAnswer) -> AnyView {
    let documents = answer.documents.len();
    let found: usize = answer.documents.iter().map(|d| d.findings.len()).sum();
    let count = |n: usize, one: &str, more: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {more}") };
    let examined = count(documents, "document", "documents");
    let (tone, text) = match answer.worst {
        _ if documents == 0 => (Tone::Info, "No document has anything in it.".to_owned()),
        None => (Tone::Good, format!("{examined} examined: nothing found.")),
        Some(worst) => {
            let tone = match worst {
                Severity::Info => Tone::Info,
                Severity::Warning => Tone::Warning,
                Severity::Critical => Tone::Critical,
            };
            (tone, format!("{examined} examined: {}.", count(found, "finding", "findings")))
        }
    };
    view! {
        <Callout tone=tone>
            <p class="strong">{text}</p>
        </Callout>
    }
    .into_any()
}

fn document(document: DoctorDocument) -> AnyView {
    let DoctorDocument { what, line, findings, .. } = document;
    let label = what.clone();
    let body = if findings.is_empty() {
        view! { <p class="panel-note muted">"Nothing found."</p> }.into_any()
    } else {
        view! { <Findings findings=findings /> }.into_any()
    };
    view! {
        <section class="panel below" aria-label=label>
            <header class="panel-head">
                <h2 class="anywhere">{what}</h2>
                <span class="muted">{format!("line {line}")}</span>
            </header>
            {body}
        </section>
    }
    .into_any()
}

#[component]
fn Mended(before: String, after: String, take: Callback<String>) -> impl IntoView {
    let (hunks, is_cut) = hunks(&before, &after);
    let hunks = hunks
        .into_iter()
        .map(|hunk| {
            let lines = hunk.lines.into_iter().map(|(mark, text)| line(mark, &text)).collect_view();
            view! {
                <p class="hint">{format!("From line {}", hunk.line)}</p>
                // Scrolls with the keyboard too.
                <pre class="line-diff" tabindex="0" role="group" aria-label=format!("Changes from line {}", hunk.line)>
                    {lines}
                </pre>
            }
        })
        .collect_view();
    let rest = is_cut.then(|| view! { <p class="hint">"There is more: copy or download the whole text."</p> });
    let (kept, taken) = (after.clone(), after.clone());
    view! {
        <section class="panel below" aria-labelledby="mended-title">
            <header class="panel-head">
                <h2 id="mended-title">"Mended"</h2>
                <CopyButton text=after label="Copy the mended text" />
            </header>
            <div class="panel-body mended">
                {hunks} {rest}
                <div class="form-actions">
                    <button type="button" class="button" on:click=move |_| download(FILE, "text/yaml", &kept)>
                        "Download"
                    </button>
                    <button type="button" class="button" on:click=move |_| take.run(taken.clone())>
                        "Examine the mended text"
                    </button>
                </div>
            </div>
        </section>
    }
    .into_any()
}

/// With its sign, so that colour is not all that tells.
fn line(mark: Mark, text: &str) -> AnyView {
    let text = format!("{} {text}\n", mark.sign());
    match mark {
        Mark::Same => view! { <span>{text}</span> }.into_any(),
        Mark::Removed => view! { <del>{text}</del> }.into_any(),
        Mark::Added => view! { <ins>{text}</ins> }.into_any(),
    }
}
