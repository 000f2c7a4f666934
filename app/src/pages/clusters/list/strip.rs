use leptos::prelude::*;
use model::cluster::{ClusterId, ClusterStatus, KindState, KindStatus};

use crate::{
    components::{Callout, CodeBlock, DataTable, Head, SourceNote, Tone, icon},
    format,
    pages::clusters::words,
};

const HEADS: [Head; 5] = [
    Head::text("Kind"),
    Head::text("State"),
    Head::number("Objects"),
    Head::number("Heard").hint("Since the cluster last said something about it"),
    Head::text("Why"),
];

/// Version, HPAs, workloads, pods.
type Counts = (Option<String>, u32, u32, u32);

/// The clusters beside each other: how each is read, and what is in it.
#[component]
pub fn Strip(clusters: Memo<Vec<ClusterStatus>>, now_ms: Memo<i64>) -> impl IntoView {
    let ids = Memo::new(move |_| clusters.with(|all| all.iter().map(|c| c.id.clone()).collect::<Vec<_>>()));
    let one = move |id: ClusterId| {
        let status = {
            let id = id.clone();
            Memo::new(move |_| clusters.with(|all| all.iter().find(|c| c.id == id).cloned()))
        };
        view! { <One id=id status=status now_ms=now_ms /> }
    };
    view! {
        <ul class="clusters" aria-label="Clusters">
            <For each=move || ids.get() key=|id| id.clone() children=one />
        </ul>
    }
    .into_any()
}

#[component]
fn One(id: ClusterId, status: Memo<Option<ClusterStatus>>, now_ms: Memo<i64>) -> impl IntoView {
    let source = Memo::new(move |_| status.with(|s| s.as_ref().map(|s| s.source.clone())));
    let kinds = Memo::new(move |_| status.with(|s| s.as_ref().map(|s| s.kinds.clone()).unwrap_or_default()));
    let counts = Memo::new(move |_| status.with(|s| s.as_ref().map(|s| (s.version.clone(), s.hpas, s.workloads, s.pods))));
    let read_only = Memo::new(move |_| status.with(|s| s.as_ref().and_then(|s| s.read_only.clone())));
    let badge = move || {
        source.get().map(|source| {
            let (state, symbol, word) = words::cluster(&source, now_ms.get());
            view! {
                <span class="badge" data-state=state>
                    {icon(symbol)}
                    <span>{word}</span>
                </span>
            }
        })
    };
    let fact = |name: &'static str, value: fn(&Counts) -> String| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{move || counts.with(|c| c.as_ref().map(value))}</dd>
            </div>
        }
    };
    let note = move || {
        read_only
            .get()
            .map(|why| view! { <Callout tone=Tone::Info>{format!("Nothing is changed from here: {why}")}</Callout> })
    };
    let rows = move || {
        let now_ms = now_ms.get();
        kinds.get().into_iter().map(|kind| row(kind, now_ms)).collect_view()
    };
    view! {
        <li class="panel cluster">
            <header class="panel-head">
                <h2>
                    <a href=format!("/clusters?cluster={id}")>{id.to_string()}</a>
                </h2>
                {badge}
            </header>
            <dl class="facts panel-body">
                {fact("Version", |c| c.0.clone().unwrap_or_else(|| format::MISSING.to_owned()))} {fact("HPAs", |c| format::count(c.1.into()))}
                {fact("Workloads", |c| format::count(c.2.into()))} {fact("Pods", |c| format::count(c.3.into()))}
            </dl>
            <SourceNote source=source now_ms=now_ms />
            {note}
            <details class="legend">
                <summary>{move || kinds.with(|k| words::kinds(k))}</summary>
                <DataTable label=format!("What is read of {id}") heads=HEADS>
                    {rows}
                </DataTable>
                <Missing kinds=kinds />
            </details>
        </li>
    }
    .into_any()
}

fn row(status: KindStatus, now_ms: i64) -> impl IntoView {
    let (state, symbol, word) = words::kind(&status.state);
    let why = match &status.state {
        KindState::Waiting => "The first list is under way.".to_owned(),
        KindState::Up => String::new(),
        KindState::Absent => "The cluster does not have it; what needs it is left out.".to_owned(),
        KindState::Forbidden { .. } => "The console's account may not read it; the rule that is missing stands below.".to_owned(),
        KindState::Down { since_ms, why } => format!("Since {} UTC: {why}", format::clock(*since_ms)),
    };
    let heard = status.heard_at_ms.map_or_else(
        || format::MISSING.to_owned(),
        |at| format!("{} ago", format::age_between(at, now_ms)),
    );
    view! {
        <tr>
            <th scope="row">{status.resource}</th>
            <td>
                <span class="badge" data-state=state>
                    {icon(symbol)}
                    <span>{word}</span>
                </span>
            </td>
            <td class="number">{format::count(status.objects.into())}</td>
            <td class="number">{heard}</td>
            <td class="wrap">{why}</td>
        </tr>
    }
}

/// The rules that the console's account lacks. Drawn anew only when they change, so that one can copy from them.
#[component]
fn Missing(kinds: Memo<Vec<KindStatus>>) -> impl IntoView {
    let rules = Memo::new(move |_| {
        kinds.with(|kinds| {
            let rule = |k: &KindStatus| match &k.state {
                KindState::Forbidden { rule } => Some((k.resource.clone(), rule.clone())),
                _ => None,
            };
            kinds.iter().filter_map(rule).collect::<Vec<_>>()
        })
    });
    move || {
        rules
            .get()
            .into_iter()
            .map(|(resource, rule)| {
                view! {
                    <div class="fix">
                        <p class="step-title">{format!("To read {resource}, add this to the rules of the console's role")}</p>
                        <CodeBlock text=rule label=format!("The rule for {resource}") file="rule.yaml" />
                    </div>
                }
            })
            .collect_view()
    }
}
