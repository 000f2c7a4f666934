//! An HPA beside what it scales: requests, replicas and limits.

use model::{Severity, cluster::FindingCode};
use serde_json::{Value as Json, json};

use super::{
    across::{Said, is_near},
    edit::{Edit, Pen},
    given::{Given, Object},
    node::Node,
    notes::{Note, note, short},
};
use crate::ports::cluster::{Container, HpaMetric, HpaSpec, PodSpec, ResourceMetric};

/// Of an HPA without `behavior.*.tolerance`.
const TOLERANCE_PERCENT: u64 = 10;
/// What the API server fills in where no metric is given.
const DEFAULT_CPU_PERCENT: u32 = 80;
/// Metrics and containers that are compared with each other; nobody has so many, but somebody may send a million.
pub(super) const MEASURED_MAX: usize = 16;
const CONTAINERS_MAX: usize = 64;

/// A metric that is a share of requests.
pub(super) fn share(metric: &HpaMetric) -> Option<&ResourceMetric> {
    let of = match &*metric.kind {
        "Resource" => metric.resource.as_ref(),
        "ContainerResource" => metric.container_resource.as_ref(),
        _ => None,
    };
    of.filter(|of| &*of.target.kind == "Utilization")
}

/// An HPA and what it scales.
pub(super) struct Pair<'a> {
    pub(super) pen: Pen<'a>,
    pub(super) hpa: &'a Given<'a>,
    pub(super) hpa_at: usize,
    pub(super) spec: &'a HpaSpec,
    pub(super) workload: &'a Given<'a>,
    pub(super) workload_at: usize,
    pub(super) pod: &'a PodSpec,
}

/// A container in the document.
struct Held<'a> {
    path: String,
    container: &'a Container,
}

impl Pair<'_> {
    /// Resource, and container where it is one's own: what utilisation is measured against.
    fn measured(&self) -> Vec<(&str, Option<&str>, usize, u32)> {
        if self.spec.metrics.is_empty() {
            return vec![("cpu", None, 0, DEFAULT_CPU_PERCENT)];
        }
        let all = self.spec.metrics.iter().enumerate();
        all.filter_map(|(n, metric)| {
            let of = share(metric)?;
            Some((&*of.name, of.container.as_deref(), n, of.target.average_utilization?))
        })
        .take(MEASURED_MAX)
        .collect()
    }

    /// Containers that run beside each other.
    fn containers(&self) -> Vec<Held<'_>> {
        let path = "spec.template.spec";
        let held = |list: &'static str| {
            move |(n, container)| Held {
                path: format!("{path}.{list}[{n}]"),
                container,
            }
        };
        let sidecars = self
            .pod
            .init_containers
            .iter()
            .enumerate()
            .filter(|(_, c)| c.restart_policy.as_deref() == Some("Always"));
        let containers = self.pod.containers.iter().enumerate().map(held("containers"));
        containers
            .chain(sidecars.map(held("initContainers")))
            .take(CONTAINERS_MAX)
            .collect()
    }

    pub(super) fn requests(&self, given: &[Given<'_>], said: &mut Said) {
        let containers = self.containers();
        for (resource, container, n, percent) in self.measured() {
            // Those of the pod as a whole count for it as a whole.
            let of_pod = self.pod.resources.as_ref();
            if container.is_none() && of_pod.is_some_and(|r| r.requests.contains_key(resource) || r.limits.contains_key(resource)) {
                continue;
            }
            if let Some(name) = container.filter(|name| !containers.iter().any(|held| &*held.container.name == *name)) {
                let at = format!("spec.metrics[{n}].containerResource.container");
                let note = note(
                    FindingCode::TargetNotFound,
                    Severity::Critical,
                    &at,
                    self.hpa.node.line_of(&at),
                    format!("{} has no container {}", self.workload.what, short(name)),
                    "the metric has no value, so that nothing is scaled by it.",
                );
                let names: Vec<_> = containers.iter().map(|held| short(&held.container.name)).collect();
                said.push((self.hpa_at, note.advice("Its containers are", names.join(", "))));
                continue;
            }
            for held in &containers {
                let resources = &held.container.resources;
                let is_asked = container.is_none_or(|name| name == &*held.container.name);
                // A limit is the request where none is written.
                if is_asked && !resources.requests.contains_key(resource) && !resources.limits.contains_key(resource) {
                    said.push((self.workload_at, self.missing(held, resource, percent, given)));
                }
            }
        }
    }

    fn missing(&self, held: &Held<'_>, resource: &str, percent: u32, given: &[Given<'_>]) -> Note {
        let name = short(&held.container.name);
        let (value, whence) = self.recommended(&held.container.name, resource, given).map_or_else(
            || {
                let value = if resource == "memory" { "128Mi" } else { "100m" };
                (value.to_owned(), "a placeholder: write what it uses on a quiet day")
            },
            |value| (value, "what the VPA recommends"),
        );
        let at = format!("{}.resources.requests.{resource}", held.path);
        note(
            FindingCode::RequestMissing,
            Severity::Critical,
            &at,
            self.workload.node.line_of(&at),
            format!("Container {name} has no {resource} request"),
            format!(
                "{} keeps {resource} at {percent} % of the requests. As long as one container has none, the metric has no value and nothing is \
                 scaled by it.",
                self.hpa.what
            ),
        )
        .patch(
            "Give it a request",
            format!("resources:\n  requests:\n    {resource}: {value}  # {whence}\n"),
        )
        .mend(self.request(&held.path, resource, &value))
    }

    /// What a VPA of the same workload found out.
    fn recommended(&self, container: &str, resource: &str, given: &[Given<'_>]) -> Option<String> {
        given.iter().find_map(|of| {
            let Object::Vpa(vpa) = &of.object else { return None };
            let target = &vpa.spec.target_ref;
            if *target.name != *self.workload.name || !is_near(&of.namespace, &self.workload.namespace) {
                return None;
            }
            // The status is not among what is checked, so it is read from the document.
            let all = of.node.find("status.recommendation.containerRecommendations")?.items();
            let own = all
                .iter()
                .find(|one| one.get("containerName").and_then(Node::text) == Some(container))?;
            let value = own.get("target")?.get(resource)?.text()?;
            value.parse::<crate::ports::cluster::Quantity>().ok().map(|_| value.to_owned())
        })
    }

    fn request(&self, container: &str, resource: &str, value: &str) -> Option<Edit> {
        let (node, pen) = (self.workload.node.find(container)?, self.pen);
        let Some(resources) = node.entry("resources") else {
            return pen.add(node, "resources", &json!({"requests": {resource: value}}));
        };
        let Some(requests) = resources.value.entry("requests") else {
            return match resources.value.entries() {
                [] => pen.fill(node, resources, &json!({"requests": {resource: value}})),
                _ => pen.add(&resources.value, "requests", &json!({resource: value})),
            };
        };
        match requests.value.entries() {
            [] => pen.fill(&resources.value, requests, &json!({resource: value})),
            _ => pen.add(&requests.value, resource, &Json::from(value)),
        }
    }

    /// Every `kubectl apply` of the manifest would turn back what the HPA did.
    pub(super) fn replicas(&self, said: &mut Said) {
        let at = "spec.replicas";
        let Some(entry) = self
            .workload
            .node
            .get("spec")
            .and_then(|spec| Some((spec, spec.entry("replicas")?)))
        else {
            return;
        };
        let (spec, entry) = entry;
        if entry.value.is_null() {
            return;
        }
        let is_flow = matches!(spec.value, super::node::Value::Map { is_flow: true, .. });
        let why = "Taken out: the HPA sets the replicas, and every apply of a number here turns it back.";
        let edit = (!entry.value.has_shared() && !spec.is_shared)
            .then(|| self.pen.comment_out(Pen::field(entry), is_flow, why))
            .flatten();
        said.push((
            self.workload_at,
            note(
                FindingCode::ReplicasSet,
                Severity::Warning,
                at,
                self.workload.node.line_of(at),
                "The manifest sets replicas, and so does an HPA",
                format!(
                    "{} owns them. With every apply, by hand or by GitOps, the replicas jump to the number that is written here and back again.",
                    self.hpa.what
                ),
            )
            .advice(
                "Leave replicas out",
                "The first time it is left out, Kubernetes sets 1 replica: hand it over as its documentation says (kubectl apply edit-last-applied).",
            )
            .mend(edit),
        ));
    }

    /// A target that the limits keep the pods below.
    pub(super) fn reach(&self, said: &mut Said) {
        let containers = self.containers();
        for (resource, container, n, percent) in self.measured() {
            let asked: Vec<_> = containers
                .iter()
                .filter(|held| container.is_none_or(|name| name == &*held.container.name))
                .collect();
            let mut requests = 0_u64;
            let mut limits = 0_u64;
            let is_bounded = !asked.is_empty()
                && asked.iter().all(|held| {
                    let resources = &held.container.resources;
                    let Some(limit) = resources.limits.get(resource) else {
                        return false;
                    };
                    let request = resources.requests.get(resource).unwrap_or(limit);
                    requests = requests.saturating_add(request.milli().unsigned_abs());
                    limits = limits.saturating_add(limit.milli().unsigned_abs());
                    true
                });
            // It is above the target only when it is above the tolerance too.
            let needed = u64::from(percent) * (100 + self.tolerance_percent()) / 100;
            let most = limits.saturating_mul(100).checked_div(requests).unwrap_or(u64::MAX);
            if !is_bounded || self.pod.resources.is_some() || needed < most {
                continue;
            }
            let at = format!("spec.metrics[{n}]");
            said.push((
                self.hpa_at,
                note(
                    FindingCode::TargetOutOfReach,
                    Severity::Critical,
                    &at,
                    self.hpa.node.line_of(&at),
                    format!("{resource} can never be far enough above {percent} %"),
                    format!(
                        "the limits of {} are {most} % of its requests, and a pod is added above {needed} % (the target and its tolerance): no load \
                         gets there.",
                        self.workload.what
                    ),
                )
                .estimated()
                .advice(
                    "Lower the target or the requests",
                    format!("a target of at most {} %, or requests well below the limits", most * 80 / 100),
                ),
            ));
        }
    }

    fn tolerance_percent(&self) -> u64 {
        let up = self
            .spec
            .behavior
            .as_ref()
            .and_then(|b| b.scale_up.as_ref())
            .and_then(|up| up.tolerance);
        up.map_or(TOLERANCE_PERCENT, |of| of.milli().max(0).unsigned_abs() / 10)
    }
}
