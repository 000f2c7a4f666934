//! The gateways' autoscaler is one of our own presets.

use model::scaling::{ChangeLimit, MetricSource, MetricTarget, ScalingAlgorithm, ScalingPreset, ScalingRules, Tolerance};
use serde_json::{Value, json};

use super::manifests::document;

fn in_kubernetes(rules: &ScalingRules) -> Value {
    let limit = |limit: &ChangeLimit| {
        let text = serde_json::to_value(limit).unwrap();
        let kind = text["type"].as_str().unwrap();
        let kind = kind[..1].to_uppercase() + &kind[1..];
        json!({ "type": kind, "value": text["value"], "periodSeconds": text["period_s"] })
    };
    let select = serde_json::to_value(rules.select_policy).unwrap();
    let select = select.as_str().unwrap();
    json!({
        "stabilizationWindowSeconds": rules.stabilization_window_s,
        "selectPolicy": select[..1].to_uppercase() + &select[1..],
        "policies": rules.policies.iter().map(limit).collect::<Vec<_>>(),
    })
}

#[test]
fn the_gateways_scale_as_the_preset_production_says() {
    let autoscaler = document("kubernetes/components/gateway/autoscaler.yaml", "HorizontalPodAutoscaler");
    let spec = &autoscaler["spec"];
    let policy = ScalingPreset::Production.policy();
    assert_eq!(spec["minReplicas"], json!(policy.min_replicas));
    assert_eq!(spec["maxReplicas"], json!(policy.max_replicas));
    let behavior = policy.behavior.as_ref().unwrap();
    assert_eq!(spec["behavior"]["scaleUp"], in_kubernetes(&behavior.scale_up));
    assert_eq!(spec["behavior"]["scaleDown"], in_kubernetes(&behavior.scale_down));
    // Kubernetes' own, which therefore is not written down.
    assert_eq!(policy.tolerance, Tolerance::default());

    let ScalingAlgorithm::Hpa { metrics } = &policy.algorithm else {
        panic!("the preset is no HPA")
    };
    // A gateway has neither GPU nor sessions: what every pod has is what counts.
    let resources = metrics.iter().filter_map(|metric| match (&metric.source, metric.target) {
        (MetricSource::Resource { name }, MetricTarget::Utilization { average_utilization }) => Some(json!({
            "type": "Resource",
            "resource": { "name": name, "target": { "type": "Utilization", "averageUtilization": average_utilization } },
        })),
        _ => None,
    });
    assert_eq!(spec["metrics"], json!(resources.collect::<Vec<_>>()));

    let deployment = document("kubernetes/components/gateway/gateway.yaml", "Deployment");
    assert_eq!(spec["scaleTargetRef"]["name"], deployment["metadata"]["name"]);
    assert_eq!(
        deployment["spec"].get("replicas"),
        None,
        "applying again must not undo what the autoscaler decided"
    );
}
