//! Who may speak to whom, and that everything named is there.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::manifests::{containers, deploy, documents, ends_with, files, list, manifests};

/// Labels of each kind of pod, with the ports it has; patches add to what they patch.
fn pods() -> Vec<(Map<String, Value>, Vec<Value>)> {
    let mut pods: Vec<(String, Map<String, Value>, Vec<Value>)> = Vec::new();
    // Those in whole come first: `base` and `components` before `overlays`.
    for (_, document) in manifests() {
        let Some(template) = document.pointer("/spec/template") else {
            continue;
        };
        let name = document["metadata"]["name"].as_str().unwrap().to_owned();
        let labels = template["metadata"]["labels"].as_object().cloned().unwrap_or_default();
        let ports: Vec<Value> = containers(&document)
            .iter()
            .flat_map(|container| list(container, "ports").to_vec())
            .collect();
        match pods.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, known_labels, known_ports)) => {
                known_labels.extend(labels);
                known_ports.extend(ports);
            }
            None => pods.push((name, labels, ports)),
        }
    }
    pods.into_iter().map(|(_, labels, ports)| (labels, ports)).collect()
}

fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    let plain = selector
        .get("matchLabels")
        .or_else(|| selector.get("matchExpressions").is_none().then_some(selector));
    let plain = plain.and_then(Value::as_object).into_iter().flatten();
    let all = plain.into_iter().all(|(key, value)| labels.get(key) == Some(value));
    all && list(selector, "matchExpressions").iter().all(|expression| {
        assert_eq!(expression["operator"], "In");
        labels
            .get(expression["key"].as_str().unwrap())
            .is_some_and(|own| list(expression, "values").contains(own))
    })
}

#[test]
fn nothing_is_allowed_that_is_not_named_and_everything_named_is_there() {
    let pods = pods();
    let policies: Vec<_> = manifests()
        .into_iter()
        .filter(|(_, document)| document["kind"] == "NetworkPolicy")
        .collect();
    let default = &policies[0].1;
    assert_eq!(default["metadata"]["name"], "deny-all");
    assert_eq!(
        default["spec"],
        serde_json::json!({ "podSelector": {}, "policyTypes": ["Ingress", "Egress"] })
    );
    let ours: BTreeSet<u64> = pods
        .iter()
        .flat_map(|(_, ports)| ports)
        .map(|port| port["containerPort"].as_u64().unwrap())
        .collect();
    // DNS and Kubernetes.
    let known: BTreeSet<u64> = ours.into_iter().chain([53, 443, 6443]).collect();
    let mut names = BTreeSet::new();
    for (file, policy) in &policies {
        let (name, spec) = (policy["metadata"]["name"].as_str().unwrap(), &policy["spec"]);
        assert!(
            names.insert((file.starts_with("kubernetes/overlays"), name)),
            "{file}: two are called {name}"
        );
        assert!(
            pods.iter().any(|(labels, _)| selects(&spec["podSelector"], labels)),
            "{file}: {name} is for no pod"
        );
        for rule in list(spec, "ingress").iter().chain(list(spec, "egress")) {
            for port in list(rule, "ports") {
                // Numbers: not every network understands the names of ports on the way out.
                let number = port["port"]
                    .as_u64()
                    .unwrap_or_else(|| panic!("{file}: {name} names a port by its name"));
                assert!(known.contains(&number), "{file}: {name} is about port {number}, which nothing has");
            }
            let peers = list(rule, "from").iter().chain(list(rule, "to"));
            for selector in peers.filter_map(|peer| peer.get("podSelector")) {
                assert!(
                    pods.iter().any(|(labels, _)| selects(selector, labels)),
                    "{file}: {name} names a pod that is not there"
                );
            }
        }
    }
}

#[test]
fn every_service_and_budget_leads_to_pods() {
    let pods = pods();
    for (file, document) in manifests() {
        let (kind, spec) = (document["kind"].as_str().unwrap(), &document["spec"]);
        if !matches!(kind, "Service" | "PodDisruptionBudget") {
            continue;
        }
        let behind: Vec<_> = pods.iter().filter(|(labels, _)| selects(&spec["selector"], labels)).collect();
        assert_eq!(behind.len(), 1, "{file}: the {kind} leads to {} kinds of pod", behind.len());
        for port in list(spec, "ports") {
            let name = &port["targetPort"];
            assert!(
                behind[0].1.iter().any(|own| own["name"] == *name),
                "{file}: no pod has a port called {name}"
            );
        }
    }
}

#[test]
fn nothing_in_the_repository_is_a_secret() {
    for file in files() {
        let yaml = ends_with(&file, "yaml");
        assert!(deploy(&file).file_name().unwrap() != ".env" || !yaml, "{file}");
        if yaml && !file.ends_with("compose.yaml") {
            assert!(
                documents(&file).iter().all(|document| document["kind"] != "Secret"),
                "{file} holds a secret"
            );
        }
    }
    let kustomizations = files().into_iter().filter(|file| file.ends_with("kustomization.yaml"));
    for file in kustomizations {
        assert!(documents(&file)[0].get("secretGenerator").is_none(), "{file} makes a secret");
    }
}
