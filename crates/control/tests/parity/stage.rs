//! A scenario in a namespace.

use serde_json::{Value, json};
use testkit::{
    Cluster,
    kubernetes::{About, Custom, External, Namespace, Order, Resources, Usage},
};

use super::{
    look::Objects,
    scenario::{Played, Scenario},
};

pub(crate) struct Stage<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) namespace: Namespace<'a>,
}

/// Everything but the HPA.
pub(crate) async fn build<'a>(cluster: &'a Cluster, scenario: &'a Scenario) -> Stage<'a> {
    let stage = Stage {
        scenario,
        namespace: cluster.namespace().await,
    };
    stage.play().await;
    stage.namespace.apply(stage.workload()).await;
    stage
}

impl Stage<'_> {
    const fn kind(&self) -> &'static str {
        if self.scenario.named { "StatefulSet" } else { "Deployment" }
    }

    fn workload(&self) -> Value {
        let labels = json!({"app": "web"});
        let mut spec = json!({
            "replicas": self.scenario.replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": self.scenario.pod},
        });
        if self.scenario.named {
            spec["serviceName"] = json!("web");
            spec["podManagementPolicy"] = json!("Parallel");
        }
        json!({"apiVersion": "apps/v1", "kind": self.kind(), "metadata": {"name": "web"}, "spec": spec})
    }

    async fn play(&self) {
        let steering = self.namespace.steering().unwrap();
        let name = self.namespace.name();
        let mut all = Usage {
            window_ms: Some(1),
            ..Usage::of(self.namespace.all_pods(), "0", "0")
        };
        let mut some = Vec::new();
        for played in &self.scenario.played {
            match *played {
                Played::Use(cpu, memory) => {
                    all.each = Resources {
                        cpu: Some(cpu.to_owned()),
                        memory: Some(memory.to_owned()),
                    };
                }
                Played::UseIn(container, cpu) => {
                    let resources = Resources {
                        cpu: Some(cpu.to_owned()),
                        memory: Some("32Mi".to_owned()),
                    };
                    all.containers.insert(container.to_owned(), resources);
                }
                Played::UseOf(pod, cpu) => some.push(Usage {
                    window_ms: Some(1),
                    ..Usage::of(self.namespace.pod(pod), cpu, "32Mi")
                }),
                Played::Missing(pod) => some.push(Usage::missing(self.namespace.pod(pod))),
                Played::Unready(pod) => {
                    let order = Order {
                        ready: Some(false),
                        ..Order::for_pods(self.namespace.pod(pod))
                    };
                    steering.order(&order).await;
                }
                Played::Room(room) => {
                    let order = Order {
                        room: Some(room),
                        ..Order::for_pods(self.namespace.all_pods())
                    };
                    steering.order(&order).await;
                }
                Played::Pods(metric, value) => {
                    let about = About::Pods(self.namespace.all_pods());
                    steering.custom(&Custom::of(about, metric, value)).await;
                }
                Played::PodsOf(pod, metric, value) => {
                    let about = About::Pods(self.namespace.pod(pod));
                    steering.custom(&Custom::of(about, metric, value)).await;
                }
                Played::Object(metric, value) => {
                    let about = About::object(name, "v1", "Service", "web");
                    steering.custom(&Custom::of(about, metric, value)).await;
                }
                Played::External(metric, label, value) => {
                    let mut series = External::of(name, metric, value);
                    series.labels.insert("q".to_owned(), label.to_owned());
                    steering.external(&series).await;
                }
            }
        }
        steering.usage(&all).await;
        for usage in &some {
            steering.usage(usage).await;
        }
    }

    fn hpa(&self, name: &str) -> Value {
        let target = if self.scenario.lost { "gone" } else { "web" };
        let mut spec = self.scenario.hpa.clone();
        spec["scaleTargetRef"] = json!({"apiVersion": "apps/v1", "kind": self.kind(), "name": target});
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": spec})
    }

    /// Another HPA on the same target, which changes nothing.
    pub(crate) async fn twin(&self) {
        let mut twin = self.hpa("twin");
        let replicas = self.scenario.replicas;
        (twin["spec"]["minReplicas"], twin["spec"]["maxReplicas"]) = (json!(replicas), json!(replicas));
        self.namespace.apply(twin).await;
    }

    /// Makes the HPA.
    pub(crate) async fn start(&self) {
        self.namespace.apply(self.hpa("web")).await;
    }

    /// All pods are as the scenario wants them.
    pub(crate) fn stands(&self, objects: &Objects) -> bool {
        let Some(workload) = objects.workload(self.namespace.name()) else {
            return false;
        };
        let status = |field: &str| workload["status"][field].as_u64().unwrap_or_default();
        let pods = objects.pods_in(self.namespace.name());
        let wanted = u64::from(self.scenario.replicas);
        let running = pods.iter().filter(|pod| pod["status"]["phase"] == "Running").count();
        let is_full = !self.scenario.played.iter().any(|played| matches!(played, Played::Room(_)));
        status("replicas") == wanted
            && status("readyReplicas") == u64::from(self.scenario.ready)
            && pods.len() as u64 == wanted
            && (!is_full || running as u64 == wanted)
            && objects.has_figures(self.namespace.name(), self.measured())
    }

    /// How many pods have figures.
    fn measured(&self) -> usize {
        let missing = self
            .scenario
            .played
            .iter()
            .filter(|played| matches!(played, Played::Missing(_)))
            .count();
        let running = match self.scenario.played.iter().find_map(|played| match played {
            Played::Room(room) => Some(*room),
            _ => None,
        }) {
            Some(room) => room,
            None => self.scenario.replicas,
        };
        running as usize - missing
    }

    /// The replicas that are asked for are there.
    pub(crate) fn has_settled(&self, objects: &Objects) -> bool {
        objects.workload(self.namespace.name()).is_some_and(|workload| {
            let wanted = workload["spec"]["replicas"].as_u64().unwrap_or(1);
            let there = |field: &str| workload["status"][field].as_u64().unwrap_or_default();
            there("replicas") == wanted && objects.pods_in(self.namespace.name()).len() as u64 == wanted
        })
    }
}
