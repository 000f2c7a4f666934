//! For each finding a scene that shows it, and one very like it that must not.

use model::{
    SourceState,
    cluster::{FindingCode, KindState, KindStatus},
};
use serde_json::{Value, json};

use crate::decide::cluster::fixtures::{NOW_MS, Scene, ago};

pub(super) struct Pair {
    pub(super) code: FindingCode,
    /// How often the engine has looked, 15 s apart; the last time now.
    pub(super) looks: i64,
    pub(super) shows: fn(&mut Scene),
    pub(super) not: fn(&mut Scene),
}

const fn pair(code: FindingCode, shows: fn(&mut Scene), not: fn(&mut Scene)) -> Pair {
    Pair {
        code,
        looks: 1,
        shows,
        not,
    }
}

/// All pods use so much.
fn load(scene: &mut Scene, cpu_milli: i64) {
    for n in 0..3 {
        scene.uses(&format!("web-{n}"), cpu_milli);
    }
}

fn spec(scene: &mut Scene, spec: Value) {
    scene.change("hpa", "web", json!({ "spec": spec }));
}

fn metric(scene: &mut Scene, metric: Value) {
    spec(scene, json!({ "metrics": [metric] }));
}

fn external(name: &str, target: Value) -> Value {
    json!({"type": "External", "external": {"metric": {"name": name}, "target": target}})
}

fn per_pod() -> Value {
    json!({"type": "AverageValue", "averageValue": "10"})
}

/// Its one external metric, and what reading it came to.
fn queue(scene: &mut Scene, name: &str, answer: Result<i64, &str>) {
    use crate::ports::cluster::{CustomValue, MetricQuestion};
    metric(scene, external(name, per_pod()));
    let question = MetricQuestion::External {
        namespace: crate::decide::cluster::fixtures::SHOP.into(),
        metric: name.into(),
        metric_selector: "".into(),
    };
    let value = |milli| CustomValue {
        values: vec![("".into(), milli, NOW_MS, 60)],
    };
    scene.custom.insert(question, answer.map(value).map_err(Into::into));
    scene.change("hpa", "web", json!({"status": {"currentMetrics": null}}));
}

fn controller_fails(scene: &mut Scene, reason: &str, message: &str) {
    scene.condition("ScalingActive", "False", reason, message);
}

fn pod_condition(kind: &str, status: &str, seconds: i64, message: &str) -> Value {
    json!({"type": kind, "status": status, "lastTransitionTime": ago(seconds), "message": message, "reason": "Unschedulable"})
}

fn unscheduled(scene: &mut Scene, seconds: i64) {
    let waits = pod_condition("PodScheduled", "False", seconds, "0/3 nodes are available: 3 Insufficient cpu.");
    scene.change(
        "pod",
        "web-2",
        json!({"status": {"phase": "Pending", "startTime": null, "conditions": [waits]}}),
    );
}

fn waiting(scene: &mut Scene, reason: &str) {
    let waits = json!({"waiting": {"reason": reason, "message": "back-off 40s restarting failed container"}});
    let status = json!({"name": "app", "ready": false, "restartCount": 4, "state": waits});
    scene.change("pod", "web-2", json!({"status": {"containerStatuses": [status]}}));
}

fn vpa(scene: &mut Scene, resources: Value) {
    let policy = json!({"containerName": "*", "controlledResources": resources});
    let body = json!({"spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "resourcePolicy": {"containerPolicies": [policy]}}});
    scene.put("vpa", "web", body);
}

fn quota(scene: &mut Scene, used: &str) {
    scene.change("deployment", "web", json!({"spec": {"replicas": 4}}));
    scene.put(
        "quota",
        "team",
        json!({"status": {"hard": {"requests.cpu": "1"}, "used": {"requests.cpu": used}}}),
    );
}

fn other_hpa(scene: &mut Scene, name: &str) {
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": name});
    scene.put("hpa", "other", json!({"spec": {"scaleTargetRef": target, "maxReplicas": 4}}));
}

fn new_today(scene: &mut Scene, seconds: i64) {
    scene.change("hpa", "web", json!({"metadata": {"creationTimestamp": ago(seconds)}}));
}

#[rustfmt::skip]
pub(super) const PAIRS: &[Pair] = &[
    pair(FindingCode::MetricsApiMissing,
        |s| {
            s.figures_missing = Some("the server could not find the requested resource (get pods.metrics.k8s.io)");
            controller_fails(s, "FailedGetResourceMetric", "unable to fetch metrics from resource metrics API");
        },
        |s| s.forget_figures("web-2")),
    pair(FindingCode::MetricsApiMissing,
        |s| {
            queue(s, "queue", Err("no external metrics API (external.metrics.k8s.io) registered"));
            controller_fails(s, "FailedGetExternalMetric", "m");
        },
        |s| queue(s, "queue", Ok(30_000))),
    pair(FindingCode::RequestMissing,
        |s| s.change_pods("web-1", &json!({"spec": {"containers": [{"name": "app"}]}})),
        |s| {
            s.change_pods("web", &json!({"spec": {"containers": [{"name": "app"}]}}));
            metric(s, json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "140m"}}}));
        }),
    pair(FindingCode::AtMax, |s| { spec(s, json!({"maxReplicas": 3})); load(s, 300); }, |s| spec(s, json!({"maxReplicas": 3}))),
    pair(FindingCode::AtMin, |s| { spec(s, json!({"minReplicas": 3})); load(s, 10); }, |s| spec(s, json!({"minReplicas": 3}))),
    pair(FindingCode::WithinTolerance, |s| load(s, 150), |s| load(s, 140)),
    pair(FindingCode::Stabilizing, |s| load(s, 20), |s| {
        load(s, 20);
        spec(s, json!({"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}));
    }),
    pair(FindingCode::Stabilizing, |s| s.condition("AbleToScale", "True", "ScaleDownStabilized", "recent recommendations were higher"),
        |s| s.condition("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")),
    pair(FindingCode::RateLimited, |s| {
        load(s, 400);
        spec(s, json!({"behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}}));
    }, |s| load(s, 190)),
    pair(FindingCode::DirectionDisabled, |s| {
        load(s, 400);
        spec(s, json!({"behavior": {"scaleUp": {"selectPolicy": "Disabled"}}}));
    }, |s| spec(s, json!({"behavior": {"scaleUp": {"selectPolicy": "Disabled"}}}))),
    pair(FindingCode::ScalingDisabled, |s| s.change("deployment", "web", json!({"spec": {"replicas": 0}})), |s| {
        s.change("deployment", "web", json!({"spec": {"replicas": 1}}));
    }),
    pair(FindingCode::QuotaExceeded, |s| quota(s, "900m"), |s| quota(s, "600m")),
    pair(FindingCode::QuotaExceeded, |s| {
        s.change("deployment", "web", json!({"spec": {"replicas": 4}, "status": {"conditions": [{"type": "ReplicaFailure", "status": "True",
            "reason": "FailedCreate", "message": "pods \"web-x\" is forbidden: exceeded quota: team"}]}}));
    }, |s| {
        let event = json!({"reason": "FailedCreate", "message": "exceeded quota: team", "lastTimestamp": ago(30),
            "involvedObject": {"kind": "ReplicaSet", "name": "web-api-abc"}});
        s.change("deployment", "web", json!({"spec": {"replicas": 4}}));
        s.put("event", "of-another-workload", event);
    }),
    pair(FindingCode::PodsPending, |s| unscheduled(s, 60), |s| unscheduled(s, 3)),
    pair(FindingCode::PodsFailing, |s| waiting(s, "CrashLoopBackOff"), |s| waiting(s, "ContainerCreating")),
    pair(FindingCode::PodsFailing, |s| waiting(s, "ImagePullBackOff"), |s| waiting(s, "PodInitializing")),
    pair(FindingCode::PodsFailing,
        |s| s.change("pod", "web-2", json!({"status": {"conditions": [pod_condition("Ready", "False", 300, "")]}})),
        |s| s.change("pod", "web-2", json!({"status": {"conditions": [pod_condition("Ready", "False", 30, "")]}}))),
    pair(FindingCode::MetricMissing, |s| {
        queue(s, "queue", Err("the server could not find the metric queue for shop"));
        controller_fails(s, "FailedGetExternalMetric", "unable to get external metric");
    }, |s| queue(s, "queue", Ok(30_000))),
    pair(FindingCode::VpaConflict, |s| vpa(s, json!(["cpu"])), |s| vpa(s, json!(["memory"]))),
    pair(FindingCode::TwoHpas, |s| other_hpa(s, "web"), |s| { s.deployment("api", 1); other_hpa(s, "api"); }),
    pair(FindingCode::TargetNotFound, |s| s.remove("deployment", "web"), |s| {
        spec(s, json!({"scaleTargetRef": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}}));
    }),
    pair(FindingCode::TargetNotFound, |s| spec(s, json!({"scaleTargetRef": {"apiVersion": "extensions/v1beta1"}})), |s| {
        s.kinds = vec![kind("deployments.apps", KindState::Down { since_ms: 0, why: "timed out".to_owned() })];
        s.remove("deployment", "web");
    }),
    pair(FindingCode::InverseMetric, |s| queue(s, "idle_workers", Ok(30_000)), |s| queue(s, "idleness_total_busy", Ok(30_000))),
    pair(FindingCode::LatencyAveraged, |s| metric(s, external("http_latency_p99", per_pod())), |s| {
        metric(s, external("http_latency_p99", json!({"type": "Value", "value": "10"})));
    }),
    pair(FindingCode::MinIsMax, |s| spec(s, json!({"minReplicas": 3, "maxReplicas": 3})), |s| spec(s, json!({"minReplicas": 3, "maxReplicas": 4}))),
    pair(FindingCode::Flaps, |s| spec(s, json!({"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}})), |s| {
        spec(s, json!({"behavior": {"scaleDown": {"stabilizationWindowSeconds": 120}}}));
    }),
    pair(FindingCode::PolicyCannotAct, |s| {
        spec(s, json!({"behavior": {"scaleUp": {"selectPolicy": "Disabled"}, "scaleDown": {"selectPolicy": "Disabled"}}}));
    }, |s| spec(s, json!({"behavior": {"scaleUp": {"selectPolicy": "Min"}, "scaleDown": {"selectPolicy": "Disabled"}}}))),
    pair(FindingCode::AmbiguousSelector, |s| {
        s.deployment("web-too", 1);
        s.change("deployment", "web-too", json!({"spec": {"selector": {"matchLabels": {"app": "web"}}}}));
    }, |s| s.deployment("web-too", 1)),
    pair(FindingCode::PodsWithoutMetrics, |s| s.forget_figures("web-1"), |s| {
        s.forget_figures("web-1");
        s.change("pod", "web-1", json!({"metadata": {"deletionTimestamp": ago(3)}}));
    }),
    Pair { code: FindingCode::Disagreement, looks: 6,
        shows: |s| {
            new_today(s, 80);
            load(s, 200);
        },
        // The same, but what the controller remembers from before is not known: it may have its reasons.
        not: |s| {
            spec(s, json!({"behavior": {"scaleUp": {"stabilizationWindowSeconds": 600}}}));
            load(s, 200);
        } },
    pair(FindingCode::RolloutStuck, |s| s.change("deployment", "web", json!({"status": {"conditions": [{"type": "Progressing", "status": "False",
            "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet has timed out progressing."}]}})),
        |s| s.change("deployment", "web", json!({"status": {"conditions": [{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}]}}))),
    pair(FindingCode::RolloutStuck, |s| s.change("deployment", "web", json!({"spec": {"paused": true}, "status": {"updatedReplicas": 1}})),
        |s| s.change("deployment", "web", json!({"status": {"updatedReplicas": 1}}))),
    pair(FindingCode::InvalidObject, |s| metric(s, json!({"type": "Odd"})), |s| spec(s, json!({"metrics": []}))),
    pair(FindingCode::NotReadable, |s| s.state = SourceState::Down { since_ms: NOW_MS - 60_000, why: "connection refused".to_owned() }, |_| {}),
    pair(FindingCode::NotReadable, |s| s.figures_missing = Some("forbidden"), |s| {
        s.figures_missing = Some("not there");
        controller_fails(s, "FailedGetResourceMetric", "m");
    }),
    pair(FindingCode::NotReadable, |s| s.kinds = vec![kind("pods", KindState::Forbidden { rule: "rules: []".to_owned() })],
        |s| s.kinds = vec![kind("pods", KindState::Up)]),
    pair(FindingCode::Healthy, |_| {}, |s| { spec(s, json!({"maxReplicas": 3})); load(s, 300); }),
];

fn kind(resource: &str, state: KindState) -> KindStatus {
    KindStatus {
        resource: resource.to_owned(),
        state,
        objects: 0,
        heard_at_ms: None,
    }
}
