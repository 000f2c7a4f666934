use std::time::Duration;

use control::ports::cluster::ClusterError;
use kube::ResourceExt as _;
use kube::config::Kubeconfig;
use model::cluster::ObjectCommand;
use serde_json::{Value, json};
use testkit::{Cluster, kubernetes};

use crate::support::{Console, annotate, deployment, hpa, ingress, kubeconfig, max, ready_pods, restart, scale, until_ready};

fn read(groups: &[&str], resources: &[&str]) -> Value {
    json!({"apiGroups": groups, "resources": resources, "verbs": ["get", "list", "watch"]})
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_by_a_rule_that_makes_it_work() {
    if !kubernetes::available() {
        return;
    }
    let cluster = Cluster::shared();
    let namespace = cluster.namespace().await;
    let mut plain = deployment(2);
    plain["metadata"]["name"] = json!("web");
    namespace.apply(plain).await;
    until_ready(&namespace, 2).await;
    let mut scaled = hpa();
    scaled["spec"]["scaleTargetRef"]["name"] = json!("other");
    namespace.apply(scaled).await;
    namespace.apply(ingress()).await;
    let mut rules = vec![
        read(&["autoscaling"], &["horizontalpodautoscalers"]),
        read(&["apps"], &["deployments"]),
        read(&[""], &["pods"]),
        read(&["networking.k8s.io"], &["ingresses"]),
    ];
    let token = namespace.token("console", json!(rules)).await;
    let admin = Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
    let ca = admin.clusters[0].cluster.as_ref().and_then(|c| {
        c.certificate_authority_data.clone().or_else(|| {
            use base64::Engine as _;
            let pem = std::fs::read(c.certificate_authority.as_ref()?).ok()?;
            Some(base64::engine::general_purpose::STANDARD.encode(pem))
        })
    });
    let file = kubeconfig(cluster.server(), ca, &token);
    let console = Console::with(&namespace, file.path(), Duration::from_secs(20)).await;
    let pod = ready_pods(&namespace).await[0].name_any();
    for (object, command, resource) in [
        // First: a restart replaces the pods.
        ("deployment:web", ObjectCommand::Evict { pod }, "pods/eviction"),
        ("hpa:web", max(20), "horizontalpodautoscalers"),
        ("deployment:web", scale(3), "deployments/scale"),
        ("deployment:web", restart(), "deployments"),
        ("hpa:web", annotate("load-balance", "ewma"), "ingresses"),
    ] {
        let rule = match console.does(object, &command).await.unwrap_err() {
            ClusterError::Forbidden { rule, .. } => rule,
            other => panic!("{resource}: {other:?}"),
        };
        let missing: Vec<Value> = serde_saphyr::from_str(&rule).unwrap();
        assert_eq!(missing[0]["resources"], json!([resource]), "{rule}");
        rules.extend(missing);
        namespace
            .apply(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "console"}, "rules": rules}))
            .await;
        // The API server learns of a role by watching.
        let began = std::time::Instant::now();
        loop {
            match console.does(object, &command).await {
                Ok(_) => break,
                Err(ClusterError::Forbidden { .. }) if began.elapsed() < crate::support::SOON => tokio::task::yield_now().await,
                Err(other) => panic!("{resource}: {other:?}"),
            }
        }
    }
}
