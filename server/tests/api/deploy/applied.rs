//! Each overlay as kustomize makes it, given to a real API server: every field known, nothing warned of, every pod let in under the profile
//! `restricted`, and every right the one that was meant.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use testkit::{
    Cluster,
    kubernetes::{Raw, available, kustomize, rules},
    left_out, wait_until,
};

use super::manifests::{deploy, read, root};
use crate::support::SOON;

const CONSOLE: &str = "system:serviceaccount:evenkeel:evenkeel-console";

/// Where objects of a kind are, and whether that is in a namespace.
fn path_of(object: &Value) -> String {
    let kind = object["kind"].as_str().unwrap();
    let plural = match kind {
        "NetworkPolicy" => "networkpolicies".to_owned(),
        "Ingress" => "ingresses".to_owned(),
        _ => kind.to_lowercase() + "s",
    };
    let version = object["apiVersion"].as_str().unwrap();
    let group = if version.contains('/') {
        format!("/apis/{version}")
    } else {
        format!("/api/{version}")
    };
    let space = object["metadata"]["namespace"].as_str().map(|name| format!("/namespaces/{name}"));
    format!(
        "{group}{}/{plural}/{}",
        space.unwrap_or_default(),
        object["metadata"]["name"].as_str().unwrap()
    )
}

async fn apply(cluster: &Raw, what: &str, objects: &[Value]) {
    assert!(!objects.is_empty(), "{what} is empty");
    // Whatever kustomize puts first: nothing can be made in a namespace that is not there.
    let (spaces, rest): (Vec<&Value>, Vec<&Value>) = objects.iter().partition(|object| object["kind"] == "Namespace");
    for object in spaces.into_iter().chain(rest) {
        let path = path_of(object);
        let answer = cluster.apply(&path, object).await;
        assert!(matches!(answer.status, 200 | 201), "{what}: {path}: {}", answer.body["message"]);
        assert!(answer.warnings.is_empty(), "{what}: {path}: {:?}", answer.warnings);
    }
}

/// A kustomization of one's own over these, as the pages describe it.
fn own(dir: &Path, resources: &[&str], components: &[&str]) -> PathBuf {
    // Kustomize takes no absolute paths.
    let up = "../".repeat(dir.canonicalize().unwrap().components().count() - 1);
    let lines = |paths: &[&str]| -> String {
        let path = |below: &&str| format!("  - {up}{}\n", deploy(below).strip_prefix("/").unwrap().display());
        paths.iter().map(path).collect()
    };
    let text = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{}components:\n{}",
        lines(resources),
        lines(components)
    );
    fs::write(dir.join("kustomization.yaml"), text).unwrap();
    dir.to_owned()
}

/// Whether this user may do this there; `None` is in all namespaces.
async fn may(cluster: &Raw, user: &str, right: &rules::Right, namespace: Option<&str>) -> bool {
    // A name that can only be meant by `*`.
    let resource = if right.resource == "*" { "pods" } else { &right.resource };
    let subresource = if right.resource == "*" {
        "queue_length"
    } else {
        &right.subresource
    };
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user,
            "resourceAttributes": {
                "group": right.group, "resource": resource, "subresource": subresource, "verb": right.verb, "namespace": namespace,
            },
        },
    });
    let answer = cluster.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["status"]["allowed"].as_bool().unwrap()
}

/// As the API server comes to know of it.
async fn until_may(cluster: &Raw, right: &rules::Right, namespace: Option<&str>, expected: bool) {
    let what = format!("{right} in {namespace:?} is {}", if expected { "allowed" } else { "refused" });
    wait_until(&what, SOON, async || may(cluster, CONSOLE, right, namespace).await == expected).await;
}

async fn until_available(cluster: &Raw, kind: &str, name: &str, pods: u64) {
    let path = format!("/apis/apps/v1/namespaces/evenkeel/{kind}/{name}");
    wait_until(&format!("{name} has {pods} pods"), SOON, async || {
        let answer = cluster.get(&path).await.body;
        answer["status"]["availableReplicas"].as_u64() == Some(pods)
            && answer["status"]["observedGeneration"] == answer["metadata"]["generation"]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubernetes_takes_every_overlay_without_a_warning_and_grants_what_was_meant() {
    if !available() {
        return;
    }
    let cluster = Cluster::shared();
    if cluster.is_foreign() {
        left_out("the overlays have a fixed namespace and roles of the whole cluster: not in somebody's own");
        return;
    }
    let cluster = &cluster.raw().await;
    let dir = tempfile::tempdir().unwrap();
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } });
    apply(cluster, "a namespace to look at", &[namespace]).await;

    apply(cluster, "embedded", &kustomize(&deploy("kubernetes/overlays/embedded"))).await;
    until_available(cluster, "deployments", "evenkeel-console", 1).await;

    apply(cluster, "production", &kustomize(&deploy("kubernetes/overlays/production"))).await;
    until_available(cluster, "deployments", "evenkeel-console", 2).await;
    // There are no replicas in the manifest: these are the autoscaler's.
    until_available(cluster, "deployments", "evenkeel-gateway", 3).await;

    // Reading, everywhere; and nothing else.
    let reads = rules::granted(&read("kubernetes/access/read/role.yaml")).unwrap();
    let writes = rules::granted(&read("kubernetes/access/write/role.yaml")).unwrap();
    for right in &reads {
        until_may(cluster, right, None, true).await;
    }
    for right in writes.iter().chain(&never()) {
        assert!(
            !may(cluster, CONSOLE, right, Some("shop")).await,
            "{right} without having been asked for"
        );
    }
    for right in reads.iter().chain(&writes).chain(&never()) {
        let gateway = "system:serviceaccount:evenkeel:evenkeel-gateway";
        assert!(!may(cluster, gateway, right, None).await, "a gateway may {right}");
    }

    let components = ["kubernetes/components/write-access", "kubernetes/components/postgres"];
    let whole = own(dir.path(), &["kubernetes/overlays/production"], &components);
    apply(cluster, "production with everything", &kustomize(&whole)).await;
    until_available(cluster, "statefulsets", "evenkeel-postgres", 1).await;
    for right in &writes {
        until_may(cluster, right, Some("shop"), true).await;
    }
    for right in &never() {
        assert!(!may(cluster, CONSOLE, right, Some("shop")).await, "{right}, which nobody asked for");
    }

    // What the page shows of others' kinds.
    let page = fs::read_to_string(root().join("docs/operations/kubernetes-install.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let ingress = blocks.filter(|block| block.contains("kind: Ingress"));
    let ingress: Vec<Value> = ingress
        .flat_map(|block| serde_saphyr::from_multiple::<Value>(block).unwrap())
        .collect();
    apply(cluster, "the ingress on the page", &ingress).await;

    refuses_what_is_wrong(cluster).await;
    one_namespace_only(cluster, &reads, &writes).await;
}

/// What the console must never be able to do.
fn never() -> Vec<rules::Right> {
    let rights = [
        ("", "secrets", "get"),
        ("", "secrets", "list"),
        ("", "configmaps", "list"),
        ("", "nodes", "list"),
        ("", "pods/log", "get"),
        ("", "pods/exec", "create"),
        ("", "pods", "create"),
        ("", "pods", "delete"),
        ("", "serviceaccounts/token", "create"),
        ("apps", "deployments", "create"),
        ("apps", "deployments", "delete"),
        ("apps", "deployments", "update"),
        ("autoscaling", "horizontalpodautoscalers", "create"),
        ("rbac.authorization.k8s.io", "clusterroles", "patch"),
    ];
    rights
        .map(|(group, resource, verb)| rules::Right::new(group, resource, verb))
        .into()
}

/// The checks above can fail: the same server refuses a field that is not there, and a pod that wants more.
async fn refuses_what_is_wrong(cluster: &Raw) {
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "loose", "namespace": "evenkeel" },
        "spec": { "containers": [{ "name": "loose", "image": "evenkeel:0" }] },
    });
    let answer = cluster.apply(&path_of(&pod), &pod).await;
    let why = answer.body["message"].as_str().unwrap();
    assert!(
        answer.status == 403 && why.contains("violates PodSecurity \"restricted:latest\""),
        "{why}"
    );
    pod["spec"]["enableServiceLink"] = false.into();
    let answer = cluster.apply(&path_of(&pod), &pod).await;
    assert!(
        matches!(answer.status, 400 | 500) && answer.body["message"].as_str().unwrap().contains("enableServiceLink"),
        "{answer:?}"
    );
}

async fn one_namespace_only(
    cluster: &Raw,
    reads: &std::collections::BTreeSet<rules::Right>,
    writes: &std::collections::BTreeSet<rules::Right>,
) {
    let example = kustomize(&deploy("kubernetes/examples/chosen-namespaces"));
    let kinds: Vec<&str> = example.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert!(
        kinds.contains(&"Role") && !kinds.contains(&"ClusterRole") && !kinds.contains(&"ClusterRoleBinding"),
        "{kinds:?}"
    );
    // What was applied before stays until somebody takes it away.
    for role in ["evenkeel-read", "evenkeel-write"] {
        let binding = format!("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{role}");
        assert_eq!(cluster.delete(&binding).await.status, 200);
    }
    apply(cluster, "chosen namespaces", &example).await;
    let dir = tempfile::tempdir().unwrap();
    let folder = own(dir.path(), &["kubernetes/access/write-in-namespace"], &[]);
    let mut more = fs::read_to_string(folder.join("kustomization.yaml")).unwrap();
    more.push_str("namespace: shop\n");
    fs::write(folder.join("kustomization.yaml"), more.replace("components:\n", "")).unwrap();
    for right in writes {
        until_may(cluster, right, Some("shop"), false).await;
    }
    apply(cluster, "changing one namespace", &kustomize(&folder)).await;
    for right in reads.iter().chain(writes) {
        until_may(cluster, right, Some("shop"), true).await;
        until_may(cluster, right, Some("default"), false).await;
        until_may(cluster, right, None, false).await;
    }
}
