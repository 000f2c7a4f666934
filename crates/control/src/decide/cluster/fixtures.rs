//! A small shop in a cluster: three ready pods of a Deployment, and an HPA that has nothing to do. Tests change what they are about, in the
//! JSON that the API server would send.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    SourceState,
    cluster::{KindStatus, ObjectKind},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::ports::cluster::{ClusterLook, ControllerSettings, CustomValue, MetricQuestion, NamespaceObjects, PodFigures, Workload};

pub(super) const NOW_MS: i64 = 1_795_168_800_000;
pub(super) const SHOP: &str = "shop";

/// Objects as JSON, by kind and name.
#[derive(Clone)]
pub(super) struct Scene {
    objects: BTreeMap<(&'static str, String), Value>,
    /// Pod: container, milli, bytes.
    figures: BTreeMap<String, Vec<(String, i64, i64)>>,
    pub(super) figures_missing: Option<&'static str>,
    pub(super) custom: BTreeMap<MetricQuestion, Result<CustomValue, Arc<str>>>,
    pub(super) state: SourceState,
    pub(super) version: &'static str,
    pub(super) kinds: Vec<KindStatus>,
    pub(super) controller: ControllerSettings,
}

/// As the API writes it.
pub(super) fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap().to_string()
}

/// As long ago.
pub(super) fn ago(seconds: i64) -> String {
    time(NOW_MS - seconds * 1_000)
}

fn merge(into: &mut Value, patch: Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    into.remove(&key);
                } else {
                    merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (into, patch) => *into = patch,
    }
}

impl Scene {
    pub(super) fn empty() -> Self {
        Self {
            objects: BTreeMap::new(),
            figures: BTreeMap::new(),
            figures_missing: None,
            custom: BTreeMap::new(),
            state: SourceState::Up,
            version: "v1.36.3",
            controller: ControllerSettings::default(),
            kinds: Vec::new(),
        }
    }

    /// `web`: 3 of 2 to 10 replicas, cpu at 140 of 200 milli, which is its 70 %.
    pub(super) fn web() -> Self {
        let mut scene = Self::empty();
        scene.deployment("web", 3);
        scene.pods("web", 3, 140);
        scene.put(
            "hpa",
            "web",
            json!({
                "spec": {
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                    "minReplicas": 2, "maxReplicas": 10,
                    "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]
                },
                "status": {
                    "currentReplicas": 3, "desiredReplicas": 3, "lastScaleTime": ago(3_000),
                    "conditions": [
                        {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale", "message": "m"},
                        {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound", "message": "m"},
                        {"type": "ScalingLimited", "status": "False", "reason": "DesiredWithinRange", "message": "m"}
                    ],
                    "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 70, "averageValue": "140m"}}}]
                }
            }),
        );
        scene
    }

    pub(super) fn deployment(&mut self, name: &str, replicas: u32) {
        let container = json!({"name": "app", "resources": {"requests": {"cpu": "200m", "memory": "128Mi"}}});
        let body = json!({
            "spec": {
                "replicas": replicas, "selector": {"matchLabels": {"app": name}},
                "template": {"spec": {"containers": [container]}}
            },
            "status": {
                "observedGeneration": 1, "replicas": replicas, "readyReplicas": replicas, "updatedReplicas": replicas,
                "availableReplicas": replicas,
                "conditions": [{"type": "Available", "status": "True"}, {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]
            },
            "metadata": {"generation": 1}
        });
        self.put("deployment", name, body);
    }

    /// Ready ones that use so much cpu each.
    pub(super) fn pods(&mut self, app: &str, count: usize, cpu_milli: i64) {
        for n in 0..count {
            let name = format!("{app}-{n}");
            let body = json!({
                "metadata": {"labels": {"app": app}},
                "spec": {"nodeName": "node-1", "containers": [
                    {"name": "app", "resources": {"requests": {"cpu": "200m", "memory": "128Mi"}}}]},
                "status": {
                    "phase": "Running", "startTime": ago(7_000),
                    "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(6_900)}],
                    "containerStatuses": [{"name": "app", "ready": true, "restartCount": 0, "state": {}}]
                }
            });
            self.put("pod", &name, body);
            self.uses(&name, cpu_milli);
        }
    }

    pub(super) fn put(&mut self, kind: &'static str, name: &str, mut body: Value) {
        let meta = json!({"metadata": {"name": name, "namespace": SHOP, "creationTimestamp": ago(7_200)}});
        merge(&mut body, meta);
        self.objects.insert((kind, name.to_owned()), body);
    }

    /// A merge patch; an object that is not there fails the test.
    pub(super) fn change(&mut self, kind: &'static str, name: &str, patch: Value) {
        merge(self.objects.get_mut(&(kind, name.to_owned())).unwrap(), patch);
    }

    /// The same for all pods whose names begin so.
    pub(super) fn change_pods(&mut self, prefix: &str, patch: &Value) {
        let pods = self.objects.iter_mut();
        for (_, pod) in pods.filter(|((kind, name), _)| *kind == "pod" && name.starts_with(prefix)) {
            merge(pod, patch.clone());
        }
    }

    pub(super) fn remove(&mut self, kind: &'static str, name: &str) {
        self.objects.remove(&(kind, name.to_owned())).unwrap();
    }

    pub(super) fn uses(&mut self, pod: &str, cpu_milli: i64) {
        self.figures.insert(pod.to_owned(), vec![("app".to_owned(), cpu_milli, 64 << 20)]);
    }

    pub(super) fn forget_figures(&mut self, pod: &str) {
        self.figures.remove(pod).unwrap();
    }

    /// A condition of the HPA, in place of the one of that type.
    pub(super) fn condition(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let hpa = self.objects.get_mut(&("hpa", "web".to_owned())).unwrap();
        let conditions = hpa["status"]["conditions"].as_array_mut().unwrap();
        conditions.retain(|c| c["type"] != kind);
        conditions.push(json!({"type": kind, "status": status, "reason": reason, "message": message}));
    }

    fn all<T: DeserializeOwned>(&self, kind: &str) -> BTreeMap<Arc<str>, Arc<T>> {
        let of_kind = self.objects.iter().filter(|((one, _), _)| *one == kind);
        let read = |body: &Value| Arc::new(serde_json::from_value(body.clone()).unwrap());
        of_kind.map(|((_, name), body)| (Arc::from(name.as_str()), read(body))).collect()
    }

    pub(super) fn look(&self) -> ClusterLook {
        let workloads = |kind: &str, of: ObjectKind| {
            let all = self.all::<Workload>(kind);
            all.into_iter()
                .map(move |(name, workload)| ((of, name), workload))
                .collect::<Vec<_>>()
        };
        let mut both = workloads("deployment", ObjectKind::Deployment);
        both.extend(workloads("statefulset", ObjectKind::StatefulSet));
        let objects = NamespaceObjects {
            hpas: self.all("hpa"),
            workloads: both.into_iter().collect(),
            replica_sets: self.all("replicaset"),
            pods: self.all("pod"),
            budgets: self.all("pdb"),
            quotas: self.all("quota"),
            services: self.all("service"),
            endpoint_slices: self.all("endpointslice"),
            ingresses: self.all("ingress"),
            vpas: self.all("vpa"),
            events: self.all("event"),
        };
        let figures = self.figures.iter().map(|(pod, containers)| {
            let containers = containers
                .iter()
                .map(|(name, milli, bytes)| (Arc::from(name.as_str()), *milli, *bytes));
            let figures = PodFigures {
                at_ms: NOW_MS - 10_000,
                window_s: 15,
                containers: containers.collect(),
            };
            ((Arc::from(SHOP), Arc::from(pod.as_str())), figures)
        });
        ClusterLook {
            seq: 1,
            state: self.state.clone(),
            answered_at_ms: Some(NOW_MS - 500),
            took_us: 1_000,
            version: Some(self.version.into()),
            controller: self.controller,
            kinds: self.kinds.clone().into(),
            namespaces: BTreeMap::from([(Arc::from(SHOP), Arc::new(objects))]),
            figures: match self.figures_missing {
                Some(why) => Err(why.into()),
                None => Ok(Arc::new(figures.collect())),
            },
            custom: Arc::new(self.custom.clone()),
        }
    }
}
