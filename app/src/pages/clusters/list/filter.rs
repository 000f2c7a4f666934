use leptos::prelude::*;
use leptos_router::components::Form;
use model::cluster::{ClusterStatus, ObjectKind, ObjectOrder};

use super::query::Asked;
use crate::{
    browser,
    components::{FilterSelect, KeptRange},
    url::UseQuery,
};

/// The filters, as a form whose answer is this page's URL.
#[component]
pub fn FilterForm(query: UseQuery, asked: Asked, clusters: Memo<Vec<ClusterStatus>>, namespaces: Memo<Vec<String>>) -> impl IntoView {
    let (filtered, impossible, asked) = (asked.is_filtered(), asked.impossible, asked.query);
    let ids = Memo::new(move |_| clusters.with(|all| all.iter().map(|c| c.id.to_string()).collect::<Vec<_>>()));
    let same = |names: Vec<String>| names.into_iter().map(|n| (n.clone(), n)).collect::<Vec<_>>();
    let cluster = asked.cluster.map(|c| c.to_string());
    let cluster = move || {
        view! { <FilterSelect name="cluster" label="Cluster" all="all clusters" options=same(ids.get()) chosen=cluster.clone() /> }
    };
    let namespace = asked.namespace;
    let namespace = move || {
        let mut all = namespaces.get();
        // One that is gone stays chosen, so that the form says what the list is of.
        all.extend(namespace.clone().filter(|n| !namespaces.with(|all| all.contains(n))));
        view! { <FilterSelect name="namespace" label="Namespace" all="all namespaces" options=same(all) chosen=namespace.clone() /> }
    };
    let kinds = ObjectKind::ALL.map(|k| (k.id().to_owned(), k.label().to_owned())).to_vec();
    let by_name = (asked.order == ObjectOrder::Name).then(|| "name".to_owned());
    let text = asked.text.or_else(|| impossible.clone()).unwrap_or_default();
    let is_impossible = impossible.is_some();
    view! {
        <Form method="GET" action="/clusters" attr:class="filters">
            {cluster}
            {namespace}
            <FilterSelect name="kind" label="Kind" all="all kinds" options=kinds chosen=asked.kind.map(|k| k.id().to_owned()) />
            <FilterSelect
                name="order"
                label="Order"
                all="what needs a look first"
                options=vec![("name".to_owned(), "by name".to_owned())]
                chosen=by_name
            />
            <label>
                <span>"Name has"</span>
                <input
                    type="search"
                    name="text"
                    maxlength="253"
                    autocomplete="off"
                    value=text
                    aria-invalid=is_impossible.then_some("true")
                    aria-describedby="text-error"
                />
            </label>
            <label class="filter-check">
                <input type="checkbox" name="troubled" value="1" checked=asked.troubled on:change=move |event| browser::submit_form_of(&event) />
                <span>"Only what needs a look"</span>
            </label>
            <KeptRange query=query />
            <button type="submit" class="button">
                "Filter"
            </button>
            {(filtered || is_impossible)
                .then(|| {
                    view! {
                        <a class="button quiet" href="/clusters">
                            "Clear"
                        </a>
                    }
                })}
            <p class="field-error" id="text-error">
                {is_impossible.then_some("No name has that in it: names are made of a-z, 0-9, - and . only.")}
            </p>
        </Form>
    }
    .into_any()
}
