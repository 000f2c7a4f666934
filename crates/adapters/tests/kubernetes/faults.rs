//! Everything that goes wrong on the way, on demand.

use std::time::{Duration, Instant};

use adapters::kubernetes::{Kubernetes, KubernetesConfig, Timing};
use control::ports::cluster::{Cluster as _, Condition};
use model::cluster::{KindState, ObjectKind};
use testkit::{
    fault_proxy::{Fault, Rule},
    kubernetes, wait_until,
};

use crate::scene::{QUICK, SOON, Scene, until_down, until_kind, until_read, until_up};

fn replicas(scene: &Scene<'_>, cluster: &Kubernetes, name: &str) -> Option<u32> {
    let objects = scene.objects(&cluster.look());
    objects.workloads.get(&(ObjectKind::Deployment, name.into()))?.spec.replicas
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_410_everything_is_listed_again_and_nothing_is_told_twice() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    scene.deploy("web", 0).await;
    scene.deploy("old", 0).await;
    let cluster = scene.connect().await;
    until_read(&cluster).await;
    scene
        .until("both and their replica sets have settled", &cluster, |o| {
            // The last that their controllers write.
            let is_done = |c: &Condition| &*c.kind == "Progressing" && &*c.reason == "NewReplicaSetAvailable";
            let sets_seen = o.replica_sets.values().all(|s| s.status.observed_generation.is_some());
            o.replica_sets.len() == 2 && sets_seen && o.workloads.values().all(|w| w.status.conditions.iter().any(is_done))
        })
        .await;
    let lists = |path: &str| {
        let passed = scene.proxy.passed();
        passed.iter().filter(|c| c.path.ends_with(path) && !c.watch).count()
    };
    let watching = async || {
        wait_until("it is watched again", SOON, async || scene.proxy.open_watches("/apis/apps") == 3).await;
    };
    watching().await;
    let before = scene.objects(&cluster.look());
    let listed = lists("/deployments");
    assert_eq!(scene.proxy.expire_watches("/apis/apps"), 3);
    wait_until("it is listed again", SOON, async || {
        lists("/deployments") > listed && lists("/replicasets") > listed
    })
    .await;
    watching().await;
    let after = scene.objects(&cluster.look());
    for (key, workload) in &before.workloads {
        assert!(
            std::sync::Arc::ptr_eq(workload, &after.workloads[key]),
            "what did not change was not touched"
        );
    }
    assert_eq!(before.replica_sets, after.replica_sets);

    // What happens while nobody watches is in the list.
    let rule = scene.proxy.add(Rule::any("/apis/apps", Fault::status(503)));
    scene.proxy.expire_watches("/apis/apps");
    until_kind(
        &cluster,
        "deployments.apps",
        |k| matches!(k, KindState::Down { why, .. } if why.starts_with("503: ")),
    )
    .await;
    scene.deploy("web", 1).await;
    let deployments: kube::Api<k8s_openapi::api::apps::v1::Deployment> = scene.namespace.api().await;
    deployments.delete("old", &kube::api::DeleteParams::default()).await.unwrap();
    assert_eq!(replicas(&scene, &cluster, "web"), Some(0), "the last that was known stays");
    scene.proxy.lift(rule);
    wait_until("what happened meanwhile is seen", SOON, async || {
        (replicas(&scene, &cluster, "web"), replicas(&scene, &cluster, "old")) == (Some(1), None)
    })
    .await;
    until_kind(&cluster, "deployments.apps", |k| *k == KindState::Up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_breaks_or_falls_silent_is_taken_up_where_it_was() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    scene.deploy("web", 0).await;
    let impatient = KubernetesConfig {
        timing: Timing {
            quiet: Duration::from_secs(2),
            ..QUICK
        },
        ..scene.config()
    };
    let cluster = scene.connect_with(impatient).await;
    until_read(&cluster).await;
    let lists = || {
        let passed = scene.proxy.passed();
        passed.iter().filter(|c| c.path.ends_with("/deployments") && !c.watch).count()
    };
    assert_eq!(lists(), 1);

    scene.proxy.cut_watches("/apis/apps");
    scene.deploy("web", 1).await;
    scene
        .until("the change is seen after the break", &cluster, |o| o.pods.len() == 1)
        .await;
    wait_until("the change is seen after the break", SOON, async || {
        replicas(&scene, &cluster, "web") == Some(1)
    })
    .await;

    // Open, and nothing comes through any more.
    wait_until("it is watched again", SOON, async || scene.proxy.open_watches("/apis/apps") == 3).await;
    scene.proxy.freeze_watches("/apis/apps");
    scene.deploy("web", 2).await;
    wait_until("the change is seen after the silence", SOON, async || {
        replicas(&scene, &cluster, "web") == Some(2)
    })
    .await;
    assert_eq!(lists(), 1, "no list was needed");
    until_up(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_api_server_asks_for_is_respected_and_what_comes_too_late_is_asked_again() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    scene.deploy("web", 1).await;
    let config = KubernetesConfig {
        timing: Timing {
            page: Duration::from_secs(3),
            ..QUICK
        },
        ..scene.config()
    };
    let on = |part: &str, fault| Rule::on("GET", "/", fault).containing(part).but_watches().times(1);
    let pods = Rule::on("GET", "/api/v1/", Fault::too_many(3));
    scene.proxy.add(pods.containing("/pods").but_watches().times(1));
    scene.proxy.add(on("/deployments", Fault::Delay(Duration::from_secs(30))));
    scene.proxy.add(on("/replicasets", Fault::Truncate));
    scene.proxy.add(on("/services", Fault::Reset));
    scene.proxy.add(on("/horizontalpodautoscalers", Fault::status(500)));
    scene.proxy.add(on("/ingresses", Fault::Hang));
    let began = Instant::now();
    let cluster = scene.connect_with(config).await;
    until_kind(
        &cluster,
        "pods",
        |k| matches!(k, KindState::Down { why, .. } if why.starts_with("429: ")),
    )
    .await;
    until_kind(&cluster, "pods", |k| *k == KindState::Up).await;
    assert!(began.elapsed() >= Duration::from_secs(3), "Retry-After was not respected");
    until_read(&cluster).await;
    wait_until("the lists are read", SOON, async || replicas(&scene, &cluster, "web") == Some(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_api_server_is_away_the_last_that_was_known_stays_with_its_age() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    scene.deploy("web", 1).await;
    let cluster = scene.connect().await;
    until_read(&cluster).await;
    scene.until("the pod is there", &cluster, |o| o.pods.len() == 1).await;

    let before = cluster.look();
    scene.proxy.add(Rule::any("/", Fault::Reset));
    scene.proxy.cut_watches("/");
    let (since_ms, _) = until_down(&cluster, "the connection broke").await;
    let away = cluster.look();
    assert!(since_ms >= before.answered_at_ms.unwrap());
    assert!(away.answered_at_ms.unwrap() <= since_ms, "its age is that of the last answer");
    assert_eq!(scene.objects(&away).pods.len(), 1);
    assert!(away.seq > before.seq, "it is told");
    until_kind(&cluster, "pods", |k| matches!(k, KindState::Down { .. })).await;

    scene.deploy("web", 3).await;
    scene.proxy.lift_all();
    until_up(&cluster).await;
    scene
        .until("what happened meanwhile is seen", &cluster, |o| o.pods.len() == 3)
        .await;
    until_read(&cluster).await;
}
