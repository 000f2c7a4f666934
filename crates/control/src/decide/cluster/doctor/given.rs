//! What a document is: an HPA, what it scales, what changes requests, or nothing that is examined.

use model::{
    Severity,
    cluster::{FindingCode, ObjectKind},
};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::{
    check::{check, nearest},
    edit::Pen,
    node::Node,
    notes::{Notes, note, short},
    schema::{self, Shape},
};
use crate::ports::cluster::{Hpa, HpaMetric, MetricTargetSpec, ResourceMetric, Vpa, Workload};

/// One object of the input.
pub(super) struct Given<'a> {
    pub(super) node: &'a Node,
    /// "`HorizontalPodAutoscaler` shop/web".
    pub(super) what: String,
    pub(super) kind: Option<ObjectKind>,
    /// Empty where it is not told.
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) object: Object,
    pub(super) notes: Notes,
}

pub(super) enum Object {
    Hpa {
        hpa: Box<Hpa>,
        version: HpaVersion,
    },
    Workload(ObjectKind, Box<Workload>),
    Vpa(Box<Vpa>),
    /// Of KEDA: what it scales.
    Scaled {
        kind: String,
        name: String,
    },
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HpaVersion {
    V1,
    V2Beta1,
    V2Beta2,
    V2,
}

const HPA: &str = "HorizontalPodAutoscaler";
const VPA: &str = "VerticalPodAutoscaler";
/// Kinds that are examined, for who misspelt one.
const KINDS: [&str; 6] = [HPA, VPA, "Deployment", "StatefulSet", "ScaledObject", "List"];

impl<'a> Given<'a> {
    /// The `n`th of the input, from 1.
    pub(super) fn read(pen: Pen<'_>, node: &'a Node, n: usize) -> Self {
        let text = |path: &str| node.find(path).and_then(Node::text).unwrap_or_default();
        let (kind, name, namespace) = (text("kind"), text("metadata.name"), text("metadata.namespace"));
        let what = match (kind, namespace, name) {
            ("", ..) => format!("document {n}"),
            (kind, _, "") => short(kind),
            (kind, "", name) => format!("{} {}", short(kind), short(name)),
            (kind, namespace, name) => format!("{} {}/{}", short(kind), short(namespace), short(name)),
        };
        let mut given = Self {
            node,
            what,
            kind: ObjectKind::of_kind(kind),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            object: Object::Other,
            notes: Notes::default(),
        };
        given.object = given.examine(pen, kind, text("apiVersion"));
        given
    }

    fn examine(&mut self, pen: Pen<'_>, kind: &str, version: &str) -> Object {
        match kind {
            HPA => self.hpa(pen, version),
            "Deployment" | "StatefulSet" => {
                let (shape, of) = if kind == "Deployment" {
                    (schema::DEPLOYMENT, ObjectKind::Deployment)
                } else {
                    (schema::STATEFUL_SET, ObjectKind::StatefulSet)
                };
                self.expect_version(pen, version, &["apps/v1"], "apps/v1");
                self.typed(pen, shape)
                    .map_or(Object::Other, |workload| Object::Workload(of, workload))
            }
            VPA => {
                let known = ["autoscaling.k8s.io/v1", "autoscaling.k8s.io/v1beta2"];
                self.expect_version(pen, version, &known, known[0]);
                self.typed(pen, schema::VPA).map_or(Object::Other, Object::Vpa)
            }
            "ScaledObject" | "ScaledJob" if version.starts_with("keda.sh/") => self.keda(),
            "" => {
                self.nameless();
                Object::Other
            }
            _ => {
                self.misspelt(pen, kind);
                Object::Other
            }
        }
    }

    fn hpa(&mut self, pen: Pen<'_>, version: &str) -> Object {
        let version = match version {
            "autoscaling/v1" => HpaVersion::V1,
            "autoscaling/v2beta1" => HpaVersion::V2Beta1,
            "autoscaling/v2beta2" => HpaVersion::V2Beta2,
            other => {
                self.expect_version(pen, other, &["autoscaling/v2"], "autoscaling/v2");
                HpaVersion::V2
            }
        };
        let shape = match version {
            HpaVersion::V1 => schema::HPA_V1,
            HpaVersion::V2Beta1 => schema::HPA_V2BETA1,
            HpaVersion::V2Beta2 | HpaVersion::V2 => schema::HPA,
        };
        let Some(mut hpa) = self.typed::<Hpa>(pen, shape) else {
            return Object::Other;
        };
        if version == HpaVersion::V1
            && let Some(percent) = self.node.find("spec.targetCPUUtilizationPercentage").and_then(whole)
        {
            hpa.spec.metrics = vec![cpu(percent)];
        }
        Object::Hpa { hpa, version }
    }

    /// As the port reads it from a cluster.
    fn typed<T: DeserializeOwned>(&mut self, pen: Pen<'_>, shape: Shape) -> Option<Box<T>> {
        let mut json = check(pen, self.node, shape, "", &mut self.notes).unwrap_or_else(|| json!({}));
        if let Some(Json::Object(meta)) = json.get_mut("metadata") {
            meta.retain(|key, _| matches!(key.as_str(), "name" | "namespace" | "labels"));
        }
        match serde_json::from_value(json) {
            Ok(object) => Some(Box::new(object)),
            Err(error) => {
                let why = format!("the rest of it was not examined: {}.", short(&error.to_string()));
                self.notes.push(note(
                    FindingCode::NotChecked,
                    Severity::Warning,
                    "",
                    self.node.place.line,
                    "Not examined",
                    why,
                ));
                None
            }
        }
    }

    fn expect_version(&mut self, pen: Pen<'_>, version: &str, known: &[&str], newest: &'static str) {
        if known.contains(&version) || version.is_empty() {
            return;
        }
        let edit = self.node.get("apiVersion").and_then(|node| pen.replace(node, &Json::from(newest)));
        let kind = self.node.get("kind").and_then(Node::text).unwrap_or_default();
        self.notes.push(
            note(
                FindingCode::OutdatedApi,
                Severity::Critical,
                "apiVersion",
                self.node.line_of("apiVersion"),
                format!("{} is no version of {kind}", short(version)),
                "no cluster of today serves it: the object is refused.",
            )
            .advice(&format!("Write {newest}"), format!("apiVersion: {newest}"))
            .mend(edit),
        );
    }

    fn keda(&mut self) -> Object {
        let said = "KEDA makes an HPA of its own for it; its triggers are not examined here.";
        self.notes.push(
            note(
                FindingCode::NotChecked,
                Severity::Info,
                "spec",
                self.node.line_of("spec"),
                format!("{} is not examined", self.what),
                said,
            )
            .advice(
                "Examine what KEDA makes of it",
                format!("kubectl get hpa keda-hpa-{} -o yaml | evenkeel doctor -", short(&self.name)),
            ),
        );
        let text = |path: &str| self.node.find(path).and_then(Node::text).map(str::to_owned);
        Object::Scaled {
            kind: text("spec.scaleTargetRef.kind").unwrap_or_else(|| "Deployment".to_owned()),
            name: text("spec.scaleTargetRef.name").unwrap_or_default(),
        }
    }

    fn nameless(&mut self) {
        let why = if self.node.entries().is_empty() {
            format!("this is {}, not an object of Kubernetes.", self.node.what())
        } else {
            "without it nobody can tell what this is.".to_owned()
        };
        self.notes.push(
            note(
                FindingCode::InvalidObject,
                Severity::Critical,
                "kind",
                self.node.place.line,
                "kind is missing",
                why,
            )
            .advice("Give whole objects", "Each document begins with apiVersion, kind and metadata."),
        );
    }

    fn misspelt(&mut self, pen: Pen<'_>, kind: &str) {
        let Some(meant) = nearest(kind, KINDS.into_iter()) else { return };
        let node = self.node.get("kind");
        self.notes.push(
            note(
                FindingCode::InvalidObject,
                Severity::Critical,
                "kind",
                self.node.line_of("kind"),
                format!("There is no kind {}", short(kind)),
                format!("{meant} is the nearest one."),
            )
            .advice(&format!("Write {meant}"), format!("kind: {meant}"))
            .mend(node.and_then(|node| pen.replace(node, &Json::from(meant)))),
        );
    }
}

pub(super) fn whole(node: &Node) -> Option<u32> {
    match &node.value {
        super::node::Value::Number(number) => number.as_u64().and_then(|n| u32::try_from(n).ok()),
        _ => None,
    }
}

/// What `targetCPUUtilizationPercentage` is in `v2`.
fn cpu(percent: u32) -> HpaMetric {
    HpaMetric {
        kind: "Resource".into(),
        resource: Some(ResourceMetric {
            name: "cpu".into(),
            container: None,
            target: MetricTargetSpec {
                kind: "Utilization".into(),
                average_utilization: Some(percent),
                ..MetricTargetSpec::default()
            },
        }),
        ..HpaMetric::default()
    }
}
