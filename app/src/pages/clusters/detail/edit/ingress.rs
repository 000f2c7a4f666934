//! Balancing by ingress-nginx: one annotation at a time, of the Ingresses that lead to the workload.

use leptos::{ev, prelude::*};
use model::cluster::{IngressRow, ObjectCommand, Trigger};

use crate::pages::clusters::{
    detail::{
        act::{Act, Wish},
        context::ObjectContext,
    },
    words,
};

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// Name, and what it takes; the server checks it.
const ANNOTATIONS: [(&str, &str); 8] = [
    ("load-balance", "round_robin or ewma"),
    ("upstream-hash-by", "text with nginx' variables, such as $request_uri"),
    ("affinity", "cookie"),
    ("affinity-mode", "balanced or persistent"),
    ("session-cookie-name", "letters, digits, - and _"),
    ("session-cookie-max-age", "seconds"),
    ("proxy-next-upstream-tries", "0 to 100"),
    ("canary-weight", "a share of canary-weight-total, which is 100 where it is not set"),
];

fn takes(annotation: &str) -> &'static str {
    ANNOTATIONS
        .iter()
        .find(|(name, _)| *name == annotation)
        .map_or("", |(_, takes)| takes)
}

/// What it is set to now; empty where it is not.
fn value_of(ingresses: &[IngressRow], ingress: &str, annotation: &str) -> String {
    let row = ingresses.iter().find(|row| row.name == ingress);
    let mut set = row.into_iter().flat_map(|row| &row.annotations);
    set.find(|(name, _)| name.strip_prefix(PREFIX) == Some(annotation))
        .map(|(_, value)| value.clone())
        .unwrap_or_default()
}

/// Nothing where no Ingress leads there.
#[component]
pub fn IngressForm(object: ObjectContext, act: Act) -> impl IntoView {
    let ingresses = object.list(|v| v.ingresses.clone());
    // What of the whole cluster is refused, and the role: an Ingress has no line of its own among the refusals.
    let why_not = object.why_not(Trigger::Evict);
    let names = Memo::new(move |_| ingresses.with(|all| all.iter().map(|row| row.name.clone()).collect::<Vec<_>>()));
    move || {
        let names = names.get();
        let first = names.first()?.clone();
        Some(form(ingresses, act, why_not, names, first))
    }
}

fn form(ingresses: Memo<Vec<IngressRow>>, act: Act, why_not: Memo<Option<String>>, names: Vec<String>, first: String) -> AnyView {
    let ingress = RwSignal::new(first);
    let annotation = RwSignal::new(ANNOTATIONS[0].0.to_owned());
    let typed = RwSignal::new(None::<String>);
    let now = Memo::new(move |_| ingresses.with(|all| value_of(all, &ingress.read(), &annotation.read())));
    let value = move || typed.get().unwrap_or_else(|| now.get());
    let disabled = move || why_not.with(Option::is_some);
    let keeper = move || {
        let keeper = ingresses.with(|all| all.iter().find(|row| row.name == *ingress.read())?.managed_by.clone());
        keeper.map(
            |manager| view! { <p class="hint">{format!("{}: the review gives the patch for its source.", words::manager(&manager))}</p> },
        )
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let (name, wanted) = (
            ingress.get_untracked(),
            typed.get_untracked().unwrap_or_else(|| now.get_untracked()),
        );
        let version = ingresses.with_untracked(|all| all.iter().find(|row| row.name == name).map(|row| row.resource_version.clone()));
        if let Some(resource_version) = version {
            act.ask(Wish(ObjectCommand::Annotate {
                ingress: name,
                resource_version,
                annotation: format!("{PREFIX}{}", annotation.get_untracked()),
                value: wanted.trim().to_owned(),
            }));
        }
    };
    let choices = |all: Vec<String>| {
        all.into_iter()
            .map(|name| view! { <option value=name.clone()>{name.clone()}</option> })
            .collect_view()
    };
    let annotations = ANNOTATIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    view! {
        <section class="panel" aria-labelledby="ingress-title">
            <header class="panel-head">
                <h2 id="ingress-title">"Balancing by ingress-nginx"</h2>
            </header>
            <form class="form" novalidate on:submit=submit>
                <div class="slot-fields">
                    <label class="field">
                        <span>"Ingress"</span>
                        <select disabled=disabled on:change=move |event| {
                            ingress.set(event_target_value(&event));
                            typed.set(None);
                        }>{choices(names)}</select>
                    </label>
                    <label class="field">
                        <span>"Annotation"</span>
                        <select disabled=disabled on:change=move |event| {
                            annotation.set(event_target_value(&event));
                            typed.set(None);
                        }>{choices(annotations)}</select>
                    </label>
                    <label class="field">
                        <span>"Value"</span>
                        <input
                            type="text"
                            autocomplete="off"
                            maxlength="128"
                            disabled=disabled
                            prop:value=value
                            aria-describedby="annotation-takes"
                            on:input=move |event| typed.set(Some(event_target_value(&event)))
                        />
                    </label>
                </div>
                <p class="hint" id="annotation-takes">
                    {move || format!("Takes {}. Empty takes the annotation away.", takes(&annotation.read()))}
                </p>
                {keeper}
                <div class="form-actions js-only">
                    <button type="submit" class="button primary" disabled=disabled title=move || why_not.get() class:idle=move || typed.with(|t| t.as_ref().is_none_or(|t| *t == *now.read()))>
                        "Review…"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_filled_in() {
        let row = IngressRow {
            name: "shop".to_owned(),
            class: "nginx".to_owned(),
            hosts: vec![],
            annotations: vec![(format!("{PREFIX}load-balance"), "ewma".to_owned())],
            resource_version: "7".to_owned(),
            managed_by: None,
        };
        let all = [row];
        assert_eq!(value_of(&all, "shop", "load-balance"), "ewma");
        assert_eq!(value_of(&all, "shop", "affinity"), "");
        assert_eq!(value_of(&all, "other", "load-balance"), "");
    }
}
