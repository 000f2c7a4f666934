//! `metrics.k8s.io`: what pods use.

use std::{collections::BTreeMap, sync::Arc};

use control::ports::cluster::{PodFigures, Quantity};
use serde::Deserialize;

use super::super::{Inner, api::Fault, rule::rule};

const GROUP: &str = "metrics.k8s.io";
const PATH: &str = "/apis/metrics.k8s.io/v1beta1";

/// By namespace and name.
pub(super) type ByPod = BTreeMap<(Arc<str>, Arc<str>), PodFigures>;

#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Named,
    timestamp: jiff::Timestamp,
    #[serde(default)]
    window: String,
    #[serde(default)]
    containers: Vec<Container>,
}

#[derive(Deserialize)]
struct Named {
    name: Arc<str>,
    namespace: Arc<str>,
}

#[derive(Deserialize)]
struct Container {
    name: Arc<str>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    cpu: Quantity,
    #[serde(default)]
    memory: Quantity,
}

pub(super) async fn read(inner: &Inner) -> Result<ByPod, Fault> {
    let paths = match &inner.config.namespaces {
        None => vec![format!("{PATH}/pods")],
        Some(list) => list.iter().map(|namespace| format!("{PATH}/namespaces/{namespace}/pods")).collect(),
    };
    let mut all = ByPod::new();
    for path in paths {
        let answer = inner.api.get(&path, inner.config.bounds.page_bytes).await?;
        parse(&answer.body, inner.config.bounds.objects, &mut all)?;
    }
    Ok(all)
}

/// More pods than are watched are left out.
fn parse(body: &[u8], max: usize, all: &mut ByPod) -> Result<(), Fault> {
    let list: List = serde_json::from_slice(body).map_err(Fault::unreadable)?;
    let room = max.saturating_sub(all.len());
    all.extend(list.items.into_iter().take(room).map(|item| {
        let container = |c: Container| (c.name, c.usage.cpu.milli(), c.usage.memory.units());
        let figures = PodFigures {
            at_ms: item.timestamp.as_millisecond(),
            window_s: window_s(&item.window),
            containers: item.containers.into_iter().map(container).collect(),
        };
        ((item.metadata.namespace, item.metadata.name), figures)
    }));
    Ok(())
}

/// Go's way to write a duration: `15s`, `1m0.5s`. Whole seconds, at least 1 where it says more than nothing; 0 for what is none.
fn window_s(text: &str) -> u32 {
    let Ok(window) = text.parse::<jiff::SignedDuration>() else {
        return 0;
    };
    u32::try_from(window.as_secs()).unwrap_or(0).max(u32::from(window.is_positive()))
}

pub(super) fn words(fault: &Fault, inner: &Inner) -> String {
    match fault.code() {
        Some(403) => {
            let namespace = inner.config.namespaces.as_ref().and_then(|list| list.first());
            let rule = rule(GROUP, "pods", &["get", "list"], namespace.map(String::as_str));
            format!("the console's account may not read {GROUP}; it needs the rule\n{rule}")
        }
        Some(404) => format!("the cluster has no {GROUP}: metrics-server is not installed"),
        Some(503) => format!("{GROUP} is not available: {}", super::plain(fault, inner)),
        _ => super::plain(fault, inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_metrics_server_writes_them() {
        let body = br#"{"kind":"PodMetricsList","apiVersion":"metrics.k8s.io/v1beta1","metadata":{},"items":[
            {"metadata":{"name":"web-1","namespace":"shop","creationTimestamp":"2026-11-20T10:00:05Z"},
             "timestamp":"2026-11-20T10:00:00Z","window":"1m15.5s",
             "containers":[{"name":"app","usage":{"cpu":"250000001n","memory":"65536Ki"}}]},
            {"metadata":{"name":"web-2","namespace":"shop"},"timestamp":"2026-11-20T10:00:00Z","window":"15s","containers":[]}]}"#;
        let mut all = ByPod::new();
        parse(body, 1, &mut all).unwrap();
        assert_eq!(all.len(), 1, "the bound holds");
        let web = &all[&("shop".into(), "web-1".into())];
        assert_eq!((web.at_ms, web.window_s), (1_795_168_800_000, 75));
        assert_eq!(*web.containers, [("app".into(), 251, 64 << 20)]);
        assert_eq!((window_s("15s"), window_s("0.5s"), window_s("x"), window_s("")), (15, 1, 0, 0));
    }
}
