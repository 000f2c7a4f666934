//! What the console may do in a cluster is what it does: the adapter with the rights of `deploy/` and no others, against a real API server,
//! whose audit log tells what was called. Nothing missing, nothing more.

use std::{fs, path::Path, time::Duration};

use adapters::kubernetes::{Kubernetes, KubernetesConfig, Timing};
use control::ports::cluster::{Cluster as _, ClusterError, MetricQuestion};
use model::cluster::{ClusterId, HpaEdit, ObjectCommand, ObjectKind, ObjectRef};
use serde_json::{Value, json};
use testkit::{
    Cluster,
    kubernetes::{About, Custom, External, Namespace, Raw, Usage, available, rules},
    left_out, wait_until,
};

use super::manifests::{document, read};
use crate::support::SOON;

const ACCOUNT: &str = "console";

/// Everything that is asked for again, within a test's patience.
fn timing() -> Timing {
    Timing {
        figures_every: Duration::from_millis(300),
        pause_min: Duration::from_millis(50),
        pause_max: Duration::from_millis(500),
        again_after: Duration::from_secs(1),
        ..Timing::default()
    }
}

async fn applied(raw: &Raw, path: &str, object: Value) {
    let answer = raw.apply(path, &object).await;
    assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.body);
}

/// The role of the manifest, under a name of this test's own, bound to its account.
async fn grant(raw: &Raw, namespace: &str, which: &str) {
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let mut role = document(&format!("kubernetes/access/{which}/role.yaml"), "ClusterRole");
    let mut binding = document(&format!("kubernetes/access/{which}/binding.yaml"), "ClusterRoleBinding");
    let name = format!("{namespace}-{which}");
    assert_eq!(binding["roleRef"]["name"], role["metadata"]["name"]);
    for object in [&mut role, &mut binding] {
        object["metadata"]["name"] = name.as_str().into();
    }
    binding["roleRef"]["name"] = name.as_str().into();
    binding["subjects"][0]["name"] = ACCOUNT.into();
    binding["subjects"][0]["namespace"] = namespace.into();
    applied(raw, &format!("{rbac}/clusterroles/{name}"), role).await;
    applied(raw, &format!("{rbac}/clusterrolebindings/{name}"), binding).await;
}

/// A kubeconfig with the account's token instead of the administrator's certificate.
async fn kubeconfig(cluster: &Cluster, raw: &Raw, namespace: &str, into: &Path) {
    let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{ACCOUNT}");
    let object = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": ACCOUNT } });
    applied(raw, &account, object).await;
    let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {} });
    let token = raw.post(&format!("{account}/token"), &request).await.body["status"]["token"].clone();
    assert!(token.is_string());
    let mut config: Value = serde_saphyr::from_str(&fs::read_to_string(cluster.kubeconfig()).unwrap()).unwrap();
    for user in config["users"].as_array_mut().unwrap() {
        user["user"] = json!({ "token": token });
    }
    fs::write(into, config.to_string()).unwrap();
}

/// The kind that not every cluster has: with it, that it may be read is used too.
async fn with_vpas(raw: &Raw) {
    let (group, plural) = ("autoscaling.k8s.io", "verticalpodautoscalers");
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let schema = json!({ "type": "object", "properties": { "spec": open, "status": open } });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            "annotations": { "api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/63797" },
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": { "kind": "VerticalPodAutoscaler", "plural": plural, "singular": "verticalpodautoscaler" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }],
        },
    });
    applied(
        raw,
        &format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}"),
        definition,
    )
    .await;
    let path = format!("/apis/{group}/v1/{plural}");
    wait_until("the cluster knows the kind", SOON, async || raw.get(&path).await.status == 200).await;
}

fn workload(kind: &str, name: &str) -> Value {
    let labels = json!({ "app": name });
    let requests = json!({ "requests": { "cpu": "100m", "memory": "64Mi" } });
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": { "name": name },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "app", "image": "app:1", "resources": requests }] },
            },
        },
    });
    if kind == "StatefulSet" {
        object["spec"]["serviceName"] = name.into();
    }
    object
}

/// One of everything that can be changed.
async fn furnish(namespace: &Namespace<'_>) {
    for (kind, name) in [("Deployment", "web"), ("Deployment", "plain"), ("StatefulSet", "db")] {
        namespace.apply(workload(kind, name)).await;
    }
    let cpu = json!({ "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 } });
    namespace
        .apply(json!({
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": "web" },
            "spec": {
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" },
                "minReplicas": 2,
                "maxReplicas": 5,
                "metrics": [{ "type": "Resource", "resource": cpu }],
            },
        }))
        .await;
    namespace
        .apply(json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": { "name": "web" },
            "spec": { "defaultBackend": { "service": { "name": "web", "port": { "number": 80 } } } },
        }))
        .await;
}

struct Scene<'a> {
    kubernetes: Kubernetes,
    raw: Raw,
    namespace: &'a str,
}

impl Scene<'_> {
    async fn get(&self, below: &str) -> Value {
        let (group, resource) = below.split_once(' ').unwrap();
        self.raw
            .get(&format!("{group}/namespaces/{}/{resource}", self.namespace))
            .await
            .body
    }

    /// Tried first, then done, each from the version that is there: controllers write to the same objects.
    async fn change(&self, kind: ObjectKind, name: &str, at: &str, command: ObjectCommand) {
        let object = ObjectRef::new(ClusterId::new("local").unwrap(), self.namespace, kind, name).unwrap();
        wait_until(&format!("{} of {name}", command.id()), SOON, async || {
            let current = self.get(at).await;
            let command = command
                .clone()
                .from_version(current["metadata"]["resourceVersion"].as_str().unwrap());
            let done = match self.kubernetes.try_out(&object, &command).await {
                Ok(_) => self.kubernetes.carry_out(&object, &command).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(_) => true,
                Err(ClusterError::Conflict { .. } | ClusterError::NotFound(_) | ClusterError::Stale { .. }) => false,
                Err(error) => panic!("{} of {name}: {error:?}", command.id()),
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_is_granted_what_it_calls_and_nothing_more() {
    if !available() {
        return;
    }
    let cluster = Cluster::shared();
    if cluster.is_foreign() {
        left_out("roles of the whole cluster: not in somebody's own");
        return;
    }
    let space = cluster.namespace().await;
    let (namespace, raw, dir) = (space.name(), cluster.raw().await, tempfile::tempdir().unwrap());
    with_vpas(&raw).await;
    let file = dir.path().join("kubeconfig");
    kubeconfig(cluster, &raw, namespace, &file).await;
    for which in ["read", "write"] {
        grant(&raw, namespace, which).await;
    }
    furnish(&space).await;
    let steering = space.steering().unwrap();
    steering.usage(&Usage::of(space.all_pods(), "50m", "32Mi")).await;
    steering
        .custom(&Custom::of(About::Pods(space.pods("app=web")), "http_requests", "3"))
        .await;
    steering.external(&External::of(namespace, "queue", "4")).await;

    let config = KubernetesConfig {
        kubeconfig: Some(file),
        timing: timing(),
        ..KubernetesConfig::new(ClusterId::new("local").unwrap())
    };
    let kubernetes = Kubernetes::connect(config).await;
    kubernetes.want(vec![
        MetricQuestion::Pods {
            namespace: namespace.into(),
            selector: "app=web".into(),
            metric: "http_requests".into(),
            metric_selector: "".into(),
        },
        MetricQuestion::External {
            namespace: namespace.into(),
            metric: "queue".into(),
            metric_selector: "".into(),
        },
    ]);
    let scene = Scene {
        kubernetes,
        raw,
        namespace,
    };
    wait_until("everything is read", SOON, async || {
        let look = scene.kubernetes.look();
        let figures = look
            .figures
            .as_ref()
            .is_ok_and(|figures| figures.keys().any(|(space, _)| **space == *namespace));
        let workloads = look.namespaces.get(namespace).is_some_and(|objects| objects.workloads.len() == 3);
        figures && workloads && look.custom.len() == 2 && look.custom.values().all(Result::is_ok)
    })
    .await;

    everything_is_changed(&scene).await;

    let granted = ["read", "write"].map(|which| rules::granted(&read(&format!("kubernetes/access/{which}/role.yaml"))).unwrap());
    let granted = granted.into_iter().flatten().collect();
    let user = format!("system:serviceaccount:{namespace}:{ACCOUNT}");
    let compare = || rules::Comparison::of(&granted, &rules::of_calls(&cluster.calls_of(&user)));
    // The log is written a moment after the answer.
    let settled = wait_until("the audit log has it all", SOON * 2, async || compare().is_exact());
    drop(tokio::time::timeout(SOON, settled).await);
    let comparison = compare();
    assert!(comparison.is_exact(), "\n{comparison}");
}

/// Each command once.
async fn everything_is_changed(scene: &Scene<'_>) {
    let version = String::new;
    let edit = HpaEdit {
        max_replicas: Some(6),
        ..HpaEdit::default()
    };
    let hpa = "/apis/autoscaling/v2 horizontalpodautoscalers/web";
    let edit = ObjectCommand::EditHpa {
        resource_version: version(),
        edit,
    };
    scene.change(ObjectKind::Hpa, "web", hpa, edit).await;
    for (kind, name, at) in [
        (ObjectKind::Deployment, "plain", "/apis/apps/v1 deployments/plain"),
        (ObjectKind::StatefulSet, "db", "/apis/apps/v1 statefulsets/db"),
    ] {
        let scale = ObjectCommand::Scale {
            resource_version: version(),
            replicas: 3,
        };
        scene.change(kind, name, at, scale).await;
        scene
            .change(
                kind,
                name,
                at,
                ObjectCommand::Restart {
                    resource_version: version(),
                },
            )
            .await;
    }
    let annotate = ObjectCommand::Annotate {
        ingress: "web".to_owned(),
        resource_version: version(),
        annotation: "nginx.ingress.kubernetes.io/load-balance".to_owned(),
        value: "ewma".to_owned(),
    };
    scene
        .change(ObjectKind::Deployment, "web", "/apis/networking.k8s.io/v1 ingresses/web", annotate)
        .await;
    let mut pod = String::new();
    wait_until("there is a pod", SOON, async || {
        let pods = scene.get("/api/v1 pods?labelSelector=app%3Dweb").await;
        pods["items"][0]["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut pod);
        !pod.is_empty()
    })
    .await;
    scene
        .change(
            ObjectKind::Deployment,
            "web",
            &format!("/api/v1 pods/{pod}"),
            ObjectCommand::Evict { pod: pod.clone() },
        )
        .await;
}
