use std::{collections::BTreeMap, sync::Arc, time::Instant};

use model::{
    SourceState,
    cluster::{ClusterId, ObjectKind},
};
use serde_json::json;

use super::{
    Case, ControllerSettings, Memory, Round, evaluate, findings,
    fixtures::{NOW_MS, SHOP, Scene, ago},
    questions,
    shown::row,
};
use crate::ports::cluster::{ClusterLook, NamespaceObjects, PodFigures, Selector};

#[test]
fn pods_are_found_by_any_selector() {
    let mut scene = Scene::web();
    scene.pods("api", 2, 100);
    scene.change("pod", "api-0", json!({"metadata": {"labels": {"tier": "a"}}}));
    let look = scene.look();
    let round = Round::new(&look);
    let picked = |selector: serde_json::Value| {
        let selector: Selector = serde_json::from_value(selector).unwrap();
        let pods = round.space(SHOP).unwrap().picked(&selector);
        pods.iter().map(|pod| pod.metadata.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(picked(json!({"matchLabels": {"app": "web"}})), "web-0 web-1 web-2");
    assert_eq!(picked(json!({"matchLabels": {"app": "api", "tier": "a"}})), "api-0");
    assert_eq!(picked(json!({"matchLabels": {"app": "web", "tier": "a"}})), "");
    let not = |operator: &str| json!({"matchExpressions": [{"key": "tier", "operator": operator}]});
    assert_eq!(picked(not("DoesNotExist")), "api-1 web-0 web-1 web-2");
    assert_eq!(picked(not("Exists")), "api-0");
    assert_eq!(picked(json!({})), "", "a workload has a selector");
}

/// 5,000 HPAs with four pods each, in so many namespaces.
fn large(namespaces: usize) -> ClusterLook {
    const HPAS: usize = 5_000;
    let mut all = BTreeMap::new();
    let mut figures = BTreeMap::new();
    for n in 0..namespaces {
        let namespace: Arc<str> = format!("ns-{n}").into();
        let mut objects = NamespaceObjects::default();
        for app in 0..HPAS / namespaces {
            let name: Arc<str> = format!("app-{app}").into();
            let meta = |name: &str| json!({"name": name, "namespace": &*namespace, "labels": {"app": format!("app-{app}"), "team": "shop", "release": "a"}});
            let hpa = json!({"metadata": meta(&name), "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": &*name},
                "minReplicas": 2, "maxReplicas": 10, "metrics": [
                {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}},
                {"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "30"}}}]},
                "status": {"desiredReplicas": 4, "currentReplicas": 4}});
            objects.hpas.insert(name.clone(), Arc::new(serde_json::from_value(hpa).unwrap()));
            let workload = json!({"metadata": meta(&name), "spec": {"replicas": 4, "selector": {"matchLabels": {"team": "shop", "app": &*name}}},
                "status": {"replicas": 4}});
            objects.workloads.insert(
                (ObjectKind::Deployment, name.clone()),
                Arc::new(serde_json::from_value(workload).unwrap()),
            );
            for k in 0..4 {
                let pod_name: Arc<str> = format!("app-{app}-{k}").into();
                let container = |name: &str| json!({"name": name, "resources": {"requests": {"cpu": "200m", "memory": "64Mi"}}});
                let pod = json!({"metadata": meta(&pod_name), "spec": {"containers": [container("app"), container("side")]},
                    "status": {"phase": "Running", "startTime": ago(900), "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(890)}]}});
                objects
                    .pods
                    .insert(pod_name.clone(), Arc::new(serde_json::from_value(pod).unwrap()));
                let containers = [("app".into(), 150 + 40 * k, 1 << 26), ("side".into(), 20, 1 << 20)];
                figures.insert(
                    (namespace.clone(), pod_name),
                    PodFigures {
                        at_ms: NOW_MS,
                        window_s: 15,
                        containers: containers.into(),
                    },
                );
            }
        }
        all.insert(namespace, Arc::new(objects));
    }
    ClusterLook {
        seq: 1,
        state: SourceState::Up,
        answered_at_ms: Some(NOW_MS),
        took_us: 0,
        version: None,
        controller: ControllerSettings::default(),
        kinds: Arc::new([]),
        namespaces: all,
        figures: Ok(Arc::new(figures)),
        custom: Arc::default(),
    }
}

/// `cargo test --release -p control large_cluster -- --ignored --nocapture`
#[test]
#[ignore = "a measurement: 5,000 HPAs and 20,000 pods"]
fn a_large_cluster_is_gone_through_in_one_round() {
    let cluster = ClusterId::new("prod").unwrap();
    for namespaces in [1, 50, 1_000] {
        let look = large(namespaces);
        let mut memories: BTreeMap<_, Memory> = BTreeMap::new();
        for pass in 0..3_i64 {
            let start = Instant::now();
            let round = Round::new(&look);
            let prepared = start.elapsed();
            let asked = round.spaces().map(|space| questions(space).len()).sum::<usize>();
            let questioned = start.elapsed();
            let mut changes = 0;
            let mut evaluations = Vec::new();
            for (space, hpa) in round.hpas() {
                let key = (space.name.clone(), hpa.metadata.name.clone());
                let memory = memories.entry(key).or_default();
                let evaluation = evaluate(space, hpa, memory, NOW_MS + pass * 15_000);
                changes += usize::from(evaluation.as_ref().unwrap().decision.is_change());
                evaluations.push(evaluation);
            }
            let evaluated = start.elapsed();
            let mut rows = Vec::new();
            for ((space, hpa), evaluation) in round.hpas().zip(&evaluations) {
                let memory = &memories[&(space.name.clone(), hpa.metadata.name.clone())];
                let case = Case::of_hpa(space, hpa, Some(evaluation), memory, &[], NOW_MS + pass * 15_000);
                rows.push(row(&cluster, &case, &findings(&case), None).unwrap());
            }
            println!(
                "{namespaces} namespaces: index {prepared:?}, {asked} questions {:?}, {changes} changes of {} HPAs {:?}, {} rows with findings {:?}, all {:?}",
                questioned.saturating_sub(prepared),
                evaluations.len(),
                evaluated.saturating_sub(questioned),
                rows.len(),
                start.elapsed().saturating_sub(evaluated),
                start.elapsed()
            );
        }
        assert_eq!(memories.len(), 5_000);
    }
}
