//! A look at the cluster, read as plainly as it can be: every list whole.

use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

use control::{
    decide::cluster::{Round, questions},
    ports::cluster::{ClusterLook, ControllerSettings, CustomValue, MetricQuestion, NamespaceObjects, PodFigures, Quantity},
};
use model::{SourceState, cluster::ObjectKind};
use serde::de::DeserializeOwned;
use serde_json::Value;
use testkit::kubernetes::{Client, list, read};

/// Lists of all namespaces, as the API server sent them.
pub(crate) struct Objects {
    pub(crate) hpas: Vec<Value>,
    workloads: Vec<(ObjectKind, Value)>,
    pods: Vec<Value>,
    figures: Vec<Value>,
}

fn is_in(object: &Value, namespace: &str) -> bool {
    object["metadata"]["namespace"] == namespace
}

impl Objects {
    pub(crate) fn hpa(&self, namespace: &str) -> Option<&Value> {
        let mut all = self.hpas.iter();
        all.find(|hpa| is_in(hpa, namespace) && hpa["metadata"]["name"] == "web")
    }

    pub(crate) fn workload(&self, namespace: &str) -> Option<&Value> {
        self.workloads
            .iter()
            .map(|(_, workload)| workload)
            .find(|workload| is_in(workload, namespace))
    }

    pub(crate) fn pods_in(&self, namespace: &str) -> Vec<&Value> {
        self.pods.iter().filter(|pod| is_in(pod, namespace)).collect()
    }

    pub(crate) fn has_figures(&self, namespace: &str, count: usize) -> bool {
        self.figures.iter().filter(|of| is_in(of, namespace)).count() == count
    }
}

pub(crate) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

pub(crate) async fn hpas(client: &Client) -> Vec<Value> {
    list(client, "/apis/autoscaling/v2/horizontalpodautoscalers").await.unwrap()
}

pub(crate) async fn objects(client: &Client) -> Objects {
    let deployments = list(client, "/apis/apps/v1/deployments").await.unwrap();
    let sets = list(client, "/apis/apps/v1/statefulsets").await.unwrap();
    let deployments = deployments.into_iter().map(|one| (ObjectKind::Deployment, one));
    let sets = sets.into_iter().map(|one| (ObjectKind::StatefulSet, one));
    Objects {
        hpas: hpas(client).await,
        workloads: deployments.chain(sets).collect(),
        pods: list(client, "/api/v1/pods").await.unwrap(),
        figures: list(client, "/apis/metrics.k8s.io/v1beta1/pods").await.unwrap(),
    }
}

fn text(value: &Value) -> Arc<str> {
    value.as_str().unwrap_or_default().into()
}

fn typed<T: DeserializeOwned>(object: &Value) -> Arc<T> {
    Arc::new(serde_json::from_value(object.clone()).unwrap())
}

/// The same as our port shows it, with what custom and external metrics say now.
pub(crate) async fn look(client: &Client, objects: &Objects) -> ClusterLook {
    let mut namespaces: BTreeMap<Arc<str>, NamespaceObjects> = BTreeMap::new();
    let names = |object: &Value| (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
    for hpa in &objects.hpas {
        let (namespace, name) = names(hpa);
        namespaces.entry(namespace).or_default().hpas.insert(name, typed(hpa));
    }
    for (kind, workload) in &objects.workloads {
        let (namespace, name) = names(workload);
        let of = namespaces.entry(namespace).or_default();
        of.workloads.insert((*kind, name), typed(workload));
    }
    for pod in &objects.pods {
        let (namespace, name) = names(pod);
        namespaces.entry(namespace).or_default().pods.insert(name, typed(pod));
    }
    let figures = objects.figures.iter().map(|of| (names(of), figures(of))).collect();
    let mut look = ClusterLook {
        seq: 1,
        state: SourceState::Up,
        answered_at_ms: Some(now_ms()),
        took_us: 0,
        version: Some("v1.36.3".into()),
        controller: ControllerSettings::default(),
        kinds: Arc::new([]),
        namespaces: namespaces.into_iter().map(|(name, objects)| (name, Arc::new(objects))).collect(),
        figures: Ok(Arc::new(figures)),
        custom: Arc::default(),
    };
    let mut custom = BTreeMap::new();
    let asked: Vec<_> = Round::new(&look).spaces().flat_map(questions).collect();
    for question in asked {
        let answer = ask(client, &question).await;
        custom.insert(question, answer.map_err(Arc::from));
    }
    look.custom = Arc::new(custom);
    look
}

fn moment(value: &Value) -> i64 {
    let at: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
    at.as_millisecond()
}

fn quantity(value: &Value) -> Quantity {
    value.as_str().map_or(Quantity(0), |text| text.parse().unwrap())
}

fn figures(of: &Value) -> PodFigures {
    let container = |one: &Value| {
        let usage = &one["usage"];
        (
            text(&one["name"]),
            quantity(&usage["cpu"]).milli(),
            quantity(&usage["memory"]).units(),
        )
    };
    PodFigures {
        at_ms: moment(&of["timestamp"]),
        window_s: 0,
        containers: of["containers"].as_array().unwrap().iter().map(container).collect(),
    }
}

/// As the controller asks.
async fn ask(client: &Client, question: &MetricQuestion) -> Result<CustomValue, String> {
    let escaped = |text: &str| text.replace('=', "%3D").replace(',', "%2C").replace(' ', "%20");
    let custom = "/apis/custom.metrics.k8s.io/v1beta2/namespaces";
    let path = match question {
        MetricQuestion::Pods {
            namespace,
            selector,
            metric,
            ..
        } => {
            format!("{custom}/{namespace}/pods/*/{metric}?labelSelector={}", escaped(selector))
        }
        MetricQuestion::Object {
            namespace,
            described,
            metric,
            ..
        } => {
            format!(
                "{custom}/{namespace}/{}s/{}/{metric}",
                described.kind.to_lowercase(),
                described.name
            )
        }
        MetricQuestion::External {
            namespace,
            metric,
            metric_selector,
        } => format!(
            "/apis/external.metrics.k8s.io/v1beta1/namespaces/{namespace}/{metric}?labelSelector={}",
            escaped(metric_selector)
        ),
    };
    let answer = read(client, &path).await?;
    let value = |item: &Value| {
        let name = item["describedObject"]["name"].as_str().unwrap_or_default();
        (Box::from(name), quantity(&item["value"]).milli(), moment(&item["timestamp"]), 0)
    };
    Ok(CustomValue {
        values: answer["items"].as_array().into_iter().flatten().map(value).collect(),
    })
}
