//! `[[clusters]]`: Kubernetes clusters that are watched, and changed where that is allowed.

use std::{collections::BTreeSet, path::PathBuf};

use adapters::kubernetes::KubernetesConfig;
use model::cluster::{ClusterId, ObjectKind, ObjectRef};
use serde::{Deserialize, Serialize};

use super::{ControllerFlags, Key, error::BadValue};

pub(super) const KEYS: &[Key] = &[
    Key::new("clusters[].id", "a name of a-z, 0-9, '-', '_' and '.', at most 63 characters"),
    Key::new("clusters[].kubeconfig", "the path of a kubeconfig"),
    Key::new("clusters[].context", "the name of a context of the kubeconfig"),
    Key::new("clusters[].namespaces", "a list of 1 to 100 namespaces; all when absent"),
    Key::new("clusters[].read_only", "true or false"),
];

/// Each is watched as a whole.
const CLUSTERS_MAX: usize = 20;
/// A watch for each kind and namespace; whoever needs more may read all of them.
const NAMESPACES_MAX: usize = 100;
const CONTEXT_MAX_BYTES: usize = 253;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSettings {
    pub id: ClusterId,
    /// Absent: the service account of the pod this runs in, else `KUBECONFIG`, else `~/.kube/config`.
    #[serde(default)]
    pub kubeconfig: Option<PathBuf>,
    #[serde(default)]
    pub context: Option<String>,
    #[serde(default)]
    pub namespaces: Option<Vec<String>>,
    #[serde(default)]
    pub read_only: bool,
    /// What its controller was started with.
    #[serde(default)]
    pub controller: ControllerFlags,
}

pub(super) fn check(clusters: &[ClusterSettings]) -> Result<(), BadValue> {
    if clusters.len() > CLUSTERS_MAX {
        return Err(BadValue::new(
            "clusters",
            format!("there are {}; at most {CLUSTERS_MAX} are watched", clusters.len()),
        ));
    }
    let mut ids = BTreeSet::new();
    for (index, cluster) in clusters.iter().enumerate() {
        let wrong = |field: &str, why: String| Err(BadValue::new(format!("clusters.{index}.{field}"), why));
        if !ids.insert(&cluster.id) {
            return wrong("id", format!("two clusters have the id {}", cluster.id));
        }
        if cluster.kubeconfig.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
            return wrong("kubeconfig", "it is empty".to_owned());
        }
        if let Some(context) = &cluster.context
            && (context.is_empty() || context.len() > CONTEXT_MAX_BYTES)
        {
            return wrong("context", "it is empty or longer than 253 bytes".to_owned());
        }
        cluster.controller.check(&format!("clusters.{index}.controller"))?;
        let Some(namespaces) = &cluster.namespaces else { continue };
        if namespaces.is_empty() || namespaces.len() > NAMESPACES_MAX {
            return wrong("namespaces", format!("it has {} namespaces", namespaces.len()));
        }
        let mut seen = BTreeSet::new();
        for namespace in namespaces {
            if ObjectRef::new(cluster.id.clone(), namespace, ObjectKind::Hpa, "x").is_err() {
                return wrong("namespaces", format!("{namespace:?} is not the name of a namespace"));
            }
            if !seen.insert(namespace) {
                return wrong("namespaces", format!("{namespace} is in it twice"));
            }
        }
    }
    Ok(())
}

impl From<&ClusterSettings> for KubernetesConfig {
    fn from(settings: &ClusterSettings) -> Self {
        Self {
            kubeconfig: settings.kubeconfig.clone(),
            context: settings.context.clone(),
            namespaces: settings.namespaces.clone(),
            read_only: settings
                .read_only
                .then(|| format!("clusters.read_only is set for {} in the settings", settings.id)),
            controller: (&settings.controller).into(),
            ..Self::new(settings.id.clone())
        }
    }
}
