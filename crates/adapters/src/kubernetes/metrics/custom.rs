//! `custom.metrics.k8s.io` and `external.metrics.k8s.io`.

use control::ports::cluster::{CustomValue, MetricQuestion, Quantity};
use serde::Deserialize;

use super::{
    super::{
        Inner,
        api::{Fault, now_ms, query, segment},
        rule::rule,
    },
    names::Names,
};

const CUSTOM: &str = "custom.metrics.k8s.io";
/// Newest first.
const CUSTOM_VERSIONS: [&str; 2] = ["v1beta2", "v1beta1"];
const EXTERNAL: &str = "external.metrics.k8s.io";
const ANSWER_MAX_BYTES: usize = 8 << 20;
/// Values that are kept of one answer.
const VALUES_MAX: usize = 10_000;

#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

/// Of both APIs in both versions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(default)]
    described_object: Option<Described>,
    #[serde(default)]
    timestamp: Option<jiff::Timestamp>,
    /// Of `v1beta2`.
    #[serde(default)]
    window_seconds: Option<i64>,
    /// Of `v1beta1`.
    #[serde(default)]
    window: Option<i64>,
    value: Quantity,
}

#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    name: Box<str>,
}

pub(super) async fn ask(inner: &Inner, names: &Names, question: &MetricQuestion) -> Result<CustomValue, Fault> {
    let path = path(names, question)?;
    if let MetricQuestion::External { .. } = question {
        return read(inner, &format!("/apis/{EXTERNAL}/v1beta1{path}")).await;
    }
    let [new, old] = CUSTOM_VERSIONS;
    match read(inner, &format!("/apis/{CUSTOM}/{new}{path}")).await {
        Err(fault) if fault.code() == Some(404) => read(inner, &format!("/apis/{CUSTOM}/{old}{path}")).await,
        other => other,
    }
}

async fn read(inner: &Inner, path: &str) -> Result<CustomValue, Fault> {
    parse(&inner.api.get(path, ANSWER_MAX_BYTES).await?.body)
}

fn parse(body: &[u8]) -> Result<CustomValue, Fault> {
    let list: List = serde_json::from_slice(body).map_err(Fault::unreadable)?;
    if list.items.len() > VALUES_MAX {
        return Err(Fault::unreadable(format!("it has more than {VALUES_MAX} values")));
    }
    let value = |item: Item| {
        let window_s = item.window_seconds.or(item.window).unwrap_or(0);
        (
            item.described_object.map(|o| o.name).unwrap_or_default(),
            item.value.milli(),
            item.timestamp.map_or_else(now_ms, jiff::Timestamp::as_millisecond),
            u32::try_from(window_s).unwrap_or(0),
        )
    };
    Ok(CustomValue {
        values: list.items.into_iter().map(value).collect(),
    })
}

/// As the HPA controller asks for it.
fn path(names: &Names, question: &MetricQuestion) -> Result<String, Fault> {
    let namespace = segment(question.namespace());
    Ok(match question {
        MetricQuestion::Pods {
            selector,
            metric,
            metric_selector,
            ..
        } => format!(
            "/namespaces/{namespace}/pods/*/{}{}",
            segment(metric),
            query(&[("labelSelector", selector), ("metricLabelSelector", metric_selector)])
        ),
        MetricQuestion::Object {
            described,
            metric,
            metric_selector,
            ..
        } => {
            let query = query(&[("metricLabelSelector", metric_selector)]);
            let (name, metric) = (segment(&described.name), segment(metric));
            if &*described.kind == "Namespace" {
                return Ok(format!("/namespaces/{name}/metrics/{metric}{query}"));
            }
            let resource = names
                .resource(described)
                .ok_or_else(|| Fault::unreadable(format!("the cluster has no kind {} in {}", described.kind, described.api_version)))?;
            format!("/namespaces/{namespace}/{}/{name}/{metric}{query}", segment(&resource))
        }
        MetricQuestion::External {
            metric, metric_selector, ..
        } => format!(
            "/namespaces/{namespace}/{}{}",
            segment(metric),
            query(&[("labelSelector", metric_selector)])
        ),
    })
}

pub(super) fn words(fault: &Fault, question: &MetricQuestion, inner: &Inner) -> String {
    let group = match question {
        MetricQuestion::External { .. } => EXTERNAL,
        _ => CUSTOM,
    };
    match fault.code() {
        Some(403) => {
            let namespace = inner.config.namespaces.as_ref().map(|_| &**question.namespace());
            let rule = rule(group, "*", &["get", "list"], namespace);
            format!("the console's account may not read {group}; it needs the rule\n{rule}")
        }
        Some(404) => format!("{group} has no such metric: {}", super::plain(fault, inner)),
        Some(503) => format!("{group} is not available: {}", super::plain(fault, inner)),
        _ => super::plain(fault, inner),
    }
}

#[cfg(test)]
mod tests {
    use control::ports::cluster::CrossVersionRef;

    use super::*;

    const INGRESSES: &str = r#"{"resources":[{"name":"ingresses","kind":"Ingress"},{"name":"ingresses/status","kind":"Ingress"}]}"#;

    #[test]
    fn metrics_are_asked_for_as_the_controller_does() {
        let names = Names::of("networking.k8s.io/v1", INGRESSES);
        let pods = MetricQuestion::Pods {
            namespace: "shop".into(),
            selector: "app=web".into(),
            metric: "http_requests".into(),
            metric_selector: "verb in (GET)".into(),
        };
        assert_eq!(
            path(&names, &pods).unwrap(),
            "/namespaces/shop/pods/*/http_requests?labelSelector=app%3Dweb&metricLabelSelector=verb%20in%20%28GET%29"
        );
        let object = |api_version: &str, kind: &str| MetricQuestion::Object {
            namespace: "shop".into(),
            described: CrossVersionRef {
                api_version: api_version.into(),
                kind: kind.into(),
                name: "main".into(),
            },
            metric: "hits".into(),
            metric_selector: "".into(),
        };
        assert_eq!(
            path(&names, &object("networking.k8s.io/v1", "Ingress")).unwrap(),
            "/namespaces/shop/ingresses.networking.k8s.io/main/hits"
        );
        assert_eq!(path(&names, &object("v1", "Namespace")).unwrap(), "/namespaces/main/metrics/hits");
        assert!(path(&names, &object("v1", "Nothing")).is_err());
        let hostile = MetricQuestion::External {
            namespace: "shop".into(),
            metric: "../../secrets?x=".into(),
            metric_selector: "".into(),
        };
        assert_eq!(path(&names, &hostile).unwrap(), "/namespaces/shop/..%2F..%2Fsecrets%3Fx%3D");
    }

    #[test]
    fn values_are_read_from_every_version() {
        let value = |item: &str| parse(format!("{{\"items\":[{item}]}}").as_bytes()).unwrap().values.remove(0);
        let at = 1_795_168_800_000;
        let new = r#"{"describedObject":{"kind":"Pod","name":"web-1"},"metric":{"name":"m"},"timestamp":"2026-11-20T10:00:00Z","windowSeconds":60,"value":"1500m"}"#;
        assert_eq!(value(new), ("web-1".into(), 1_500, at, 60));
        let old = r#"{"describedObject":{"kind":"Pod","name":"web-1"},"metricName":"m","timestamp":"2026-11-20T10:00:00Z","window":30,"value":"2"}"#;
        assert_eq!(value(old), ("web-1".into(), 2_000, at, 30));
        let external = r#"{"metricName":"q","metricLabels":{"a":"b"},"timestamp":"2026-11-20T10:00:00Z","value":"7"}"#;
        assert_eq!(value(external), ("".into(), 7_000, at, 0));
        assert!(parse(b"{\"items\":[{\"value\":\"x\"}]}").is_err());
    }
}
