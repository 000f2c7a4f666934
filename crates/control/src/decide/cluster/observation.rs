//! What the controller would see of an HPA's target: its scale, its pods, and one reading for each metric.

use std::{collections::BTreeMap, sync::Arc};

use model::scaling::{ContainerRequest, PodObservation, PodPhase, PodSample, Reading, ReadyCondition, ScalingObservation};

use super::{Space, Target, question::question};
use crate::ports::cluster::{Container, Hpa, HpaMetric, MetricQuestion, Pod, PodFigures, Resources};

/// What an HPA without metrics measures.
const DEFAULT_RESOURCE: &str = "cpu";
/// Resources that a pod as a whole can request (KEP-2837).
const POD_LEVEL: [&str; 2] = ["cpu", "memory"];

/// The target as the controller sees it; why not, where it has none that can be seen from here.
///
/// # Errors
/// What stands in the place of the target.
pub fn observe<'a>(space: &Space<'a>, hpa: &Hpa) -> Result<ScalingObservation, Target<'a>> {
    let target = space.target(hpa);
    let Target::Found { kind, workload } = target else {
        return Err(target);
    };
    let pods = space.pods_of_workload(kind, workload);
    let figures: Vec<_> = match &space.look.figures {
        Ok(all) => pods.iter().map(|pod| all.get(&key(pod))).collect(),
        Err(_) => Vec::new(),
    };
    let seen = Seen {
        space,
        hpa,
        shared: space.in_two_hpas(kind, workload),
        pods,
        figures,
    };
    Ok(ScalingObservation {
        spec_replicas: workload.spec.replicas.unwrap_or(1),
        status_replicas: workload.status.replicas,
        pods: seen.pods.iter().map(|pod| pod_observation(pod)).collect(),
        readings: seen.readings(),
        forecast: None,
    })
}

/// Under which its figures are.
pub(super) fn key(pod: &Pod) -> (Arc<str>, Arc<str>) {
    (pod.metadata.namespace.clone(), pod.metadata.name.clone())
}

struct Seen<'s, 'a> {
    space: &'s Space<'a>,
    hpa: &'s Hpa,
    /// Of another HPA too.
    shared: Option<&'a Pod>,
    pods: Vec<&'a Pod>,
    /// Beside `pods`.
    figures: Vec<Option<&'a PodFigures>>,
}

impl Seen<'_, '_> {
    fn readings(&self) -> Vec<Reading> {
        let metrics = &self.hpa.spec.metrics;
        let count = metrics.len().max(1);
        if let Some(shared) = self.shared {
            // The controller does not even look.
            let why = format!("the pod {} is selected by more than one HPA", shared.metadata.name);
            return vec![Reading::Failed { why }; count];
        }
        if metrics.is_empty() {
            return vec![self.resource(DEFAULT_RESOURCE, None)];
        }
        metrics.iter().map(|metric| self.reading(metric)).collect()
    }

    fn reading(&self, metric: &HpaMetric) -> Reading {
        match (&*metric.kind, &metric.resource, &metric.container_resource) {
            ("Resource", Some(of), _) => self.resource(&of.name, None),
            ("ContainerResource", _, Some(of)) => self.resource(&of.name, of.container.as_deref()),
            _ => match question(self.space, self.hpa, metric) {
                Some(question) => self.custom(&question),
                None => failed("the metric does not say what it measures"),
            },
        }
    }

    /// `getPodMetrics` and `getContainerMetrics` of Kubernetes' `metrics/client.go`.
    fn resource(&self, name: &str, container: Option<&str>) -> Reading {
        if let Err(why) = &self.space.look.figures {
            return failed(why);
        }
        if !POD_LEVEL.contains(&name) {
            return failed(&format!("{name} is not measured: metrics.k8s.io has cpu and memory"));
        }
        let mut samples = Vec::with_capacity(self.pods.len());
        for (pod, figures) in self.pods.iter().zip(&self.figures) {
            let Some(figures) = figures else { continue };
            let of = figures.containers.iter();
            let mut of = of.filter(|(one, ..)| container.is_none_or(|wanted| wanted == &**one)).peekable();
            if of.peek().is_none() {
                match container {
                    // One pod without it, and the metric cannot be read.
                    Some(container) => return failed(&format!("there is no figure of container {container} in {}", pod.metadata.name)),
                    None => continue,
                }
            }
            let value: f64 = of.map(|(_, cpu_milli, bytes)| unit(name, *cpu_milli, *bytes)).sum();
            samples.push(PodSample {
                pod: pod.metadata.name.to_string(),
                value,
                at_ms: figures.at_ms,
                window_s: figures.window_s,
            });
        }
        Reading::PerPod { samples }
    }

    fn custom(&self, question: &MetricQuestion) -> Reading {
        let answer = match self.space.look.custom.get(question) {
            None => return failed("it was not asked for yet"),
            Some(Err(why)) => return failed(why),
            Some(Ok(answer)) => answer,
        };
        if answer.values.is_empty() {
            return failed("the metrics API has no value of it");
        }
        match question {
            MetricQuestion::Pods { .. } => {
                let sample = |(pod, milli, at_ms, window_s): &(Box<str>, i64, i64, u32)| PodSample {
                    pod: pod.to_string(),
                    value: milli_value(*milli),
                    at_ms: *at_ms,
                    window_s: *window_s,
                };
                Reading::PerPod {
                    samples: answer.values.iter().map(sample).collect(),
                }
            }
            MetricQuestion::Object { .. } | MetricQuestion::External { .. } => Reading::Whole {
                values: answer.values.iter().map(|(_, milli, ..)| milli_value(*milli)).collect(),
                at_ms: answer.values.iter().map(|(_, _, at_ms, _)| *at_ms).max().unwrap_or_default(),
            },
        }
    }
}

fn failed(why: &str) -> Reading {
    Reading::Failed { why: why.to_owned() }
}

/// In cores or bytes.
fn unit(resource: &str, cpu_milli: i64, bytes: i64) -> f64 {
    if resource == "cpu" { milli_value(cpu_milli) } else { bytes as f64 }
}

fn milli_value(milli: i64) -> f64 {
    milli as f64 / 1_000.0
}

fn pod_observation(pod: &Pod) -> PodObservation {
    let ready = pod.status.conditions.iter().find(|c| &*c.kind == "Ready");
    PodObservation {
        name: pod.metadata.name.to_string(),
        phase: match &*pod.status.phase {
            "Pending" => PodPhase::Pending,
            "Running" => PodPhase::Running,
            "Failed" => PodPhase::Failed,
            // Their figures count, but they do not: so it is with a phase nobody knows.
            _ => PodPhase::Succeeded,
        },
        is_being_deleted: pod.metadata.deleted_at_ms.is_some(),
        started_at_ms: pod.status.started_at_ms,
        ready: ready.map(|condition| ReadyCondition {
            is_ready: &*condition.status == "True",
            since_ms: condition.since_ms.unwrap_or_default(),
        }),
        containers: requests(pod),
    }
}

/// `calculatePodRequests`: those of all containers that keep running, or those of the pod as a whole.
fn requests(pod: &Pod) -> Vec<ContainerRequest> {
    let named = lasting(pod).map(|container| ContainerRequest {
        name: container.name.to_string(),
        requests_milli: milli(&container.resources),
    });
    let containers = named.collect();
    match &pod.spec.resources {
        Some(of_pod) if POD_LEVEL.iter().any(|name| of_pod.requests.contains_key(*name)) => whole(containers, of_pod),
        _ => containers,
    }
}

/// Containers that run as long as the pod.
pub(super) fn lasting(pod: &Pod) -> impl Iterator<Item = &Container> {
    let beside = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
    pod.spec.containers.iter().chain(pod.spec.init_containers.iter().filter(beside))
}

fn milli(resources: &Resources) -> BTreeMap<String, i64> {
    let all = resources.requests.iter();
    all.map(|(name, quantity)| (name.to_string(), quantity.milli())).collect()
}

/// With one more container for what the pod requests beyond its containers, so that their sum is that of the pod. None of them has to have
/// a request of its own then.
fn whole(mut containers: Vec<ContainerRequest>, of_pod: &Resources) -> Vec<ContainerRequest> {
    let mut rest = milli(of_pod);
    for name in POD_LEVEL {
        let requested = |container: &mut ContainerRequest| *container.requests_milli.entry(name.to_owned()).or_insert(0);
        let sum: i64 = containers.iter_mut().map(requested).sum();
        let of_pod = rest.entry(name.to_owned()).or_insert(sum);
        *of_pod = of_pod.saturating_sub(sum).max(0);
    }
    containers.push(ContainerRequest {
        name: String::new(),
        requests_milli: rest,
    });
    containers
}
