//! Every pod is as the profile `restricted` of the Pod Security Standards wants it, and stricter; and it may take as long to stop as it does.

use std::{collections::BTreeSet, time::Duration};

use evenkeel::{Application, config};
use serde_json::{Value, json};

use super::manifests::{containers, deploy, list, manifests, workloads};

/// Volumes that the profile allows.
const VOLUMES: [&str; 7] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
];

#[test]
fn every_pod_is_restricted() {
    let workloads = workloads();
    assert_eq!(workloads.len(), 3, "console, gateway, PostgreSQL");
    for (file, workload) in &workloads {
        let pod = &workload["spec"]["template"]["spec"];
        for host in [
            "hostNetwork",
            "hostPID",
            "hostIPC",
            "hostUsers",
            "initContainers",
            "ephemeralContainers",
        ] {
            assert_eq!(pod.get(host), None, "{file}: {host}");
        }
        assert_eq!(pod["automountServiceAccountToken"], false, "{file}");
        assert_eq!(
            pod["enableServiceLinks"], false,
            "{file}: variables of other services are no settings"
        );
        let user = &pod["securityContext"];
        assert_eq!(
            (&user["runAsNonRoot"], &user["seccompProfile"]["type"]),
            (&json!(true), &json!("RuntimeDefault")),
            "{file}"
        );
        assert!(
            user["runAsUser"].as_u64().unwrap() > 0 && user["runAsGroup"].as_u64().unwrap() > 0,
            "{file}"
        );
        for volume in list(pod, "volumes") {
            let kinds: Vec<&String> = volume.as_object().unwrap().keys().filter(|key| *key != "name").collect();
            assert!(
                kinds.len() == 1 && (VOLUMES.contains(&kinds[0].as_str()) || kinds[0] == "secret"),
                "{file}: {volume}"
            );
            if let Some(empty) = volume.get("emptyDir") {
                assert!(empty["sizeLimit"].is_string(), "{file}: {} has no limit", volume["name"]);
            }
        }
        for container in containers(workload) {
            is_restricted(file, container);
        }
    }
}

fn is_restricted(file: &str, container: &Value) {
    let expected = json!({ "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] } });
    assert_eq!(container["securityContext"], expected, "{file}");
    for needed in ["/requests/cpu", "/requests/memory", "/limits/memory"] {
        assert!(container["resources"].pointer(needed).is_some(), "{file}: resources{needed}");
    }
    let ports = list(container, "ports");
    assert!(ports.iter().all(|port| port.get("hostPort").is_none()), "{file}");
    assert!(container.get("readinessProbe").is_some(), "{file}: nobody knows when it is ready");
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let asked = ["/httpGet/port", "/tcpSocket/port"]
            .iter()
            .find_map(|at| container[probe].pointer(at));
        assert!(
            asked.is_none_or(|port| ports.iter().any(|own| own["name"] == *port)),
            "{file}: {probe} asks a port that is not there"
        );
    }
}

/// A patch is merged over what was checked above: it may not touch what makes a pod safe.
#[test]
fn no_overlay_loosens_a_pod() {
    let loose: BTreeSet<&str> = [
        "securityContext",
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "hostPath",
        "hostPort",
        "privileged",
        "enableServiceLinks",
    ]
    .into();
    let whole: Vec<String> = workloads().into_iter().map(|(file, _)| file).collect();
    for (file, document) in manifests().iter().filter(|(file, _)| !whole.contains(file)) {
        let mut values = vec![document];
        while let Some(value) = values.pop() {
            let fields = value.as_object();
            if let Some(name) = fields.and_then(|fields| fields.keys().find(|key| loose.contains(key.as_str()))) {
                panic!("{file} sets {name}");
            }
            values.extend(fields.into_iter().flat_map(|fields| fields.values()));
            values.extend(value.as_array().into_iter().flatten());
        }
    }
}

/// Of the settings file that a pod runs by.
fn drain(settings: &str) -> Duration {
    let inputs = config::Inputs {
        file: Some(deploy(settings)),
        // A pool for those that register needs a token; it is in the secret.
        variables: vec![("EVENKEEL_REGISTRY__TOKEN".to_owned(), "0a".repeat(24))],
        flags: Vec::new(),
    };
    let settings = config::load(&inputs).unwrap_or_else(|e| panic!("{e}")).settings;
    Duration::from_millis(settings.gateway.drain_ms.into())
}

#[test]
fn nobody_is_killed_while_it_drains() {
    // The gateway tells its console that it goes, for at most two seconds.
    let farewell = Duration::from_secs(2);
    let cases = [
        ("base/console.yaml", "overlays/embedded/evenkeel.toml", Application::STOPS_WITHIN),
        ("base/console.yaml", "overlays/production/evenkeel.toml", Application::STOPS_WITHIN),
        ("components/gateway/gateway.yaml", "components/gateway/gateway.toml", farewell),
    ];
    for (file, settings, besides) in cases {
        let (_, workload) = workloads().into_iter().find(|(known, _)| known.ends_with(file)).unwrap();
        let pod = &workload["spec"]["template"]["spec"];
        let before = containers(&workload)[0]
            .pointer("/lifecycle/preStop/sleep/seconds")
            .and_then(Value::as_u64)
            .unwrap();
        let given = Duration::from_secs(pod["terminationGracePeriodSeconds"].as_u64().unwrap());
        let needed = Duration::from_secs(before) + drain(&format!("kubernetes/{settings}")) + besides;
        assert!(
            given > needed,
            "{file} with {settings}: stopping takes up to {needed:?}, and it is killed after {given:?}"
        );
    }
}
