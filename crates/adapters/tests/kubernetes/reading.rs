//! Everything watched appears, changes and goes.

use adapters::kubernetes::{Bounds, Kubernetes, KubernetesConfig};
use control::ports::cluster::{Cluster as _, NamespaceObjects};
use k8s_openapi::{
    api::{apps::v1::Deployment, core::v1::Service},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{Api, api::DeleteParams};
use model::cluster::{ClusterId, KindState, ObjectKind};
use serde_json::json;
use testkit::{
    Cluster,
    kubernetes::{self, Order},
    left_out, wait_until,
};

use crate::scene::{QUICK, SOON, Scene, deployment, kind, until_kind, until_read};

/// There before the pods: one that is made while pods are made may count them wrongly until it is counted again, minutes later.
const QUOTA: &str = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: pods}, spec: {hard: {pods: '50'}}}";

const OBJECTS: &str = "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 5
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: app, image: 'registry.k8s.io/pause:3.10'}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {nginx.ingress.kubernetes.io/load-balance: ewma, example.com/dropped: x}}
spec:
  ingressClassName: nginx
  rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_watched_appears_changes_and_goes() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    let cluster = scene.connect().await;
    until_read(&cluster).await;
    let mut changes = cluster.changes();
    changes.mark_unchanged();
    let counted = |objects: &NamespaceObjects, pods: i64| {
        let quota = objects.quotas.get("pods");
        quota.is_some_and(|q| q.status.used.get("pods").is_some_and(|used| used.units() == pods))
    };
    scene.namespace.apply_yaml(QUOTA).await;
    scene.until("the quota counts", &cluster, |objects| counted(objects, 0)).await;
    scene.deploy("web", 2).await;
    scene.namespace.apply_yaml(OBJECTS).await;

    scene
        .until("everything is there", &cluster, |objects| {
            let ready = |app: &str| {
                let mut pods = objects
                    .pods
                    .values()
                    .filter(|p| p.metadata.labels.get("app").is_some_and(|a| &**a == app));
                pods.clone().count() > 0 && pods.all(|p| p.status.conditions.iter().any(|c| &*c.kind == "Ready" && &*c.status == "True"))
            };
            let endpoints: usize = objects
                .endpoint_slices
                .values()
                .flat_map(|s| &s.endpoints)
                .filter(|e| e.conditions.ready == Some(true))
                .count();
            ready("web")
                && ready("db")
                && objects.pods.len() == 3
                && endpoints == 2
                && objects.hpas.contains_key("web")
                && objects.workloads.len() == 2
                && objects.replica_sets.len() == 1
                && objects.services.contains_key("web")
                && objects.ingresses.contains_key("web")
                && objects.budgets.get("web").is_some_and(|b| b.status.disruptions_allowed == 1)
                && counted(objects, 3)
        })
        .await;
    assert!(changes.has_changed().unwrap());
    let look = cluster.look();
    let objects = scene.objects(&look);
    let hpa = &objects.hpas["web"];
    assert_eq!((hpa.spec.min_replicas, hpa.spec.max_replicas), (Some(2), 5));
    let web = &objects.workloads[&(ObjectKind::Deployment, "web".into())];
    assert!(
        web.metadata.owners.iter().any(|o| &*o.manager == "testkit" && o.has_replicas),
        "{:?}",
        web.metadata.owners
    );
    assert!(objects.workloads.contains_key(&(ObjectKind::StatefulSet, "db".into())));
    let pod = objects
        .pods
        .values()
        .find(|p| p.metadata.controller().is_some_and(|o| &*o.kind == "ReplicaSet"))
        .unwrap();
    assert_eq!(pod.spec.containers[0].resources.requests["cpu"].milli(), 100);
    assert!(pod.metadata.owners.is_empty(), "what nobody looks at is not kept");
    assert_eq!(&*objects.services["web"].spec.ports[0].name.clone().unwrap(), "http");
    let annotations = &objects.ingresses["web"].metadata.annotations;
    assert_eq!(
        annotations.keys().map(|k| &**k).collect::<Vec<_>>(),
        ["nginx.ingress.kubernetes.io/load-balance"]
    );
    scene
        .until("there are events", &cluster, |o| {
            o.events.values().any(|e| &*e.reason == "ScalingReplicaSet")
        })
        .await;
    assert!(look.version.as_deref().is_some_and(|v| v.starts_with("v1.")), "{:?}", look.version);
    assert!(cluster.describe().starts_with("Kubernetes at 127.0.0.1:"));
    assert!(look.answered_at_ms.is_some() && look.took_us > 0);

    scene.deploy("web", 4).await;
    scene.until("two more pods", &cluster, |o| o.pods.len() == 5).await;

    let deployments: Api<Deployment> = scene.namespace.api().await;
    deployments.delete("web", &DeleteParams::background()).await.unwrap();
    let services: Api<Service> = scene.namespace.api().await;
    services.delete("web", &DeleteParams::default()).await.unwrap();
    scene
        .until("it is gone with all that it owned", &cluster, |o| {
            o.pods.len() == 1
                && o.replica_sets.is_empty()
                && o.services.is_empty()
                && o.endpoint_slices.is_empty()
                && o.workloads.len() == 1
        })
        .await;
    assert_eq!(scene.objects(&look).pods.len(), 3, "an earlier look stays as it was");

    cluster.stop().await;
    wait_until("no watch is left", SOON, async || scene.proxy.open_watches("/") == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_namespaces_is_read_and_no_other() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    let (second, third) = (Cluster::shared().namespace().await, Cluster::shared().namespace().await);
    for namespace in [&scene.namespace, &second, &third] {
        namespace.apply(deployment("web", 1)).await;
    }
    let read = |namespaces: Option<Vec<String>>| KubernetesConfig {
        kubeconfig: Some(Cluster::shared().kubeconfig().to_owned()),
        namespaces,
        timing: QUICK,
        ..KubernetesConfig::new(ClusterId::new("test").unwrap())
    };
    let names = [scene.namespace.name().to_owned(), second.name().to_owned()];
    let chosen = Kubernetes::connect(read(Some(names.to_vec()))).await;
    let all = Kubernetes::connect(read(None)).await;
    let has = |cluster: &Kubernetes, namespace: &str| cluster.look().namespaces.get(namespace).is_some_and(|o| o.pods.len() == 1);
    wait_until("all three are there", SOON, async || {
        [scene.namespace.name(), second.name(), third.name()].iter().all(|n| has(&all, n))
    })
    .await;
    wait_until("the two that were chosen are there", SOON, async || {
        names.iter().all(|n| has(&chosen, n))
            && chosen
                .look()
                .kinds
                .iter()
                .any(|k| k.resource == "deployments.apps" && k.objects == 2)
    })
    .await;
    let known: Vec<_> = chosen.look().namespaces.keys().map(ToString::to_string).collect();
    assert!(known.iter().all(|n| names.contains(n)), "{known:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_that_the_cluster_gets_later_is_found_and_one_that_it_loses_is_forgotten() {
    if !kubernetes::available() {
        return;
    }
    if Cluster::shared().is_foreign() {
        left_out("it defines a kind for the whole cluster and takes it away again: not in somebody's own");
        return;
    }
    let scene = Scene::new().await;
    let cluster = scene.connect().await;
    let vpas = "verticalpodautoscalers.autoscaling.k8s.io";
    until_kind(&cluster, vpas, |k| *k == KindState::Absent).await;

    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    scene
        .namespace
        .apply(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": vpas, "annotations":
                {"api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/63797"}},
            "spec": {"group": "autoscaling.k8s.io", "scope": "Namespaced",
                "names": {"kind": "VerticalPodAutoscaler", "plural": "verticalpodautoscalers", "singular": "verticalpodautoscaler"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
                    "properties": {"spec": open, "status": open}}}}]},
        }))
        .await;
    until_kind(&cluster, vpas, |k| *k == KindState::Up).await;
    scene
        .namespace
        .apply(json!({
            "apiVersion": "autoscaling.k8s.io/v1", "kind": "VerticalPodAutoscaler", "metadata": {"name": "web"},
            "spec": {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "updatePolicy": {"updateMode": "Off"}},
            "status": {"recommendation": {"containerRecommendations": [{"containerName": "app", "target": {"cpu": "250m", "memory": "128Mi"}}]}},
        }))
        .await;
    scene
        .until("the recommendation is there", &cluster, |o| {
            let vpa = o.vpas.get("web");
            vpa.is_some_and(|v| v.status.recommendation.container_recommendations[0].target["cpu"].milli() == 250)
        })
        .await;

    let definitions: Api<CustomResourceDefinition> = Api::all(Cluster::shared().client().await);
    definitions.delete(vpas, &DeleteParams::default()).await.unwrap();
    until_kind(&cluster, vpas, |k| *k == KindState::Absent).await;
    scene.until("none of them is left", &cluster, |o| o.vpas.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_come_in_pages_and_what_is_beyond_the_bound_is_told() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    for number in 0..5 {
        scene.deploy(&format!("web-{number}"), 0).await;
    }
    let bounds = |objects| Bounds {
        page: 2,
        objects,
        ..Bounds::default()
    };
    let paged = KubernetesConfig {
        bounds: bounds(100),
        ..scene.config()
    };
    let all = scene.connect_with(paged).await;
    until_read(&all).await;
    assert_eq!(scene.objects(&all.look()).workloads.len(), 5);
    let pages = scene
        .proxy
        .passed()
        .iter()
        .filter(|c| c.path.ends_with("/deployments") && c.query.contains("continue="))
        .count();
    assert_eq!(pages, 2, "five in pages of two");

    let bounded = KubernetesConfig {
        bounds: bounds(3),
        ..scene.config()
    };
    let some = scene.connect_with(bounded).await;
    let state = until_kind(&some, "deployments.apps", |k| matches!(k, KindState::Down { .. })).await;
    assert!(
        matches!(&state, KindState::Down { why, .. } if why.contains("more than 3 of them")),
        "{state:?}"
    );
    assert!(
        kind(&some.look(), "deployments.apps").objects <= 4,
        "a page may be finished, no more"
    );
    until_kind(&some, "services", |k| *k == KindState::Up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_a_pod_is_not_ready_is_told_as_the_cluster_tells_it() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    let Some(steering) = scene.namespace.steering() else { return };
    let crash = Order {
        waiting: Some("CrashLoopBackOff".to_owned()),
        restarts: Some(7),
        ..Order::for_pods(scene.namespace.all_pods())
    };
    steering.order(&crash).await;
    let cluster = scene.connect().await;
    scene.deploy("web", 1).await;
    scene
        .until("the pod crashes", &cluster, |o| {
            let mut containers = o.pods.values().flat_map(|p| p.status.container_statuses.iter());
            containers.any(|c| c.restart_count == 7 && c.state.waiting.as_ref().is_some_and(|w| &*w.reason == "CrashLoopBackOff"))
        })
        .await;
}
