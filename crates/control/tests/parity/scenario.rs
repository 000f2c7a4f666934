//! What a scenario is made of.

use serde_json::{Value, json};

/// What is played before the HPA is made.
#[derive(Debug, Clone)]
pub(crate) enum Played {
    /// Every container of every pod uses this.
    Use(&'static str, &'static str),
    /// The container of this name uses so much cpu, the others what `Use` says.
    UseIn(&'static str, &'static str),
    /// The pod of this name (of a `StatefulSet`) uses this.
    UseOf(&'static str, &'static str),
    /// Nothing is known of this pod.
    Missing(&'static str),
    /// This pod runs, and is not ready.
    Unready(&'static str),
    /// So many get a node.
    Room(u32),
    /// A custom metric of every pod; of one.
    Pods(&'static str, &'static str),
    PodsOf(&'static str, &'static str, &'static str),
    /// A custom metric of the Service `web`.
    Object(&'static str, &'static str),
    /// A series of an external metric, with its label `q`.
    External(&'static str, &'static str, &'static str),
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a condition of its own")]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// A `StatefulSet`, whose pods have names that are known beforehand.
    pub(crate) named: bool,
    pub(crate) replicas: u32,
    /// How many become ready.
    pub(crate) ready: u32,
    /// The spec of its pods.
    pub(crate) pod: Value,
    /// `spec` of the HPA, without its target.
    pub(crate) hpa: Value,
    pub(crate) played: Vec<Played>,
    /// Both look a second time, with what they remember.
    pub(crate) again: bool,
    /// A second HPA on the same target.
    pub(crate) twin: bool,
    /// The HPA points at something that is not there.
    pub(crate) lost: bool,
}

/// Three pods that request 100m of cpu and 64Mi, and an HPA from 1 to 10.
pub(crate) fn scenario(name: &'static str, hpa: Value, played: &[Played]) -> Scenario {
    let container = json!({"name": "app", "image": "app:1", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}});
    let mut spec = json!({"minReplicas": 1, "maxReplicas": 10});
    for (key, value) in hpa.as_object().unwrap() {
        spec[key] = value.clone();
    }
    Scenario {
        name,
        named: false,
        replicas: 3,
        ready: 3,
        pod: json!({ "containers": [container] }),
        hpa: spec,
        played: played.to_vec(),
        again: false,
        twin: false,
        lost: false,
    }
}

impl Scenario {
    pub(crate) fn replicas(mut self, replicas: u32) -> Self {
        (self.replicas, self.ready) = (replicas, replicas);
        self
    }

    pub(crate) fn named(mut self) -> Self {
        self.named = true;
        self
    }

    pub(crate) fn ready(mut self, ready: u32) -> Self {
        self.ready = ready;
        self
    }

    pub(crate) fn pod(mut self, pod: Value) -> Self {
        self.pod = pod;
        self
    }

    pub(crate) fn again(mut self) -> Self {
        self.again = true;
        self
    }
}

/// `spec.metrics` with one resource.
pub(crate) fn resource(name: &str, percent: u32) -> Value {
    json!({"type": "Resource", "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": percent}}})
}

pub(crate) fn cpu(percent: u32) -> Value {
    json!({ "metrics": [resource("cpu", percent)] })
}

/// cpu at 50 %, with this behaviour.
pub(crate) fn behaving(behavior: Value) -> Value {
    json!({"metrics": [resource("cpu", 50)], "behavior": behavior})
}

/// Down at once.
pub(crate) fn at_once() -> Value {
    json!({"scaleDown": {"stabilizationWindowSeconds": 0}})
}

pub(crate) fn average(value: &str) -> Value {
    json!({"type": "AverageValue", "averageValue": value})
}

pub(crate) fn whole(value: &str) -> Value {
    json!({"type": "Value", "value": value})
}

pub(crate) fn pods(metric: &str, value: &str) -> Value {
    json!({"type": "Pods", "pods": {"metric": {"name": metric}, "target": average(value)}})
}

pub(crate) fn object(metric: &str, target: Value) -> Value {
    let described = json!({"apiVersion": "v1", "kind": "Service", "name": "web"});
    json!({"type": "Object", "object": {"metric": {"name": metric}, "describedObject": described, "target": target}})
}

pub(crate) fn external(metric: &str, target: Value) -> Value {
    json!({"type": "External", "external": {"metric": {"name": metric}, "target": target}})
}
