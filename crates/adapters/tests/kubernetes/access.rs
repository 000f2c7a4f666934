//! Credentials and rights: what is missing is named, and what is mended is taken up by itself.

use std::fs;

use control::ports::cluster::Cluster as _;
use model::cluster::KindState;
use serde_json::json;
use testkit::{Cluster, kubernetes};

use crate::scene::{Scene, rules, until_down, until_kind, until_read, until_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_renewed_on_disk_is_taken_up() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    let good = scene.token().await;
    fs::write(scene.token_file(), "nonsense").unwrap();
    let cluster = scene.connect().await;
    let (_, why) = until_down(&cluster, "401: ").await;
    assert!(why.contains(scene.token_file().to_str().unwrap()), "{why}");
    assert!(!why.contains("nonsense"), "a token is never shown");

    fs::write(scene.token_file(), &good).unwrap();
    until_read(&cluster).await;
    scene.deploy("web", 1).await;
    scene.until("it is seen", &cluster, |o| o.pods.len() == 1).await;

    // Revoked, with everything that was opened by it.
    fs::write(scene.token_file(), "revoked").unwrap();
    let rule = scene
        .proxy
        .add(testkit::fault_proxy::Rule::any("/", testkit::fault_proxy::Fault::status(401)));
    scene.proxy.cut_watches("/");
    until_down(&cluster, "401: ").await;
    fs::write(scene.token_file(), &good).unwrap();
    scene.proxy.lift(rule);
    until_read(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_missing_is_named_as_a_rule_and_taken_up_when_it_is_given() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    let without: Vec<_> = rules()
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["apiGroups"] != json!(["apps"]))
        .cloned()
        .collect();
    let token = scene.namespace.token("console", without.into()).await;
    fs::write(scene.token_file(), token).unwrap();
    scene.deploy("web", 1).await;
    let cluster = scene.connect().await;
    let state = until_kind(&cluster, "deployments.apps", |k| matches!(k, KindState::Forbidden { .. })).await;
    let KindState::Forbidden { rule } = state else { unreachable!() };
    let namespace = scene.namespace.name();
    assert_eq!(
        rule,
        format!(
            "# in the namespace {namespace}, for the console's account\n- apiGroups: [\"apps\"]\n  resources: [\"deployments\"]\n  \
             verbs: [\"get\", \"list\", \"watch\"]\n"
        )
    );
    until_up(&cluster).await;
    scene.until("the others are read", &cluster, |o| o.pods.len() == 1).await;

    scene.namespace.token("console", rules()).await;
    until_kind(&cluster, "deployments.apps", |k| *k == KindState::Up).await;
    scene.until("it is seen", &cluster, |o| o.workloads.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_cannot_be_reached_is_told_in_plain_words() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    fs::write(scene.token_file(), "x").unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Cluster::shared().server();
    for (server, expected) in [
        (format!("http://{closed}"), "connection refused"),
        ("https://no-such-host.invalid".to_owned(), "its name cannot be resolved"),
        (server.to_owned(), "the API server's certificate is not"),
    ] {
        let cluster = scene.connect_with(scene.config_at(&server)).await;
        until_down(&cluster, expected).await;
        assert!(cluster.look().namespaces.is_empty() && cluster.look().answered_at_ms.is_none());
    }
    let mut missing = scene.config();
    missing.kubeconfig = Some("/nonexistent/kubeconfig".into());
    let cluster = scene.connect_with(missing).await;
    let (_, why) = until_down(&cluster, "the kubeconfig cannot be read").await;
    assert!(why.contains("/nonexistent/kubeconfig"), "{why}");
}
