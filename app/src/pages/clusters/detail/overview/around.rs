//! What else belongs to the object: budgets, services, ingresses, vertical autoscalers.

use leptos::prelude::*;
use model::cluster::{IngressRow, ServiceRow, VpaRow};

use crate::{
    components::{DataTable, Head},
    format,
    pages::clusters::{detail::context::ObjectContext, words},
};

const BUDGETS: [Head; 2] = [
    Head::text("Disruption budget"),
    Head::number("May go now").hint("Pods that may be evicted right now"),
];
const SERVICES: [Head; 3] = [
    Head::text("Service"),
    Head::number("Ready").hint("Endpoints that take requests, and all"),
    Head::text("Port").hint("As a pool of the settings would take it"),
];
const INGRESSES: [Head; 4] = [
    Head::text("Ingress"),
    Head::text("Class"),
    Head::text("Hosts"),
    Head::text("Balancing").hint("Its annotations that are about balancing"),
];
const VPAS: [Head; 6] = [
    Head::text("Container"),
    Head::text("Resource"),
    Head::text("At least"),
    Head::text("Recommended"),
    Head::text("At most"),
    Head::text("Autoscaler"),
];

/// Only what there is.
#[component]
pub fn Around(object: ObjectContext) -> impl IntoView {
    let budgets = object.list(|v| v.budgets.clone());
    let services = object.list(|v| v.services.clone());
    let ingresses = object.list(|v| v.ingresses.clone());
    let vpa = object.list(|v| v.vpa.clone());
    view! {
        <div class="around">
            {move || part(("budgets", "Disruption budgets"), &BUDGETS, budgets.get(), budget)}
            {move || part(("services", "Services"), &SERVICES, services.get(), service)}
            {move || part(("ingresses", "Ingresses"), &INGRESSES, ingresses.get(), ingress)}
            {move || part(("vpa", "Vertical autoscalers"), &VPAS, vpa.get(), vertical)}
        </div>
    }
    .into_any()
}

fn part<T>((id, title): (&'static str, &'static str), heads: &'static [Head], rows: Vec<T>, row: impl Fn(T) -> AnyView) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    let rows = rows.into_iter().map(row).collect_view();
    let part = view! {
        <section class="panel" aria-labelledby=format!("{id}-title")>
            <header class="panel-head">
                <h2 id=format!("{id}-title")>{title}</h2>
            </header>
            <DataTable label=format!("Table of {}", title.to_lowercase()) heads=heads.to_vec()>
                {rows}
            </DataTable>
        </section>
    };
    Some(part.into_any())
}

fn budget((name, allowed): (String, u32)) -> AnyView {
    view! {
        <tr tabindex="-1" data-row>
            <th scope="row">{name}</th>
            <td class="number" data-tone=if allowed == 0 { "warning" } else { "" }>
                {allowed}
            </td>
        </tr>
    }
    .into_any()
}

fn service(row: ServiceRow) -> AnyView {
    view! {
        <tr tabindex="-1" data-row>
            <th scope="row">{row.name}</th>
            <td class="number">{format!("{} / {}", row.ready, row.endpoints)}</td>
            <td>{row.port.unwrap_or_else(|| format::MISSING.to_owned())}</td>
        </tr>
    }
    .into_any()
}

fn ingress(row: IngressRow) -> AnyView {
    let managed = row.managed_by.map(|manager| {
        view! {
            <span class="badge" title=manager.seen_by.clone()>
                {words::manager(&manager)}
            </span>
        }
    });
    let annotations = row
        .annotations
        .into_iter()
        .map(|(name, value)| {
            view! {
                <li>
                    <code>{format!("{name}: {value}")}</code>
                </li>
            }
        })
        .collect_view();
    view! {
        <tr tabindex="-1" data-row>
            <th scope="row">{row.name} " " {managed}</th>
            <td>{row.class}</td>
            <td class="wrap">{row.hosts.join(", ")}</td>
            <td class="wrap">
                <ul class="names">{annotations}</ul>
            </td>
        </tr>
    }
    .into_any()
}

/// One line for each recommendation; one that says nothing yet is a line too.
fn vertical(row: VpaRow) -> AnyView {
    let (name, mode) = (row.name, row.mode);
    let missing = || format::MISSING.to_owned();
    let lines = if row.recommendations.is_empty() {
        vec![("no recommendation yet".to_owned(), missing(), missing(), missing(), missing())]
    } else {
        row.recommendations
    };
    lines
        .into_iter()
        .map(|(container, resource, lower, target, upper)| {
            view! {
                <tr tabindex="-1" data-row>
                    <th scope="row">{container}</th>
                    <td>{resource}</td>
                    <td>{lower}</td>
                    <td>{target}</td>
                    <td>{upper}</td>
                    <td>{format!("{name}, mode {mode}")}</td>
                </tr>
            }
        })
        .collect_view()
        .into_any()
}
