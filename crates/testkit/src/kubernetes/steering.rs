//! What a test tells the played machines and sensors; `end2end/kubernetes/README.md` says what each of it does.

use std::{collections::BTreeMap, net::IpAddr};

use reqwest::{Client, Method};
use serde::Serialize;

/// Which pods something is said about. What is said of one by name counts more than what labels say, and that more than what is said of
/// all.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Target {
    namespace: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
}

impl Target {
    pub fn all(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            ..Self::default()
        }
    }

    pub fn labelled(namespace: &str, selector: &str) -> Self {
        Self {
            selector: Some(selector.to_owned()),
            ..Self::all(namespace)
        }
    }

    pub fn pod(namespace: &str, name: &str) -> Self {
        Self {
            pod: Some(name.to_owned()),
            ..Self::all(namespace)
        }
    }
}

/// What shall happen to pods; what is `None` happens by itself.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Order {
    #[serde(flatten)]
    pub target: Target,
    /// At most so many of the target get a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// `CrashLoopBackOff`, `ImagePullBackOff`, `ErrImagePull`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<u32>,
    /// `Failed` or `Succeeded`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_deletion: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
}

impl Order {
    pub fn for_pods(target: Target) -> Self {
        Self { target, ..Self::default() }
    }
}

/// Quantities as in Kubernetes: `250m`, `64Mi`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Resources {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
}

/// What each container of pods uses.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Usage {
    #[serde(flatten)]
    pub target: Target,
    #[serde(flatten)]
    pub each: Resources,
    /// Other figures for single containers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub containers: BTreeMap<String, Resources>,
    /// Nothing is known of these pods.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_ms: Option<u64>,
}

impl Usage {
    pub fn of(target: Target, cpu: &str, memory: &str) -> Self {
        Self {
            target,
            each: Resources {
                cpu: Some(cpu.to_owned()),
                memory: Some(memory.to_owned()),
            },
            ..Self::default()
        }
    }

    pub fn missing(target: Target) -> Self {
        Self {
            target,
            missing: true,
            ..Self::default()
        }
    }
}

/// What a custom metric is measured at.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum About {
    /// Each of these pods.
    Pods(Target),
    Object {
        namespace: String,
        object: Object,
    },
}

#[derive(Debug, Clone, Serialize)]
pub struct Object {
    api_version: String,
    kind: String,
    name: String,
}

impl About {
    pub fn object(namespace: &str, api_version: &str, kind: &str, name: &str) -> Self {
        Self::Object {
            namespace: namespace.to_owned(),
            object: Object {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                name: name.to_owned(),
            },
        }
    }
}

/// A value of custom.metrics.k8s.io.
#[derive(Debug, Clone, Serialize)]
pub struct Custom {
    #[serde(flatten)]
    pub about: About,
    pub metric: String,
    pub value: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
}

impl Custom {
    pub fn of(about: About, metric: &str, value: &str) -> Self {
        Self {
            about,
            metric: metric.to_owned(),
            value: value.to_owned(),
            labels: BTreeMap::new(),
            age_ms: None,
        }
    }
}

/// A value of external.metrics.k8s.io.
#[derive(Debug, Clone, Serialize)]
pub struct External {
    pub namespace: String,
    pub metric: String,
    pub value: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
}

impl External {
    pub fn of(namespace: &str, metric: &str, value: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            metric: metric.to_owned(),
            value: value.to_owned(),
            labels: BTreeMap::new(),
            age_ms: None,
        }
    }
}

/// How a metrics API is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ApiState {
    On,
    /// Registered, and answers 503.
    Failing,
    /// Not registered: 404.
    Absent,
}

/// The played machines and sensors of one cluster. Every call panics with the program's sentence when it is refused.
#[derive(Debug, Clone)]
pub struct Steering {
    url: String,
}

impl Steering {
    pub(super) const fn at(url: String) -> Self {
        Self { url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Replaces the order that stands for the same target.
    pub async fn order(&self, order: &Order) {
        self.call(Method::PUT, "/pods", order).await;
    }

    /// Forgets all orders about the target's namespace, or those with the same pod or selector.
    pub async fn release(&self, target: &Target) {
        self.call(Method::DELETE, "/pods", target).await;
    }

    pub async fn usage(&self, usage: &Usage) {
        self.call(Method::PUT, "/metrics/pods", usage).await;
    }

    pub async fn forget_usage(&self, target: &Target) {
        self.call(Method::DELETE, "/metrics/pods", target).await;
    }

    pub async fn custom(&self, value: &Custom) {
        self.call(Method::PUT, "/metrics/custom", value).await;
    }

    pub async fn forget_custom(&self, namespace: &str, metric: &str) {
        let which = serde_json::json!({"namespace": namespace, "metric": metric});
        self.call(Method::DELETE, "/metrics/custom", &which).await;
    }

    pub async fn external(&self, value: &External) {
        self.call(Method::PUT, "/metrics/external", value).await;
    }

    pub async fn forget_external(&self, namespace: &str, metric: &str) {
        let which = serde_json::json!({"namespace": namespace, "metric": metric});
        self.call(Method::DELETE, "/metrics/external", &which).await;
    }

    /// For the whole cluster: take one of your own. Returns when the API server has seen it.
    pub async fn api(&self, group: &str, state: ApiState) {
        let state = serde_json::json!({"state": state});
        self.call(Method::PUT, &format!("/apis/{group}"), &state).await;
    }

    async fn call(&self, method: Method, path: &str, body: &impl Serialize) {
        // Each call by itself: a connection kept open would belong to the runtime of one of the tests.
        let response = Client::new()
            .request(method.clone(), format!("{}{path}", self.url))
            .json(body)
            .send()
            .await
            .unwrap();
        let status = response.status();
        let said = response.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {said}");
    }
}
