//! A namespace, a fault proxy in front of the API server, and the adapter behind it.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use adapters::kubernetes::{Kubernetes, KubernetesConfig, Timing};
use control::ports::cluster::{Cluster as _, ClusterLook, NamespaceObjects};
use model::{
    SourceState,
    cluster::{ClusterId, KindState, KindStatus},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Cluster, FaultProxy, kubernetes::Namespace, wait_until};

/// Two busy cores; upstream's controllers wait up to a few seconds by themselves. Only a failure takes as long.
pub(crate) const SOON: Duration = Duration::from_secs(120);

/// Stays ready wherever it runs, and needs nothing.
pub(crate) const IMAGE: &str = "registry.k8s.io/pause:3.10";

/// The file of a role (JSON, an object with `rules`) under which the whole suite runs instead of [`rules`]. Its name does not start with
/// `EVENKEEL_`: the server reads those as settings.
const ROLE: &str = "E2E_READ_ROLE";

/// What reading needs.
pub(crate) fn rules() -> Value {
    if let Some(path) = std::env::var_os(ROLE) {
        let role: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        return role["rules"].clone();
    }
    let watched =
        |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"]});
    let read = |group: &str, resource: &str| json!({"apiGroups": [group], "resources": [resource], "verbs": ["get", "list"]});
    json!([
        watched("", &["pods", "services", "resourcequotas", "events"]),
        watched("apps", &["deployments", "statefulsets", "replicasets"]),
        watched("autoscaling", &["horizontalpodautoscalers"]),
        watched("autoscaling.k8s.io", &["verticalpodautoscalers"]),
        watched("policy", &["poddisruptionbudgets"]),
        watched("discovery.k8s.io", &["endpointslices"]),
        watched("networking.k8s.io", &["ingresses"]),
        read("metrics.k8s.io", "pods"),
        read("custom.metrics.k8s.io", "*"),
        read("external.metrics.k8s.io", "*"),
    ])
}

/// Everything within a test's patience. A busy machine takes seconds over an answer: what shall be too late says so itself.
pub(crate) const QUICK: Timing = Timing {
    connect: Duration::from_secs(10),
    answer: Duration::from_secs(15),
    page: Duration::from_secs(30),
    watch_for: Duration::from_secs(60),
    quiet: Duration::from_secs(90),
    // Also how long each may take.
    probe_every: Duration::from_secs(1),
    down_after: Duration::from_secs(2),
    figures_every: Duration::from_millis(300),
    pause_min: Duration::from_millis(50),
    pause_max: Duration::from_millis(500),
    again_after: Duration::from_secs(1),
};

pub(crate) struct Scene<'a> {
    pub namespace: Namespace<'a>,
    pub proxy: FaultProxy,
    folder: TempDir,
}

impl Scene<'_> {
    pub(crate) async fn new() -> Scene<'static> {
        Scene {
            namespace: Cluster::shared().namespace().await,
            proxy: FaultProxy::start(Cluster::shared().config().await).await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A token for [`rules`].
    pub(crate) async fn token(&self) -> String {
        self.namespace.token("console", rules()).await
    }

    /// Where the adapter finds its token; what is written there is there at once.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    /// Reads this scene's namespace through the proxy, with the token of the file.
    pub(crate) fn config(&self) -> KubernetesConfig {
        self.config_at(self.proxy.url())
    }

    pub(crate) fn config_at(&self, server: &str) -> KubernetesConfig {
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": server}}],
            "users": [{"name": "test", "user": {"tokenFile": self.token_file()}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        });
        let path = self.folder.path().join("kubeconfig");
        fs::write(&path, kubeconfig.to_string()).unwrap();
        KubernetesConfig {
            kubeconfig: Some(path),
            namespaces: Some(vec![self.namespace.name().to_owned()]),
            timing: QUICK,
            ..KubernetesConfig::new(ClusterId::new("test").unwrap())
        }
    }

    /// As the account of [`rules`].
    pub(crate) async fn connect(&self) -> Kubernetes {
        self.connect_with(self.config()).await
    }

    pub(crate) async fn connect_with(&self, config: KubernetesConfig) -> Kubernetes {
        if !self.token_file().exists() {
            fs::write(self.token_file(), self.token().await).unwrap();
        }
        Kubernetes::connect(config).await
    }

    pub(crate) fn objects(&self, look: &ClusterLook) -> Arc<NamespaceObjects> {
        look.namespaces.get(self.namespace.name()).cloned().unwrap_or_default()
    }

    /// Waits until what is known of the namespace is so.
    pub(crate) async fn until(&self, what: &str, cluster: &Kubernetes, mut holds: impl FnMut(&NamespaceObjects) -> bool) {
        wait_until(what, SOON, async || holds(&self.objects(&cluster.look()))).await;
    }

    pub(crate) async fn deploy(&self, name: &str, replicas: u32) {
        self.namespace.apply(deployment(name, replicas)).await;
    }
}

pub(crate) fn deployment(name: &str, replicas: u32) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": IMAGE, "ports": [{"containerPort": 8080, "name": "http"}],
                    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}]},
            },
        },
    })
}

pub(crate) fn kind(look: &ClusterLook, resource: &str) -> KindStatus {
    look.kinds.iter().find(|k| k.resource == resource).unwrap().clone()
}

/// Waits until this kind is in such a state, and answers it.
pub(crate) async fn until_kind(cluster: &Kubernetes, resource: &str, holds: impl Fn(&KindState) -> bool) -> KindState {
    wait_until(&format!("{resource} is as it should be"), SOON, async || {
        let look = cluster.look();
        look.kinds.iter().any(|k| k.resource == resource && holds(&k.state))
    })
    .await;
    kind(&cluster.look(), resource).state
}

/// Waits until everything that the cluster has is read.
pub(crate) async fn until_read(cluster: &Kubernetes) {
    wait_until("everything is read", SOON, async || {
        let look = cluster.look();
        let is_read = |k: &KindStatus| matches!(k.state, KindState::Up | KindState::Absent);
        matches!(look.state, SourceState::Up) && look.kinds.len() == 12 && look.kinds.iter().all(is_read)
    })
    .await;
}

/// Waits until it is away for a reason that begins like this; answers since when, and all of the reason.
pub(crate) async fn until_down(cluster: &Kubernetes, begins: &str) -> (i64, String) {
    let mut down = None;
    wait_until(&format!("the cluster is away: {begins}"), SOON, async || {
        if let SourceState::Down { since_ms, why } = cluster.look().state
            && why.starts_with(begins)
        {
            down = Some((since_ms, why));
        }
        down.is_some()
    })
    .await;
    down.unwrap()
}

pub(crate) async fn until_up(cluster: &Kubernetes) {
    wait_until("the cluster answers", SOON, async || {
        matches!(cluster.look().state, SourceState::Up)
    })
    .await;
}
