//! Scaling, restarts and evictions of what runs, and the annotations of what leads there.

use control::ports::cluster::{Cluster as _, ClusterError};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod, policy::v1::PodDisruptionBudget};
use kube::{Api, ResourceExt as _};
use model::cluster::ObjectCommand;
use serde_json::json;
use testkit::{Cluster, kubernetes, wait_until};

use crate::support::{Console, SOON, annotate, api_of, deployment, get, hpa, ingress, ready_pods, restart, scale, until_ready};

#[tokio::test]
async fn replicas_are_set_only_where_no_hpa_sets_them() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    namespace.apply(deployment(2)).await;
    until_ready(&namespace, 2).await;
    let console = Console::new(&namespace).await;
    let tried = console.tries("deployment:web", &scale(3)).await.unwrap();
    let told: Vec<_> = tried
        .diff
        .iter()
        .map(|d| (d.field.as_str(), d.before.as_str(), d.after.as_str()))
        .collect();
    assert_eq!(told, [("spec.replicas", "2", "3")]);
    assert_eq!(ready_pods(&namespace).await.len(), 2, "a dry run changes nothing");
    console.does("deployment:web", &scale(3)).await.unwrap();
    until_ready(&namespace, 3).await;

    namespace.apply(hpa()).await;
    let owned = console.tries("deployment:web", &scale(4)).await.unwrap_err();
    assert_eq!(
        owned,
        ClusterError::OwnedByHpa {
            hpa: console.object("hpa:web")
        }
    );
    let late = console.adapter.carry_out(&console.object("deployment:web"), &scale(4)).await;
    assert!(
        matches!(late, Err(ClusterError::OwnedByHpa { .. })),
        "not by the back door: {late:?}"
    );
}

#[tokio::test]
async fn a_restart_replaces_every_pod() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    namespace.apply(deployment(2)).await;
    until_ready(&namespace, 2).await;
    let names = async || ready_pods(&namespace).await.iter().map(Pod::name_any).collect::<Vec<_>>();
    let before = names().await;
    let console = Console::new(&namespace).await;
    let tried = console.tries("deployment:web", &restart()).await.unwrap();
    assert_eq!(
        tried.diff.iter().map(|d| d.field.as_str()).collect::<Vec<_>>(),
        ["spec.template.metadata.annotations['kubectl.kubernetes.io/restartedAt']"]
    );
    assert!(!tried.after.contains("canary"), "{}", tried.after);
    console.does("deployment:web", &restart()).await.unwrap();
    wait_until("two other pods are ready", SOON, async || {
        let now = names().await;
        now.len() == 2 && now.iter().all(|name| !before.contains(name))
    })
    .await;

    let deployments: Api<Deployment> = namespace.api().await;
    let mut paused = deployment(2);
    paused["spec"]["paused"] = json!(true);
    namespace.apply(paused).await;
    assert_eq!(deployments.get("web").await.unwrap().spec.unwrap().paused, Some(true));
    let refused = console.tries("deployment:web", &restart()).await.unwrap_err();
    assert!(
        matches!(&refused, ClusterError::Refused { field: Some(f), .. } if f == "spec.paused"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_pod_goes_only_when_its_budget_has_room() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    namespace.apply(deployment(2)).await;
    namespace
        .apply(
            json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}}),
        )
        .await;
    until_ready(&namespace, 2).await;
    let budgets: Api<PodDisruptionBudget> = namespace.api().await;
    let room = async |healthy: i32, allowed: i32| {
        wait_until(&format!("{healthy} are healthy, {allowed} may go"), SOON, async || {
            let status = budgets.get("web").await.unwrap().status.unwrap_or_default();
            (status.current_healthy, status.disruptions_allowed) == (Some(healthy), Some(allowed))
        })
        .await;
    };
    room(2, 0).await;
    let console = Console::new(&namespace).await;
    let name = ready_pods(&namespace).await[0].name_any();
    let evict = ObjectCommand::Evict { pod: name.clone() };
    let web = console.object("deployment:web");
    for refused in [
        console.tries("deployment:web", &evict).await.map(|_| ()),
        console.adapter.carry_out(&web, &evict).await.map(|_| ()),
    ] {
        match refused.unwrap_err() {
            ClusterError::BudgetExhausted { why, .. } => assert!(why.contains("web needs 2 healthy pods and has 2"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    let pods: Api<Pod> = namespace.api().await;
    assert!(pods.get(&name).await.unwrap().metadata.deletion_timestamp.is_none());

    console.does("deployment:web", &scale(3)).await.unwrap();
    room(3, 1).await;
    let tried = console.tries("deployment:web", &evict).await.unwrap();
    assert_eq!(tried.diff[0].field, format!("pod {name}"));
    assert!(
        pods.get(&name).await.unwrap().metadata.deletion_timestamp.is_none(),
        "a dry run changes nothing"
    );
    console.adapter.carry_out(&web, &evict).await.unwrap();
    wait_until("the pod is gone", SOON, async || pods.get_opt(&name).await.unwrap().is_none()).await;
    let gone = console.tries("deployment:web", &evict).await.unwrap_err();
    assert!(matches!(gone, ClusterError::Refused { .. }), "{gone:?}");
}

#[tokio::test]
async fn an_annotation_of_an_ingress_is_set_and_taken_away() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    namespace.apply(ingress()).await;
    namespace.apply(hpa()).await;
    let api = api_of(&namespace, "networking.k8s.io", "v1", "Ingress").await;
    let console = Console::new(&namespace).await;
    let done = console.does("hpa:web", &annotate("load-balance", "ewma")).await.unwrap();
    let told: Vec<_> = done.diff.iter().map(|d| (d.before.as_str(), d.after.as_str())).collect();
    assert_eq!(told, [("round_robin", "ewma")]);
    console
        .does("hpa:web", &annotate("upstream-hash-by", "$request_uri"))
        .await
        .unwrap();
    console.does("hpa:web", &annotate("load-balance", "")).await.unwrap();
    let annotations = get(&api).await["metadata"]["annotations"].clone();
    assert_eq!(annotations, json!({"nginx.ingress.kubernetes.io/upstream-hash-by": "$request_uri"}));
}
