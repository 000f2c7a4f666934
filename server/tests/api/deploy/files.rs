use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

use super::manifests::{containers, deploy, documents, ends_with, files, list, manifests, read, root, texts, workloads};

/// What a kustomization names, as paths from its folder.
fn named(kustomization: &Value) -> Vec<String> {
    let own = ["resources", "components"].into_iter().flat_map(|key| texts(&kustomization[key]));
    let patches = list(kustomization, "patches").iter().filter_map(|patch| patch["path"].as_str());
    let generated = list(kustomization, "configMapGenerator")
        .iter()
        .flat_map(|map| texts(&map["files"]));
    own.chain(patches).chain(generated).map(str::to_owned).collect()
}

#[test]
fn every_file_of_a_kustomization_is_there_and_every_file_is_named_by_one() {
    let mut used = BTreeSet::new();
    for file in files().iter().filter(|file| file.ends_with("kustomization.yaml")) {
        let folder = Path::new(file).parent().unwrap();
        let [kustomization] = &documents(file)[..] else {
            panic!("{file} has several documents")
        };
        for name in named(kustomization) {
            let path = deploy(&folder.join(&name).display().to_string());
            let there = if path.is_dir() { path.join("kustomization.yaml") } else { path };
            assert!(there.is_file(), "{file} names {name}, which is not there");
            used.insert(there.canonicalize().unwrap());
        }
    }
    // What people begin with.
    let entrances = [
        "overlays/embedded",
        "overlays/production",
        "examples/chosen-namespaces",
        "components/",
        "access/",
    ];
    for file in files()
        .iter()
        .filter(|file| file.starts_with("kubernetes/") && !ends_with(file, "md"))
    {
        let entrance =
            file.ends_with("kustomization.yaml") && entrances.iter().any(|folder| file.starts_with(&format!("kubernetes/{folder}")));
        assert!(
            entrance || used.contains(&deploy(file).canonicalize().unwrap()),
            "{file} is used by no kustomization"
        );
    }
}

#[test]
fn every_image_is_of_this_version_or_has_one() {
    let own = concat!("evenkeel:", env!("CARGO_PKG_VERSION"));
    for (file, workload) in workloads() {
        for container in containers(&workload) {
            let image = container["image"].as_str().unwrap();
            let other = !image.starts_with("evenkeel") && image.rsplit_once(':').is_some_and(|(_, tag)| tag != "latest");
            assert!(image == own || other, "{file}: {image}");
        }
    }
    for file in ["container/Containerfile", "compose/compose.yaml", "kubernetes/README.md"] {
        assert!(read(file).contains(own), "{file} is about another version than {own}");
    }
    let documented = concat!("org.opencontainers.image.version=\"", env!("CARGO_PKG_VERSION"), "\"");
    assert!(read("container/Containerfile").contains(documented));
}

#[test]
fn the_pages_name_only_what_is_there() {
    let page = std::fs::read_to_string(root().join("docs/operations/kubernetes-install.md")).unwrap();
    for (name, text) in [("README.md", read("kubernetes/README.md")), ("kubernetes-install.md", page)] {
        let mut seen = 0;
        for path in text.split(|c: char| c.is_whitespace() || "`()'\"|,;".contains(c)) {
            if let Some(below) = path.trim_end_matches(['.', ':']).strip_prefix("deploy/") {
                seen += 1;
                assert!(deploy(below).exists(), "{name} names deploy/{below}");
            }
        }
        assert!(seen > 3, "{name}");
        // Every key of the secret that a pod needs, so that nobody has to find it out from an event.
        for (file, manifest) in manifests() {
            for key in secret_keys(&manifest) {
                assert!(text.contains(&key), "{name} does not tell of the key {key}, which {file} needs");
            }
        }
    }
}

/// Of the secret `evenkeel`, wherever a document names one.
fn secret_keys(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let own = fields
                .get("secretKeyRef")
                .into_iter()
                .chain(fields.get("secret").into_iter().flat_map(|s| list(s, "items")));
            let own = own.filter_map(|item| item["key"].as_str()).map(str::to_owned);
            own.chain(fields.values().flat_map(secret_keys)).collect()
        }
        Value::Array(items) => items.iter().flat_map(secret_keys).collect(),
        _ => Vec::new(),
    }
}
