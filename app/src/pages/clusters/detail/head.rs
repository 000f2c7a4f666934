use leptos::prelude::*;
use model::cluster::{ObjectCommand, ObjectKind, Trigger};

use super::{
    act::{Act, Wish},
    context::{ObjectContext, link},
};
use crate::{
    components::{CopyButton, certainty_badge, object_badge},
    format,
    pages::clusters::words,
};

/// What the object is, how it stands, who looks after it, and who set its replicas.
#[component]
pub fn Head(object: ObjectContext, act: Act) -> impl IntoView {
    let name = object.name();
    let state = object.part(|v| v.row.state);
    let (cluster, namespace, kind) = object
        .object
        .with_value(|o| (o.cluster.to_string(), o.namespace.clone(), o.kind.label()));
    let managed = object.maybe(|v| v.row.managed_by.clone());
    let managed = move || {
        managed.get().map(|manager| {
            view! {
                <span class="badge" title=manager.seen_by.clone()>
                    "managed by " {words::manager(&manager)}
                </span>
            }
        })
    };
    let reference = object.part(|v| v.row.reference.clone());
    let related = object.list(|v| v.related.clone());
    let related = move || {
        let links = related
            .get()
            .iter()
            .map(|other| view! { <span>{link(other)}</span> })
            .collect_view();
        (!links.is_empty()).then(|| {
            view! {
                <div>
                    <dt>{if object.kind() == ObjectKind::Hpa { "Scales" } else { "Scaled by" }}</dt>
                    <dd>{links}</dd>
                </div>
            }
        })
    };
    let set_by = object.maybe(|v| v.set_by.clone());
    let set_by = move || {
        set_by.get().map(|by| {
            view! {
                <div>
                    <dt>"Replicas set by"</dt>
                    <dd>
                        <span>{format!("{} ({})", words::owner(by.kind), by.who)}</span>
                        {certainty_badge(by.certainty)}
                    </dd>
                    <dd class="muted small">{by.seen_by}</dd>
                </div>
            }
        })
    };
    let since = object.part(|v| v.row.created_at_ms);
    let fact = |name: &'static str, value: AnyView| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let here = format!("/clusters?cluster={cluster}&namespace={namespace}");
    view! {
        <header class="page-head">
            <p class="crumbs">
                <a href="/clusters">"Kubernetes"</a>
                <span aria-hidden="true">"/"</span>
                <a href=here>{format!("{cluster} {namespace}")}</a>
                <span aria-hidden="true">"/"</span>
            </p>
            <h1>{name.clone()}</h1>
            <CopyButton text=name label="Copy the name" />
            {move || state.get().map(object_badge)}
            {managed}
            <Actions object=object act=act />
        </header>
        <dl class="facts">
            {fact("Kind", kind.into_any())}
            {fact("Reference", (move || reference.get()).into_any())}
            {related}
            {set_by}
            {fact("Age", (move || since.get().map(|since| format::age_between(since, object.now_ms.get()))).into_any())}
        </dl>
    }
    .into_any()
}

/// What can be done to a workload at once. Needs scripts, as every dialog.
#[component]
fn Actions(object: ObjectContext, act: Act) -> impl IntoView {
    let why_not = object.why_not(Trigger::Restart);
    let restart = move |_| {
        if let Some(view) = object.view() {
            act.ask(Wish(ObjectCommand::Restart {
                resource_version: view.resource_version,
            }));
        }
    };
    (object.kind() != ObjectKind::Hpa).then(|| {
        view! {
            <div class="head-actions js-only" role="group" aria-label="The workload by hand">
                <button
                    type="button"
                    class="button small"
                    disabled=move || why_not.with(Option::is_some)
                    title=move || why_not.get()
                    on:click=restart
                >
                    "Restart…"
                </button>
                {move || why_not.get().map(|why| view! { <span class="hint">{why}</span> })}
            </div>
        }
        .into_any()
    })
}
