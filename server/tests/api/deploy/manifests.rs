//! The files of `deploy/` as data.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A path below `deploy/`.
pub(super) fn deploy(below: &str) -> PathBuf {
    root().join("deploy").join(below)
}

pub(super) fn read(below: &str) -> String {
    let path = deploy(below);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every document of a file.
pub(super) fn documents(below: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(below)).unwrap_or_else(|e| panic!("{below}: {e}"))
}

pub(super) fn document(below: &str, kind: &str) -> Value {
    let mut found = documents(below).into_iter().filter(|document| document["kind"] == kind);
    let document = found.next().unwrap_or_else(|| panic!("{below} has no {kind}"));
    assert!(found.next().is_none(), "{below} has several {kind}");
    document
}

/// Every file below `deploy/`, its path written from there.
pub(super) fn files() -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![deploy("")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(deploy("")).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// What is applied to a cluster: all documents of Kubernetes, with where they stand.
pub(super) fn manifests() -> Vec<(String, Value)> {
    let yaml = files()
        .into_iter()
        .filter(|file| file.starts_with("kubernetes/") && ends_with(file, "yaml"));
    yaml.filter(|file| !file.ends_with("kustomization.yaml"))
        .flat_map(|file| documents(&file).into_iter().map(move |document| (file.clone(), document)))
        .collect()
}

/// Workloads in whole. A patch has no selector.
pub(super) fn workloads() -> Vec<(String, Value)> {
    let mut found = manifests();
    found.retain(|(_, document)| {
        matches!(
            document["kind"].as_str(),
            Some("Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob")
        ) && document.pointer("/spec/selector").is_some()
    });
    found
}

pub(super) fn containers(workload: &Value) -> &[Value] {
    workload["spec"]["template"]["spec"]["containers"].as_array().unwrap()
}

pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.as_str().unwrap()).collect()
}

pub(super) fn ends_with(file: &str, ending: &str) -> bool {
    Path::new(file).extension().is_some_and(|own| own == ending)
}
