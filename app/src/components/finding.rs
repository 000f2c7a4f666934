//! What is found of an object, how sure that is, and what to do about it.

use leptos::prelude::*;
use model::cluster::{Certainty, Finding, Fix, FixKind};

use super::{CodeBlock, Icon, SeverityBadge, icon};

const CERTAINTIES: [Certainty; 3] = [Certainty::Observed, Certainty::Estimated, Certainty::Unknown];

/// Id for styles, symbol, and what it means.
const fn certainty_look(certainty: Certainty) -> (Icon, &'static str) {
    match certainty {
        Certainty::Observed => (Icon::Up, "the cluster says so itself"),
        Certainty::Estimated => (Icon::Info, "reckoned here from what the cluster shows"),
        Certainty::Unknown => (Icon::Unknown, "it would need something that cannot be read from here"),
    }
}

pub fn certainty_badge(certainty: Certainty) -> impl IntoView {
    let (symbol, meaning) = certainty_look(certainty);
    view! {
        <span class="badge" data-certainty=certainty.label() title=meaning>
            {icon(symbol)}
            <span>{certainty.label()}</span>
        </span>
    }
}

/// Worst first, as they come.
#[component]
pub fn Findings(findings: Vec<Finding>) -> impl IntoView {
    let items = findings.into_iter().map(finding).collect_view();
    let legend = CERTAINTIES
        .into_iter()
        .map(|certainty| {
            view! {
                <div>
                    <dt>{certainty_badge(certainty)}</dt>
                    <dd>{certainty_look(certainty).1}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <ol class="findings">{items}</ol>
        <details class="legend">
            <summary>"How sure that is"</summary>
            <dl>{legend}</dl>
        </details>
    }
    .into_any()
}

fn finding(finding: Finding) -> AnyView {
    let field = finding.field.map(|field| view! { <code class="finding-field">{field}</code> });
    let fixes = finding.fixes.into_iter().map(|fix| view! { <FixView fix=fix /> }).collect_view();
    view! {
        <li class="finding" data-finding=finding.code.id()>
            <p class="finding-head">
                <SeverityBadge severity=finding.severity />
                {certainty_badge(finding.certainty)}
                <span class="strong">{finding.title}</span>
                {field}
            </p>
            <p>{finding.why}</p>
            {fixes}
        </li>
    }
    .into_any()
}

/// The way out: a sentence, or text to copy.
#[component]
pub fn FixView(fix: Fix) -> impl IntoView {
    let body = match fix.kind {
        FixKind::Advice => view! { <p>{fix.text}</p> }.into_any(),
        FixKind::Command => view! { <CodeBlock text=fix.text label=fix.title.clone() /> }.into_any(),
        FixKind::Patch => view! { <CodeBlock text=fix.text label=fix.title.clone() file="patch.yaml" /> }.into_any(),
    };
    view! {
        <div class="fix">
            <p class="step-title">{fix.title}</p>
            {body}
        </div>
    }
}
