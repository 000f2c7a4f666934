//! The control plane and the fault proxy do what tests will rely on.

#![expect(clippy::unwrap_used, reason = "a failed precondition of a test is a failed test")]

use std::{path::Path, time::Duration};

use futures::StreamExt as _;
use k8s_openapi::api::{
    apps::v1::Deployment,
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{ConfigMap, Pod},
};
use kube::{
    Api, Client, Error, ResourceExt as _,
    api::{ListParams, WatchEvent, WatchParams},
};
use serde_json::{Value, json};
use testkit::{
    Cluster, FaultProxy,
    fault_proxy::{Fault, Rule},
    kubernetes::{self, ApiState, Namespace, Order, Usage},
    wait_until,
};

/// Two busy cores; upstream's controllers wait up to a few seconds by themselves.
const SOON: Duration = Duration::from_secs(120);

fn deployment(replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": {"cpu": "100m"}}}]},
            },
        },
    })
}

async fn ready_replicas(namespace: &Namespace<'_>) -> i32 {
    let deployments: Api<Deployment> = namespace.api().await;
    let web = deployments.get("web").await.unwrap();
    web.status.and_then(|status| status.ready_replicas).unwrap_or_default()
}

#[tokio::test]
async fn the_genuine_autoscaler_follows_the_played_sensors() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    let Some(steering) = namespace.steering() else { return };
    namespace.apply(deployment(2)).await;
    steering.usage(&Usage::of(namespace.pods("app=web"), "200m", "64Mi")).await;
    namespace
        .apply_yaml(
            "apiVersion: autoscaling/v2\n\
             kind: HorizontalPodAutoscaler\n\
             metadata: {name: web}\n\
             spec:\n\
             \x20 scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n\
             \x20 minReplicas: 1\n\
             \x20 maxReplicas: 4\n\
             \x20 metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 100}}}]\n",
        )
        .await;
    let autoscalers: Api<HorizontalPodAutoscaler> = namespace.api().await;
    // Twice the target with two replicas is four, which is the most there may be: twice the target is met again and again.
    wait_until("twice the target doubles the replicas", SOON, async || {
        ready_replicas(&namespace).await == 4
    })
    .await;
    wait_until("the autoscaler says that it is limited", SOON, async || {
        let status = autoscalers.get("web").await.unwrap().status.unwrap();
        let conditions = status.conditions.unwrap_or_default();
        let is = |kind: &str, reason: &str| {
            conditions
                .iter()
                .any(|condition| condition.type_ == kind && condition.status == "True" && condition.reason.as_deref() == Some(reason))
        };
        is("ScalingActive", "ValidMetricFound") && is("ScalingLimited", "TooManyReplicas")
    })
    .await;
}

#[tokio::test]
async fn played_machines_are_full_and_pods_crash() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    let Some(steering) = namespace.steering() else { return };
    let web = namespace.pods("app=web");
    let full = Order {
        room: Some(2),
        ..Order::for_pods(web.clone())
    };
    steering.order(&full).await;
    namespace.apply(deployment(3)).await;
    let pods: Api<Pod> = namespace.api().await;
    wait_until("two run and one finds no room", SOON, async || {
        let listed = pods.list(&ListParams::default()).await.unwrap();
        let refused = |pod: &&Pod| {
            let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
            conditions
                .clone()
                .any(|condition| condition.reason.as_deref() == Some("Unschedulable") && condition.status == "False")
        };
        ready_replicas(&namespace).await == 2 && listed.iter().filter(refused).count() == 1
    })
    .await;

    steering.release(&web).await;
    wait_until("room comes back", SOON, async || ready_replicas(&namespace).await == 3).await;

    let one = pods.list(&ListParams::default()).await.unwrap().items[0].name_any();
    let crash = Order {
        waiting: Some("CrashLoopBackOff".to_owned()),
        restarts: Some(7),
        ..Order::for_pods(namespace.pod(&one))
    };
    steering.order(&crash).await;
    wait_until("one crashes", SOON, async || {
        let status = pods.get(&one).await.unwrap().status.unwrap();
        let container = &status.container_statuses.unwrap()[0];
        let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
        container.restart_count == 7
            && waiting.and_then(|waiting| waiting.reason.as_deref()) == Some("CrashLoopBackOff")
            && ready_replicas(&namespace).await == 2
    })
    .await;
}

#[tokio::test]
async fn a_service_account_may_what_it_was_granted_and_the_log_says_what_it_did() {
    if !kubernetes::available() {
        return;
    }
    let cluster = Cluster::shared();
    let namespace = cluster.namespace().await;
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]);
    let token = namespace.token("reader", rules).await;
    let client = Client::try_from(cluster.config_of(&token).await).unwrap();
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace.name());
    assert!(pods.list(&ListParams::default()).await.unwrap().items.is_empty());
    let maps: Api<ConfigMap> = Api::namespaced(client, namespace.name());
    let refused = maps.list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(&refused, Error::Api(status) if status.code == 403), "{refused}");
    if cluster.is_foreign() {
        return;
    }
    let calls = cluster.calls_of(&format!("system:serviceaccount:{}:reader", namespace.name()));
    let seen: Vec<_> = calls
        .iter()
        .map(|call| (call.verb.as_str(), call.resource.as_str(), call.status))
        .collect();
    assert_eq!(seen, [("list", "pods", 200), ("list", "configmaps", 403)]);
}

#[tokio::test]
async fn a_cluster_of_ones_own_loses_an_api_and_leaves_nothing_behind() {
    if !kubernetes::can_start() {
        return;
    }
    let cluster = Cluster::start();
    let steering = cluster.steering().unwrap();
    let client = cluster.client().await;
    let usages = async || {
        let request = http::Request::get("/apis/metrics.k8s.io/v1beta1/pods").body(Vec::new()).unwrap();
        client.request::<Value>(request).await
    };
    assert_eq!(usages().await.unwrap()["kind"], "PodMetricsList");
    steering.api("metrics.k8s.io", ApiState::Failing).await;
    let failing = usages().await.unwrap_err();
    assert!(matches!(&failing, Error::Api(status) if status.code == 503), "{failing}");
    steering.api("metrics.k8s.io", ApiState::Absent).await;
    let absent = usages().await.unwrap_err();
    assert!(matches!(&absent, Error::Api(status) if status.code == 404), "{absent}");
    steering.api("metrics.k8s.io", ApiState::On).await;
    assert_eq!(usages().await.unwrap()["kind"], "PodMetricsList");

    let folder = cluster.kubeconfig().parent().unwrap().to_owned();
    let id = cluster.process_id().unwrap();
    let family: Vec<_> = children(id).into_iter().chain([id]).collect();
    assert_eq!(family.len(), 3, "the program, the API server, the controllers");
    drop(cluster);
    assert!(!folder.exists());
    let alive: Vec<_> = family.iter().filter(|id| Path::new(&format!("/proc/{id}")).exists()).collect();
    assert!(alive.is_empty(), "{alive:?}");
}

fn children(parent: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let children = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).unwrap());
    children
        .flat_map(|list| list.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<u32>>())
        .collect()
}

#[tokio::test]
async fn calls_fail_as_asked_and_then_go_through() {
    if !kubernetes::available() {
        return;
    }
    let cluster = Cluster::shared();
    let namespace = cluster.namespace().await;
    let proxy = FaultProxy::start(cluster.config().await).await;
    let maps: Api<ConfigMap> = Api::namespaced(Client::try_from(proxy.config()).unwrap(), namespace.name());
    let list = async || maps.list(&ListParams::default()).await;

    for code in [401, 403, 404, 409, 410, 500, 503] {
        proxy.add(Rule::on("GET", "/api/v1/", Fault::status(code)).times(1));
        let failed = list().await.unwrap_err();
        assert!(matches!(&failed, Error::Api(status) if status.code == code), "{code}: {failed}");
    }
    proxy.add(Rule::on("GET", "/api/v1/", Fault::too_many(7)).times(1));
    let raw = reqwest::get(format!("{}/api/v1/namespaces", proxy.url())).await.unwrap();
    assert_eq!((raw.status().as_u16(), raw.headers()["retry-after"].to_str().unwrap()), (429, "7"));

    for fault in [Fault::Drop, Fault::Reset, Fault::Truncate] {
        proxy.add(Rule::on("GET", "/api/v1/", fault.clone()).times(1));
        let failed = list().await;
        assert!(
            matches!(&failed, Err(error) if !matches!(error, Error::Api(_))),
            "{fault:?}: {failed:?}"
        );
    }
    let hangs = proxy.add(Rule::on("GET", "/api/v1/", Fault::Hang));
    assert!(tokio::time::timeout(Duration::from_millis(200), list()).await.is_err());
    proxy.lift(hangs);
    list().await.unwrap();
    let passed = proxy.passed();
    assert_eq!(passed.iter().filter(|call| call.fault.is_some()).count(), 12);
    assert_eq!(passed.last().unwrap().fault, None);
}

#[tokio::test]
async fn open_watches_are_cut_expire_and_freeze() {
    if !kubernetes::available() {
        return;
    }
    let cluster = Cluster::shared();
    let namespace = cluster.namespace().await;
    let proxy = FaultProxy::start(cluster.config().await).await;
    let maps: Api<ConfigMap> = Api::namespaced(Client::try_from(proxy.config()).unwrap(), namespace.name());
    let watched = format!("/api/v1/namespaces/{}/configmaps", namespace.name());
    namespace
        .apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "first"}}))
        .await;

    let quietly = WatchParams::default().disable_bookmarks();
    let mut stream = maps.watch(&quietly, "0").await.unwrap().boxed();
    let event = stream.next().await.unwrap().unwrap();
    assert!(matches!(event, WatchEvent::Added(map) if map.name_any() == "first"));
    assert_eq!((proxy.open_watches(&watched), proxy.expire_watches(&watched)), (1, 1));
    let event = stream.next().await.unwrap().unwrap();
    assert!(matches!(&event, WatchEvent::Error(status) if status.code == 410), "{event:?}");
    assert!(stream.next().await.is_none());

    let mut stream = maps.watch(&quietly, "0").await.unwrap().boxed();
    stream.next().await.unwrap().unwrap();
    assert_eq!(proxy.freeze_watches(&watched), 1);
    namespace
        .apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "second"}}))
        .await;
    assert!(tokio::time::timeout(Duration::from_millis(200), stream.next()).await.is_err());
    proxy.lift_all();
    let event = stream.next().await.unwrap().unwrap();
    assert!(matches!(event, WatchEvent::Added(map) if map.name_any() == "second"));
    assert_eq!(proxy.cut_watches(&watched), 1);
    assert!(!matches!(stream.next().await, Some(Ok(_))));
    wait_until("the proxy has seen it end", SOON, async || proxy.open_watches(&watched) == 0).await;
}
