//! Kubernetes' objects, each with the fields that the console looks at, under the names of the API. Everything else is dropped while it is
//! read, from a watch as from a document somebody pastes.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Deserializer};

use super::{Meta, Quantity, meta::moment};

/// Names and values that must be equal, and expressions (`matchExpressions`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    pub match_labels: BTreeMap<Box<str>, Box<str>>,
    pub match_expressions: Vec<Expression>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Expression {
    pub key: Box<str>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub operator: Box<str>,
    pub values: Vec<Box<str>>,
}

/// `autoscaling/v2`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hpa {
    pub metadata: Meta,
    pub spec: HpaSpec,
    pub status: HpaStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaSpec {
    pub scale_target_ref: CrossVersionRef,
    /// Absent: 1.
    pub min_replicas: Option<u32>,
    pub max_replicas: u32,
    pub metrics: Vec<HpaMetric>,
    pub behavior: Option<HpaBehavior>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CrossVersionRef {
    pub api_version: Box<str>,
    pub kind: Box<str>,
    pub name: Box<str>,
}

/// One entry of `spec.metrics`: `type`, and the part of that name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaMetric {
    #[serde(rename = "type")]
    pub kind: Box<str>,
    pub resource: Option<ResourceMetric>,
    pub container_resource: Option<ResourceMetric>,
    pub pods: Option<NamedMetric>,
    pub object: Option<NamedMetric>,
    pub external: Option<NamedMetric>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceMetric {
    pub name: Box<str>,
    /// Of a `ContainerResource`.
    pub container: Option<Box<str>>,
    pub target: MetricTargetSpec,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamedMetric {
    pub metric: MetricIdentifier,
    /// Of an `Object`.
    pub described_object: Option<CrossVersionRef>,
    pub target: MetricTargetSpec,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricIdentifier {
    pub name: Box<str>,
    pub selector: Option<Selector>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricTargetSpec {
    /// `Utilization`, `AverageValue`, `Value`.
    #[serde(rename = "type")]
    pub kind: Box<str>,
    pub average_utilization: Option<u32>,
    pub average_value: Option<Quantity>,
    pub value: Option<Quantity>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaBehavior {
    pub scale_up: Option<HpaRules>,
    pub scale_down: Option<HpaRules>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaRules {
    pub stabilization_window_seconds: Option<u32>,
    /// `Max`, `Min`, `Disabled`.
    pub select_policy: Option<Box<str>>,
    pub policies: Option<Vec<HpaPolicy>>,
    /// A quantity, such as `0.05`: KEP-4951.
    pub tolerance: Option<Quantity>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaPolicy {
    /// `Pods`, `Percent`.
    #[serde(rename = "type")]
    pub kind: Box<str>,
    pub value: u32,
    pub period_seconds: u32,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaStatus {
    pub observed_generation: Option<i64>,
    pub current_replicas: u32,
    pub desired_replicas: u32,
    /// Unix time, ms.
    #[serde(rename = "lastScaleTime", deserialize_with = "moment")]
    pub last_scale_ms: Option<i64>,
    #[serde(deserialize_with = "or_empty")]
    pub conditions: Vec<Condition>,
    pub current_metrics: Option<Vec<HpaCurrentMetric>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// `True`, `False`, `Unknown`.
    pub status: Arc<str>,
    pub reason: Arc<str>,
    pub message: Box<str>,
    /// Unix time, ms.
    #[serde(rename = "lastTransitionTime", deserialize_with = "moment")]
    pub since_ms: Option<i64>,
}

/// One entry of `status.currentMetrics`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HpaCurrentMetric {
    #[serde(rename = "type")]
    pub kind: Box<str>,
    pub resource: Option<CurrentOf>,
    pub container_resource: Option<CurrentOf>,
    pub pods: Option<CurrentOf>,
    pub object: Option<CurrentOf>,
    pub external: Option<CurrentOf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CurrentOf {
    pub name: Box<str>,
    pub container: Option<Box<str>>,
    pub metric: Option<MetricIdentifier>,
    pub current: MetricValueStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricValueStatus {
    pub average_utilization: Option<i64>,
    pub average_value: Option<Quantity>,
    pub value: Option<Quantity>,
}

/// A Deployment or a stateful set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Workload {
    pub metadata: Meta,
    pub spec: WorkloadSpec,
    pub status: WorkloadStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadSpec {
    /// Absent: 1.
    pub replicas: Option<u32>,
    pub selector: Selector,
    pub template: Template,
    pub paused: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Template {
    pub spec: PodSpec,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadStatus {
    pub observed_generation: Option<i64>,
    pub replicas: u32,
    pub ready_replicas: u32,
    pub updated_replicas: u32,
    pub available_replicas: u32,
    pub unavailable_replicas: u32,
    pub conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSet {
    pub metadata: Meta,
    pub spec: ReplicaSetSpec,
    pub status: WorkloadStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetSpec {
    pub replicas: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    pub metadata: Meta,
    pub spec: PodSpec,
    pub status: PodStatus,
}

/// Of a pod or of a template; pods of one template share theirs in the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    pub node_name: Option<Arc<str>>,
    pub containers: Arc<[Container]>,
    pub init_containers: Arc<[Container]>,
    /// Requests of the pod as a whole (KEP-2837).
    pub resources: Option<Resources>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    pub name: Arc<str>,
    pub resources: Resources,
    /// `Always` on an init container: it keeps running beside the others.
    pub restart_policy: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    pub requests: BTreeMap<Arc<str>, Quantity>,
    pub limits: BTreeMap<Arc<str>, Quantity>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: Arc<str>,
    pub reason: Option<Arc<str>>,
    /// Unix time, ms.
    #[serde(rename = "startTime", deserialize_with = "moment")]
    pub started_at_ms: Option<i64>,
    pub conditions: Vec<Condition>,
    pub container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    pub name: Arc<str>,
    pub ready: bool,
    pub restart_count: u32,
    pub state: ContainerState,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerState {
    pub waiting: Option<Waiting>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Waiting {
    pub reason: Arc<str>,
    pub message: Box<str>,
}

/// A `PodDisruptionBudget`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pdb {
    pub metadata: Meta,
    pub spec: PdbSpec,
    pub status: PdbStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PdbSpec {
    pub selector: Selector,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PdbStatus {
    pub disruptions_allowed: u32,
    pub current_healthy: u32,
    pub desired_healthy: u32,
}

/// A `ResourceQuota`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Quota {
    pub metadata: Meta,
    pub status: QuotaStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QuotaStatus {
    pub hard: BTreeMap<Arc<str>, Quantity>,
    pub used: BTreeMap<Arc<str>, Quantity>,
}

/// A core `Event`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    pub metadata: Meta,
    pub involved_object: CrossVersionRef,
    pub reason: Arc<str>,
    pub message: Box<str>,
    /// `Normal`, `Warning`.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    pub count: Option<u32>,
    pub reporting_component: Arc<str>,
    pub source: EventSource,
    /// Unix time, ms.
    #[serde(rename = "firstTimestamp", deserialize_with = "moment")]
    pub first_at_ms: Option<i64>,
    #[serde(rename = "lastTimestamp", deserialize_with = "moment")]
    pub last_at_ms: Option<i64>,
    #[serde(rename = "eventTime", deserialize_with = "moment")]
    pub event_at_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSource {
    pub component: Arc<str>,
}

impl Event {
    /// When it happened last; Unix time, ms.
    pub fn at_ms(&self) -> Option<i64> {
        self.last_at_ms
            .or(self.event_at_ms)
            .or(self.first_at_ms)
            .or(self.metadata.created_at_ms)
    }
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    pub metadata: Meta,
    pub spec: ServiceSpec,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    pub selector: BTreeMap<Box<str>, Box<str>>,
    pub ports: Vec<Port>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Port {
    pub name: Option<Box<str>>,
    pub port: Option<u16>,
    pub protocol: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlice {
    pub metadata: Meta,
    pub address_type: Box<str>,
    #[serde(deserialize_with = "or_empty")]
    pub endpoints: Vec<Endpoint>,
    #[serde(deserialize_with = "or_empty")]
    pub ports: Vec<Port>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    pub addresses: Vec<Box<str>>,
    pub conditions: EndpointConditions,
    pub target_ref: Option<CrossVersionRef>,
    pub zone: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointConditions {
    pub ready: Option<bool>,
    pub serving: Option<bool>,
    pub terminating: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ingress {
    pub metadata: Meta,
    pub spec: IngressSpec,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec {
    pub ingress_class_name: Option<Box<str>>,
    pub rules: Vec<IngressRule>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressRule {
    pub host: Option<Box<str>>,
    pub http: Option<IngressPaths>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressPaths {
    pub paths: Vec<IngressPath>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressPath {
    pub backend: IngressBackend,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressBackend {
    pub service: Option<IngressService>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressService {
    pub name: Box<str>,
}

/// `autoscaling.k8s.io/v1` `VerticalPodAutoscaler`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Vpa {
    pub metadata: Meta,
    pub spec: VpaSpec,
    pub status: VpaStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaSpec {
    pub target_ref: CrossVersionRef,
    pub update_policy: VpaUpdatePolicy,
    pub resource_policy: VpaResourcePolicy,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaUpdatePolicy {
    /// Absent: `Auto`.
    pub update_mode: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaResourcePolicy {
    pub container_policies: Vec<VpaContainerPolicy>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaContainerPolicy {
    pub container_name: Box<str>,
    /// `Auto`, `Off`.
    pub mode: Option<Box<str>>,
    /// Absent: cpu and memory.
    pub controlled_resources: Option<Vec<Box<str>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaStatus {
    pub recommendation: VpaRecommendation,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaRecommendation {
    pub container_recommendations: Vec<VpaContainer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VpaContainer {
    pub container_name: Box<str>,
    pub lower_bound: BTreeMap<Box<str>, Quantity>,
    pub target: BTreeMap<Box<str>, Quantity>,
    pub upper_bound: BTreeMap<Box<str>, Quantity>,
}

/// Go writes an empty list as `null` where the field is not optional.
fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Selector {
    /// As `labelSelector` takes it: `a=b,c in (d,e),!f`; empty for everything.
    pub fn text(&self) -> String {
        let equal = self.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
        let expressions = self.match_expressions.iter().map(|e| match &*e.operator {
            "In" => format!("{} in ({})", e.key, e.values.join(",")),
            "NotIn" => format!("{} notin ({})", e.key, e.values.join(",")),
            "Exists" => e.key.to_string(),
            _ => format!("!{}", e.key),
        });
        equal.chain(expressions).collect::<Vec<_>>().join(",")
    }

    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether these labels are picked. An operator that nobody knows picks nothing.
    pub fn picks(&self, labels: &BTreeMap<Arc<str>, Arc<str>>) -> bool {
        let equal = self
            .match_labels
            .iter()
            .all(|(key, value)| labels.get(&**key).is_some_and(|v| **v == **value));
        let holds = |e: &Expression| {
            let value = labels.get(&*e.key);
            let is_one = || value.is_some_and(|v| e.values.iter().any(|one| **one == **v));
            match &*e.operator {
                "In" => is_one(),
                "NotIn" => !is_one(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        };
        equal && self.match_expressions.iter().all(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_picks_what_kubernetes_picks() {
        let selector: Selector = serde_json::from_str(
            r#"{"matchLabels":{"app":"web"},"matchExpressions":[
                {"key":"tier","operator":"In","values":["a","b"]},{"key":"old","operator":"DoesNotExist"},
                {"key":"zone","operator":"NotIn","values":["x"]}]}"#,
        )
        .unwrap();
        let labels = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(k, v)| (Arc::from(*k), Arc::from(*v)))
                .collect::<BTreeMap<_, _>>()
        };
        assert!(selector.picks(&labels(&[("app", "web"), ("tier", "b")])));
        assert!(!selector.picks(&labels(&[("app", "web"), ("tier", "c")])));
        assert!(!selector.picks(&labels(&[("app", "web"), ("tier", "a"), ("old", "")])));
        assert!(!selector.picks(&labels(&[("app", "web"), ("tier", "a"), ("zone", "x")])));
        assert_eq!(selector.text(), "app=web,tier in (a,b),!old,zone notin (x)");
    }

    #[test]
    fn an_hpa_is_read_from_what_the_api_server_sends() {
        let hpa: Hpa = serde_json::from_str(
            r#"{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"web","namespace":"shop"},
                "spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"minReplicas":2,"maxReplicas":10,
                "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}},
                {"type":"External","external":{"metric":{"name":"queue","selector":{"matchLabels":{"q":"a"}}},"target":{"type":"AverageValue","averageValue":"30"}}}],
                "behavior":{"scaleDown":{"stabilizationWindowSeconds":60,"selectPolicy":"Min","policies":[{"type":"Percent","value":10,"periodSeconds":60}]}}},
                "status":{"currentReplicas":2,"desiredReplicas":3,"lastScaleTime":"2026-11-20T10:00:00Z","currentMetrics":null,
                "conditions":[{"type":"AbleToScale","status":"True","reason":"ReadyForNewScale","message":"m"}]}}"#,
        )
        .unwrap();
        assert_eq!(
            (hpa.spec.min_replicas, hpa.spec.max_replicas, hpa.spec.metrics.len()),
            (Some(2), 10, 2)
        );
        let external = hpa.spec.metrics[1].external.as_ref().unwrap();
        assert_eq!(external.metric.selector_text(), "q=a");
        assert_eq!(external.target.average_value, Some(Quantity(30_000)));
        assert_eq!(hpa.status.last_scale_ms, Some(1_795_168_800_000));
    }
}
