use std::{path::Path, time::Duration};

use adapters::kubernetes::{Kubernetes, KubernetesConfig};
use control::ports::cluster::{Cluster as _, ClusterError};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api,
    api::{DynamicObject, ListParams, Patch, PatchParams, PostParams},
    core::GroupVersionKind,
    discovery::pinned_kind,
};
use model::cluster::{ClusterId, DryRun, HpaEdit, ObjectCommand, ObjectDone, ObjectRef};
use serde_json::{Value, json};
use testkit::{kubernetes::Namespace, wait_until};

/// Two busy cores; only a failure takes as long.
pub(crate) const SOON: Duration = Duration::from_secs(120);

/// A console's adapter that looks at one namespace.
pub(crate) struct Console<'a> {
    pub(crate) namespace: &'a Namespace<'a>,
    pub(crate) adapter: Kubernetes,
}

impl<'a> Console<'a> {
    pub(crate) async fn new(namespace: &'a Namespace<'a>) -> Self {
        Self::with(namespace, namespace.cluster().kubeconfig(), Duration::from_secs(20)).await
    }

    pub(crate) async fn with(namespace: &'a Namespace<'a>, kubeconfig: &Path, answer: Duration) -> Self {
        let mut config = KubernetesConfig::new(ClusterId::new("prod").unwrap());
        config.kubeconfig = Some(kubeconfig.to_owned());
        config.namespaces = Some(vec![namespace.name().to_owned()]);
        config.timing.answer = answer;
        Self {
            namespace,
            adapter: Kubernetes::connect(config).await,
        }
    }

    pub(crate) fn object(&self, text: &str) -> ObjectRef {
        format!("prod:{}:{text}", self.namespace.name()).parse().unwrap()
    }

    pub(crate) async fn tries(&self, object: &str, command: &ObjectCommand) -> Result<DryRun, ClusterError> {
        self.adapter.try_out(&self.object(object), command).await
    }

    /// Tries it, then does it with the version of the dry run.
    pub(crate) async fn does(&self, object: &str, command: &ObjectCommand) -> Result<ObjectDone, ClusterError> {
        let tried = self.tries(object, command).await?;
        let command = command.clone().from_version(&tried.resource_version);
        let done = self.adapter.carry_out(&self.object(object), &command).await?;
        let fields = |diff: &[model::FieldDiff]| diff.iter().map(|d| d.field.clone()).collect::<Vec<_>>();
        assert_eq!(fields(&done.diff), fields(&tried.diff), "what was done is what was shown");
        Ok(done)
    }
}

pub(crate) fn edit(edit: HpaEdit) -> ObjectCommand {
    ObjectCommand::EditHpa {
        resource_version: String::new(),
        edit,
    }
}

pub(crate) fn max(max: u32) -> ObjectCommand {
    edit(HpaEdit {
        max_replicas: Some(max),
        ..HpaEdit::default()
    })
}

pub(crate) fn scale(replicas: u32) -> ObjectCommand {
    ObjectCommand::Scale {
        resource_version: String::new(),
        replicas,
    }
}

pub(crate) fn restart() -> ObjectCommand {
    ObjectCommand::Restart {
        resource_version: String::new(),
    }
}

pub(crate) fn annotate(name: &str, value: &str) -> ObjectCommand {
    ObjectCommand::Annotate {
        ingress: "web".to_owned(),
        resource_version: String::new(),
        annotation: format!("nginx.ingress.kubernetes.io/{name}"),
        value: value.to_owned(),
    }
}

pub(crate) fn deployment(replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "registry.k8s.io/pause:3.10", "resources": {"requests": {"cpu": "100m"}},
                    "env": [{"name": "PASSWORD", "value": "canary"}]}]},
            },
        },
    })
}

pub(crate) fn hpa() -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 2, "maxReplicas": 10,
            "metrics": [
                {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}},
                {"type": "External", "external": {"metric": {"name": "queue", "selector": {"matchLabels": {"q": "a"}}}, "target": {"type": "AverageValue", "averageValue": "30"}}},
            ],
        },
    })
}

pub(crate) fn ingress() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "web", "annotations": {"nginx.ingress.kubernetes.io/load-balance": "round_robin"}},
        "spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]},
    })
}

pub(crate) async fn api_of(namespace: &Namespace<'_>, group: &str, version: &str, kind: &str) -> Api<DynamicObject> {
    let client = namespace.cluster().client().await;
    let (resource, _) = pinned_kind(&client, &GroupVersionKind::gvk(group, version, kind)).await.unwrap();
    Api::namespaced_with(client, namespace.name(), &resource)
}

pub(crate) async fn hpas(namespace: &Namespace<'_>) -> Api<DynamicObject> {
    api_of(namespace, "autoscaling", "v2", "HorizontalPodAutoscaler").await
}

/// As `kubectl create` does: an update, with a manager of its own.
pub(crate) async fn create(api: &Api<DynamicObject>, manager: &str, object: Value) {
    let how = PostParams {
        field_manager: Some(manager.to_owned()),
        ..PostParams::default()
    };
    api.create(&how, &serde_json::from_value(object).unwrap()).await.unwrap();
}

/// As `kubectl edit` does.
pub(crate) async fn patch(api: &Api<DynamicObject>, manager: &str, patch: Value) {
    let how = PatchParams {
        field_manager: Some(manager.to_owned()),
        ..PatchParams::default()
    };
    api.patch("web", &how, &Patch::Merge(patch)).await.unwrap();
}

/// The whole object.
pub(crate) async fn get(api: &Api<DynamicObject>) -> Value {
    serde_json::to_value(api.get("web").await.unwrap()).unwrap()
}

pub(crate) async fn ready_pods(namespace: &Namespace<'_>) -> Vec<Pod> {
    let pods: Api<Pod> = namespace.api().await;
    let all = pods.list(&ListParams::default().labels("app=web")).await.unwrap().items;
    let is_ready = |pod: &Pod| {
        let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
        conditions.is_some_and(|all| all.iter().any(|c| c.type_ == "Ready" && c.status == "True"))
    };
    all.into_iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none() && is_ready(pod))
        .collect()
}

pub(crate) async fn until_ready(namespace: &Namespace<'_>, count: usize) {
    wait_until(&format!("{count} pods are ready"), SOON, async || {
        ready_pods(namespace).await.len() == count
    })
    .await;
    // And the Deployment's controller has said so, after which nobody writes it any more.
    let deployments: Api<Deployment> = namespace.api().await;
    wait_until("the status says so", SOON, async || {
        let status = deployments.get("web").await.unwrap().status.unwrap_or_default();
        status.ready_replicas == i32::try_from(count).ok()
    })
    .await;
}

/// Of whom the token names.
pub(crate) fn kubeconfig(server: &str, ca: Option<String>, token: &str) -> tempfile::NamedTempFile {
    let mut cluster = json!({ "server": server });
    if let Some(ca) = ca {
        cluster["certificate-authority-data"] = ca.into();
    }
    let content = json!({
        "apiVersion": "v1", "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content.to_string()).unwrap();
    file
}
