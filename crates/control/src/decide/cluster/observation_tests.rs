use model::scaling::{MetricFailure, Reading, ScalingReason};
use serde_json::json;

use super::{
    Memory, Round, Target, evaluate,
    fixtures::{NOW_MS, SHOP, Scene, ago, time},
    observe, questions,
};
use crate::ports::cluster::{CustomValue, MetricQuestion};

fn decided(scene: &Scene) -> super::Evaluation {
    decided_with(scene, &mut Memory::default(), NOW_MS)
}

fn decided_with(scene: &Scene, memory: &mut Memory, now_ms: i64) -> super::Evaluation {
    let look = scene.look();
    let round = Round::new(&look);
    let space = round.space(SHOP).unwrap();
    let hpa = &space.objects.hpas["web"];
    evaluate(space, hpa, memory, now_ms).unwrap()
}

#[test]
fn an_hpa_is_decided_from_what_the_cluster_shows() {
    let mut scene = Scene::web();
    assert_eq!(decided(&scene).decision.to, 3, "140 of 200 milli are the 70 % it wants");
    for n in 0..3 {
        scene.uses(&format!("web-{n}"), 200);
    }
    let evaluation = decided(&scene);
    assert_eq!(evaluation.decision.to, 5, "100 % of 70 %, three times");
    assert_eq!(evaluation.decision.proof.metrics[0].current, Some(100));
}

#[test]
fn pods_count_as_the_controller_counts_them() {
    let mut scene = Scene::web();
    // One ends, one has just been started and is not ready: neither says anything of the load.
    scene.change("pod", "web-0", json!({"metadata": {"deletionTimestamp": ago(5)}}));
    let fresh =
        json!({"status": {"startTime": ago(20), "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": ago(20)}]}});
    scene.change("pod", "web-1", fresh);
    let proof = decided(&scene).decision.proof;
    assert_eq!(
        (proof.metrics[0].ready, proof.metrics[0].unready, proof.metrics[0].missing),
        (1, 1, 0)
    );
    scene.forget_figures("web-2");
    let evaluation = decided(&scene);
    assert_eq!(evaluation.decision.reason, ScalingReason::FailedMetrics);
    assert_eq!(evaluation.decision.proof.metrics[0].failure, Some(MetricFailure::NoReadyPods));
}

#[test]
fn requests_are_summed_as_kubernetes_sums_them() {
    let requests = |spec: serde_json::Value| {
        let mut scene = Scene::web();
        scene.change_pods("web", &json!({ "spec": spec }));
        let proof = decided(&scene).decision.proof.metrics.remove(0);
        (proof.current, proof.failure.is_some())
    };
    let side = |policy: serde_json::Value| {
        let side = json!({"name": "side", "restartPolicy": policy, "resources": {"requests": {"cpu": "80m"}}});
        json!({ "initContainers": [side] })
    };
    assert_eq!(requests(side(json!("Always"))), (Some(50), false), "140 of 280: it keeps running");
    assert_eq!(requests(side(json!(null))), (Some(70), false), "it ran once");
    let bare = json!({"containers": [{"name": "app"}]});
    assert_eq!(requests(bare), (None, true), "nothing to measure against");
    let whole = json!({"containers": [{"name": "app"}, {"name": "b", "resources": {"requests": {"cpu": "100m"}}}],
        "resources": {"requests": {"cpu": "400m"}}});
    assert_eq!(requests(whole), (Some(35), false), "the pod requests 400 as a whole");
}

#[test]
fn what_is_not_there_is_told() {
    let mut scene = Scene::web();
    scene.change("hpa", "web", json!({"spec": {"scaleTargetRef": {"name": "gone"}}}));
    let target = |scene: &Scene| {
        let look = scene.look();
        let round = Round::new(&look);
        let space = round.space(SHOP).unwrap();
        let target = observe(space, &space.objects.hpas["web"]).unwrap_err();
        format!("{target:?}")
    };
    assert_eq!(target(&scene), format!("{:?}", Target::Missing));
    scene.change(
        "hpa",
        "web",
        json!({"spec": {"scaleTargetRef": {"name": "web", "apiVersion": "extensions/v1beta1"}}}),
    );
    assert_eq!(target(&scene), format!("{:?}", Target::NoSuchKind));
    scene.change("hpa", "web", json!({"spec": {"scaleTargetRef": {"kind": "Rollout"}}}));
    assert_eq!(target(&scene), format!("{:?}", Target::Foreign));
}

#[test]
fn two_hpas_over_one_pod_read_nothing() {
    let mut scene = Scene::web();
    let other = json!({"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 5}});
    scene.put("hpa", "web-too", other);
    assert_eq!(decided(&scene).decision.reason, ScalingReason::FailedMetrics);
}

#[test]
fn each_custom_metric_is_asked_for_once() {
    let mut scene = Scene::web();
    let queue = json!({"type": "External", "external": {"metric": {"name": "queue", "selector": {"matchLabels": {"q": "a"}}},
        "target": {"type": "AverageValue", "averageValue": "30"}}});
    let rps = json!({"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "10"}}});
    scene.change("hpa", "web", json!({"spec": {"metrics": [queue, queue, rps]}}));
    let look = scene.look();
    let asked: Vec<_> = Round::new(&look).spaces().flat_map(questions).collect();
    let external = MetricQuestion::External {
        namespace: SHOP.into(),
        metric: "queue".into(),
        metric_selector: "q=a".into(),
    };
    let pods = MetricQuestion::Pods {
        namespace: SHOP.into(),
        selector: "app=web".into(),
        metric: "rps".into(),
        metric_selector: "".into(),
    };
    assert_eq!(asked, [pods.clone(), external.clone()]);

    let value = |values: &[(&str, i64)]| {
        let values = values.iter().map(|(name, milli)| (Box::from(*name), *milli, NOW_MS, 60));
        Ok(CustomValue { values: values.collect() })
    };
    scene.custom.insert(external, value(&[("", 100_000), ("", 50_000)]));
    scene
        .custom
        .insert(pods, value(&[("web-0", 20_000), ("web-1", 20_000), ("web-2", 20_000)]));
    let evaluation = decided(&scene);
    assert!(matches!(&evaluation.observation.readings[0], Reading::Whole { values, .. } if values.len() == 2));
    let proposals: Vec<_> = evaluation.decision.proof.metrics.iter().map(|m| m.proposal).collect();
    assert_eq!(proposals, [Some(5), Some(5), Some(6)]);
}

#[test]
fn the_memory_grows_with_the_looks() {
    let mut scene = Scene::web();
    let behavior = json!({"scaleDown": {"stabilizationWindowSeconds": 60}, "scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}});
    scene.change("hpa", "web", json!({"spec": {"behavior": behavior}}));
    let mut memory = Memory::default();
    let evaluation = decided_with(&scene, &mut memory, NOW_MS);
    assert!(!evaluation.is_whole, "the controller may remember more");
    let evaluation = decided_with(&scene, &mut memory, NOW_MS + 61_000);
    assert!(evaluation.is_whole);
    assert!(memory.history().changes.is_empty());

    // The controller adds one, which is seen before its status; the load asks for more, and its limit is used up.
    scene.change("deployment", "web", json!({"spec": {"replicas": 4}, "status": {"replicas": 4}}));
    decided_with(&scene, &mut memory, NOW_MS + 61_500);
    assert!(memory.history().changes.is_empty());
    scene.change(
        "hpa",
        "web",
        json!({"status": {"desiredReplicas": 4, "lastScaleTime": time(NOW_MS + 62_000)}}),
    );
    for n in 0..3 {
        scene.uses(&format!("web-{n}"), 400);
    }
    let evaluation = decided_with(&scene, &mut memory, NOW_MS + 63_000);
    assert_eq!(memory.history().changes.len(), 1);
    assert_eq!(evaluation.decision.to, 4);
    assert!(evaluation.decision.proof.rate.is_some());
    let evaluation = decided_with(&scene, &mut memory, NOW_MS + 123_000);
    assert_eq!(evaluation.decision.to, 5, "the minute is over");
}

#[test]
fn a_disagreement_needs_more_than_one_look() {
    let mut scene = Scene::web();
    let behavior = json!({"scaleDown": {"stabilizationWindowSeconds": 0}});
    scene.change(
        "hpa",
        "web",
        json!({"metadata": {"creationTimestamp": ago(0)}, "spec": {"behavior": behavior}}),
    );
    for n in 0..3 {
        scene.uses(&format!("web-{n}"), 400);
    }
    let mut memory = Memory::default();
    for n in 0..4 {
        decided_with(&scene, &mut memory, NOW_MS + n * 15_000);
    }
    let apart = memory.apart().unwrap();
    assert_eq!((apart.looks, apart.ours, apart.theirs), (4, 7, 3));
    // It follows: other replicas, another question.
    scene.change("deployment", "web", json!({"spec": {"replicas": 7}}));
    scene.change("hpa", "web", json!({"status": {"desiredReplicas": 7}}));
    decided_with(&scene, &mut memory, NOW_MS + 60_000);
    assert_eq!(memory.apart(), None);
}

#[test]
fn zero_is_left_only_by_who_went_there() {
    let queue =
        json!({"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "10"}}});
    let question = MetricQuestion::External {
        namespace: SHOP.into(),
        metric: "queue".into(),
        metric_selector: "".into(),
    };
    let decided_at_zero = |min: u32, version: &'static str, own: &str| {
        let mut scene = Scene::web();
        scene.version = version;
        scene.change("hpa", "web", json!({"spec": {"minReplicas": min, "metrics": [queue]}}));
        scene.change("deployment", "web", json!({"spec": {"replicas": 0}, "status": {"replicas": 0}}));
        let value = CustomValue {
            values: vec![("".into(), 25_000, NOW_MS, 60)],
        };
        scene.custom.insert(question.clone(), Ok(value));
        scene.condition("ScaledToZero", own, "m", "m");
        decided(&scene).decision.to
    };
    assert_eq!(decided_at_zero(0, "v1.36.3", "True"), 3);
    assert_eq!(decided_at_zero(0, "v1.36.3", "False"), 0, "somebody else switched it off");
    assert_eq!(decided_at_zero(5, "v1.36.3", "True"), 5, "no fewer than the minimum");
    assert_eq!(decided_at_zero(2, "v1.36.3", "False"), 0);
    assert_eq!(decided_at_zero(0, "v1.35.0", "False"), 3, "older controllers do not ask who did it");
    assert_eq!(decided_at_zero(0, "v1.29.3-gke.100", "False"), 3);
}
