//! Horizontal pod autoscalers: what they ask for, and what their controller says.

use serde::Deserialize;

use super::{Condition, CrossVersionRef, Selector, common::or_empty};
use crate::ports::cluster::{Meta, Quantity, meta::moment};

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

#[cfg(test)]
mod tests {
    use super::*;

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
