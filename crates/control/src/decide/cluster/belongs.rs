//! What belongs to an object: its workload, the pods of that, the Ingresses that lead there.

use std::sync::Arc;

use model::cluster::{ObjectKind, ObjectRef};

use crate::ports::cluster::{Hpa, Ingress, Meta, NamespaceObjects, Pod, Service, Workload};

/// Of the object itself, or of what the HPA scales.
pub(crate) fn workload<'a>(objects: &'a NamespaceObjects, object: &ObjectRef) -> Option<(ObjectKind, &'a Workload)> {
    let (kind, name): (_, Arc<str>) = match object.kind {
        ObjectKind::Hpa => {
            let reference = &objects.hpas.get(object.name.as_str())?.spec.scale_target_ref;
            (ObjectKind::of_kind(&reference.kind)?, reference.name.as_ref().into())
        }
        kind => (kind, object.name.as_str().into()),
    };
    objects.workloads.get(&(kind, name)).map(|workload| (kind, &**workload))
}

/// The first HPA that scales this workload.
pub(super) fn hpa_of<'a>(objects: &'a NamespaceObjects, workload: &ObjectRef) -> Option<&'a Hpa> {
    let scales = |hpa: &&Arc<Hpa>| {
        let reference = &hpa.spec.scale_target_ref;
        *reference.kind == *workload.kind.kind() && *reference.name == *workload.name
    };
    objects.hpas.values().find(scales).map(|hpa| &**hpa)
}

/// Whether the pod is one of the workload's: by who made it, not by labels, which anybody can have.
pub(super) fn is_pod_of(objects: &NamespaceObjects, pod: &Pod, kind: ObjectKind, workload: &Workload) -> bool {
    let is_made_by = |made: &Meta, kind: &str, name: &str| made.controller().is_some_and(|o| *o.kind == *kind && *o.name == *name);
    match kind {
        ObjectKind::Deployment => pod.metadata.controller().is_some_and(|owner| {
            let set = objects.replica_sets.get(&owner.name).filter(|_| &*owner.kind == "ReplicaSet");
            set.is_some_and(|set| is_made_by(&set.metadata, kind.kind(), &workload.metadata.name))
        }),
        _ => is_made_by(&pod.metadata, kind.kind(), &workload.metadata.name),
    }
}

/// Whether the Service picks what the workload's own selector does, or one of these pods.
pub(super) fn picks<'p>(service: &Service, workload: Option<&Workload>, mut pods: impl Iterator<Item = &'p Pod>) -> bool {
    let selector = &service.spec.selector;
    let by_selector = || {
        workload.is_some_and(|workload| {
            let own = &workload.spec.selector.match_labels;
            selector.iter().all(|(key, value)| own.get(key) == Some(value))
        })
    };
    let has_all = |pod: &Pod| {
        let labels = &pod.metadata.labels;
        selector
            .iter()
            .all(|(key, value)| labels.get(&**key).is_some_and(|v| **v == **value))
    };
    !selector.is_empty() && (by_selector() || pods.any(has_all))
}

/// The Services that an Ingress leads to: by its rules, and for what no rule takes.
pub(super) fn services_behind(ingress: &Ingress) -> impl Iterator<Item = &str> {
    let rules = ingress.spec.rules.iter().filter_map(|rule| rule.http.as_ref());
    let backends = rules.flat_map(|http| &http.paths).map(|path| &path.backend);
    backends
        .chain(&ingress.spec.default_backend)
        .filter_map(|backend| Some(&*backend.service.as_ref()?.name))
}

/// Whether the Ingress leads to the workload.
pub(super) fn leads_to(objects: &NamespaceObjects, ingress: &Ingress, kind: ObjectKind, workload: &Workload) -> bool {
    services_behind(ingress)
        .filter_map(|name| objects.services.get(name))
        .any(|service| {
            let all = objects.pods.values().map(|pod| &**pod);
            picks(service, Some(workload), all.filter(|pod| is_pod_of(objects, pod, kind, workload)))
        })
}
