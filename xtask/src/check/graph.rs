//! Who depends on whom, read from `cargo metadata` into plain values.

use std::collections::{BTreeMap, HashMap, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use crate::{failure::Failure, workspace::Workspace};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Also build scripts: what they import is built with the crate.
    Normal,
    Dev,
}

/// A dependency as the manifest states it.
#[derive(Debug, Clone)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) optional: bool,
    /// The features that bring an optional dependency in.
    pub(super) switched_on_by: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) members: Vec<Member>,
    /// Crate to the crates it was resolved to, dev-dependencies left out. By name: two versions of a crate are one here.
    pub(super) edges: BTreeMap<String, Vec<String>>,
}

impl Graph {
    /// Every crate that is reached, each with a shortest way to it.
    pub(super) fn reaches(&self, from: &str) -> BTreeMap<String, Vec<String>> {
        let mut ways: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut queue = VecDeque::from([vec![from.to_owned()]]);
        while let Some(way) = queue.pop_front() {
            let last = way.last().map_or(from, String::as_str);
            for next in self.edges.get(last).into_iter().flatten() {
                if next != from && !ways.contains_key(next) {
                    let mut longer = way.clone();
                    longer.push(next.clone());
                    ways.insert(next.clone(), longer.clone());
                    queue.push_back(longer);
                }
            }
        }
        ways
    }
}

pub(super) fn read(workspace: &Workspace) -> Result<Graph, Failure> {
    let metadata = MetadataCommand::new()
        .current_dir(workspace.root())
        .exec()
        .map_err(|error| Failure::Unreadable {
            what: "the dependencies (cargo metadata)".into(),
            why: error.to_string(),
        })?;
    let members = metadata.workspace_packages().into_iter().map(member).collect();
    Ok(Graph {
        members,
        edges: edges(&metadata),
    })
}

fn member(package: &Package) -> Member {
    let dependencies = package.dependencies.iter().map(|dependency| {
        // A renamed dependency is switched on by its new name and judged by its real one.
        let alias = dependency.rename.as_deref().unwrap_or(&dependency.name);
        Dependency {
            name: dependency.name.clone(),
            kind: if dependency.kind == DependencyKind::Development {
                Kind::Dev
            } else {
                Kind::Normal
            },
            optional: dependency.optional,
            switched_on_by: switched_on_by(package, alias),
        }
    });
    Member {
        name: package.name.to_string(),
        dependencies: dependencies.collect(),
    }
}

fn switched_on_by(package: &Package, dependency: &str) -> Vec<String> {
    let mut features: Vec<_> = package
        .features
        .iter()
        .filter(|(_, brings)| {
            brings.iter().any(|bring| {
                let bring = bring.strip_prefix("dep:").unwrap_or(bring);
                // `control/x` brings control in, `control?/x` does not.
                bring == dependency || bring.split_once('/').is_some_and(|(krate, _)| krate == dependency)
            })
        })
        .map(|(feature, _)| feature.clone())
        .collect();
    features.sort();
    features
}

fn edges(metadata: &Metadata) -> BTreeMap<String, Vec<String>> {
    let names: HashMap<&PackageId, String> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package.name.to_string()))
        .collect();
    let mut edges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let Some(from) = names.get(&node.id) else { continue };
        let built_in = node
            .deps
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        let targets = built_in.filter_map(|dependency| names.get(&dependency.pkg).cloned());
        edges.entry(from.clone()).or_default().extend(targets);
    }
    edges
}
