//! What is kept of an object's metadata: as little as the console needs.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Deserializer, de::IgnoredAny};

/// Annotations that are kept; all others are dropped while reading.
const ANNOTATIONS: [&str; 8] = [
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "meta.helm.sh/",
    "nginx.ingress.kubernetes.io/",
    "kubernetes.io/ingress.class",
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/restartedAt",
];
/// Longest annotation that is kept.
const ANNOTATION_MAX_BYTES: usize = 512;

/// An object's `metadata`, pruned while it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    pub name: Arc<str>,
    pub namespace: Arc<str>,
    pub uid: Arc<str>,
    pub resource_version: Box<str>,
    pub generation: i64,
    /// Unix time, ms.
    #[serde(rename = "creationTimestamp", deserialize_with = "moment")]
    pub created_at_ms: Option<i64>,
    #[serde(rename = "deletionTimestamp", deserialize_with = "moment")]
    pub deleted_at_ms: Option<i64>,
    /// Shared between objects that have the same.
    pub labels: Arc<BTreeMap<Arc<str>, Arc<str>>>,
    #[serde(deserialize_with = "kept_annotations")]
    pub annotations: BTreeMap<Box<str>, Box<str>>,
    pub owner_references: Vec<OwnerRef>,
    /// From `managedFields`.
    #[serde(rename = "managedFields", deserialize_with = "owners")]
    pub owners: Vec<FieldOwner>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerRef {
    pub kind: Arc<str>,
    pub name: Arc<str>,
    pub controller: bool,
}

/// One entry of `managedFields`, as far as replicas and bounds go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, as managedFields tells it")]
pub struct FieldOwner {
    /// "kubectl-scale", "argocd-controller", "kube-controller-manager".
    pub manager: Arc<str>,
    pub is_apply: bool,
    /// "scale", "status"; empty for the object itself.
    pub subresource: Box<str>,
    /// Unix time, ms.
    pub at_ms: Option<i64>,
    /// It owns `spec.replicas`.
    pub has_replicas: bool,
    /// It owns something of `spec`.
    pub has_spec: bool,
    /// It owns something of `spec.template`.
    pub has_template: bool,
}

impl Meta {
    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owner_references.iter().find(|o| o.controller)
    }
}

/// Reads an RFC 3339 time; what is not one counts as absent.
pub(super) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
        .map(jiff::Timestamp::as_millisecond))
}

fn kept_annotations<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Box<str>, Box<str>>, D::Error> {
    let all = BTreeMap::<Box<str>, Box<str>>::deserialize(from)?;
    let is_kept = |key: &str, value: &str| ANNOTATIONS.iter().any(|kept| key.starts_with(kept)) && value.len() <= ANNOTATION_MAX_BYTES;
    Ok(all.into_iter().filter(|(key, value)| is_kept(key, value)).collect())
}

fn owners<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<FieldOwner>, D::Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Entry {
        manager: Arc<str>,
        operation: Box<str>,
        subresource: Box<str>,
        #[serde(deserialize_with = "moment")]
        time: Option<i64>,
        #[serde(rename = "fieldsV1")]
        fields: Fields,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Fields {
        #[serde(rename = "f:spec")]
        spec: Option<Spec>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Spec {
        #[serde(rename = "f:replicas")]
        replicas: Option<IgnoredAny>,
        #[serde(rename = "f:template")]
        template: Option<IgnoredAny>,
    }
    let entries = Vec::<Entry>::deserialize(from)?;
    let owner = |entry: Entry| {
        let spec = entry.fields.spec;
        FieldOwner {
            manager: entry.manager,
            is_apply: &*entry.operation == "Apply",
            subresource: entry.subresource,
            at_ms: entry.time,
            has_replicas: spec.as_ref().is_some_and(|s| s.replicas.is_some()),
            has_template: spec.as_ref().is_some_and(|s| s.template.is_some()),
            has_spec: spec.is_some(),
        }
    };
    Ok(entries.into_iter().map(owner).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_pruned_while_it_is_read() {
        let meta: Meta = serde_json::from_str(
            r#"{"name":"web","namespace":"shop","creationTimestamp":"2026-11-20T10:00:00Z","unknown":{"a":1},
                "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","meta.helm.sh/release-name":"shop"},
                "managedFields":[
                  {"manager":"kubectl-scale","operation":"Update","subresource":"scale","time":"2026-11-20T10:00:01Z","fieldsV1":{"f:spec":{"f:replicas":{}}}},
                  {"manager":"helm","operation":"Apply","fieldsV1":{"f:spec":{"f:template":{"f:spec":{}}}}},
                  {"manager":"kube-controller-manager","operation":"Update","subresource":"status","fieldsV1":{"f:status":{}}}]}"#,
        )
        .unwrap();
        assert_eq!(meta.created_at_ms, Some(1_795_168_800_000));
        assert_eq!(
            meta.annotations.keys().map(|k| &**k).collect::<Vec<_>>(),
            ["meta.helm.sh/release-name"]
        );
        let owns: Vec<_> = meta
            .owners
            .iter()
            .map(|o| (&*o.manager, o.is_apply, o.has_replicas, o.has_template, o.has_spec))
            .collect();
        assert_eq!(
            owns,
            [
                ("kubectl-scale", false, true, false, true),
                ("helm", true, false, true, true),
                ("kube-controller-manager", false, false, false, false)
            ]
        );
    }
}
