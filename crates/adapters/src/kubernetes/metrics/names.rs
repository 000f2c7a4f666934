//! Under which name the metrics APIs have a kind: `Ingress` of `networking.k8s.io/v1` is `ingresses.networking.k8s.io`.

use std::collections::{BTreeMap, btree_map::Entry};

use control::ports::cluster::{CrossVersionRef, MetricQuestion};
use serde::Deserialize;

use super::super::{Inner, api::segment};

const DISCOVERY_MAX_BYTES: usize = 4 << 20;
/// Groups that are remembered: HPAs name few, and what they name is other people's.
const GROUPS_MAX: usize = 200;

/// By `apiVersion`: kind and plural. Absent: the cluster did not say.
#[derive(Default)]
pub(super) struct Names(BTreeMap<Box<str>, BTreeMap<Box<str>, Box<str>>>);

#[derive(Deserialize)]
struct List {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: Box<str>,
    kind: Box<str>,
}

impl Names {
    /// Asks discovery for what the question describes, once.
    pub(super) async fn learn(&mut self, inner: &Inner, question: &MetricQuestion) {
        let MetricQuestion::Object { described, .. } = question else {
            return;
        };
        if self.0.len() >= GROUPS_MAX {
            self.0.clear();
        }
        let Entry::Vacant(place) = self.0.entry(described.api_version.clone()) else {
            return;
        };
        let path = match described.api_version.split_once('/') {
            Some((group, version)) => format!("/apis/{}/{}", segment(group), segment(version)),
            None => format!("/api/{}", segment(&described.api_version)),
        };
        let Ok(answer) = inner.api.get(&path, DISCOVERY_MAX_BYTES).await else {
            return;
        };
        if let Ok(list) = serde_json::from_slice::<List>(&answer.body) {
            place.insert(parse(list));
        }
    }

    /// `ingresses.networking.k8s.io`.
    pub(super) fn resource(&self, described: &CrossVersionRef) -> Option<String> {
        let plural = self.0.get(&described.api_version)?.get(&described.kind)?;
        Some(match described.api_version.split_once('/') {
            Some((group, _)) => format!("{plural}.{group}"),
            None => plural.to_string(),
        })
    }

    #[cfg(test)]
    pub(super) fn of(api_version: &str, json: &str) -> Self {
        let list = serde_json::from_str(json).expect("a list of resources");
        Self(BTreeMap::from([(api_version.into(), parse(list))]))
    }
}

/// Without subresources.
fn parse(list: List) -> BTreeMap<Box<str>, Box<str>> {
    let own = list.resources.into_iter().filter(|resource| !resource.name.contains('/'));
    own.map(|resource| (resource.kind, resource.name)).collect()
}
