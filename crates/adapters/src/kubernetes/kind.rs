//! What is watched.

/// One resource of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Hpas,
    Deployments,
    StatefulSets,
    ReplicaSets,
    Pods,
    Budgets,
    Quotas,
    Services,
    EndpointSlices,
    Ingresses,
    Vpas,
    Events,
}

impl Kind {
    pub const ALL: [Self; 12] = [
        Self::Hpas,
        Self::Deployments,
        Self::StatefulSets,
        Self::ReplicaSets,
        Self::Pods,
        Self::Budgets,
        Self::Quotas,
        Self::Services,
        Self::EndpointSlices,
        Self::Ingresses,
        Self::Vpas,
        Self::Events,
    ];

    /// Group (empty: core), version and plural.
    pub(super) const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Hpas => ("autoscaling", "v2", "horizontalpodautoscalers"),
            Self::Deployments => ("apps", "v1", "deployments"),
            Self::StatefulSets => ("apps", "v1", "statefulsets"),
            Self::ReplicaSets => ("apps", "v1", "replicasets"),
            Self::Pods => ("", "v1", "pods"),
            Self::Budgets => ("policy", "v1", "poddisruptionbudgets"),
            Self::Quotas => ("", "v1", "resourcequotas"),
            Self::Services => ("", "v1", "services"),
            Self::EndpointSlices => ("discovery.k8s.io", "v1", "endpointslices"),
            Self::Ingresses => ("networking.k8s.io", "v1", "ingresses"),
            Self::Vpas => ("autoscaling.k8s.io", "v1", "verticalpodautoscalers"),
            Self::Events => ("", "v1", "events"),
        }
    }

    /// "horizontalpodautoscalers.autoscaling".
    pub(super) fn resource(self) -> String {
        match self.names() {
            ("", _, plural) => plural.to_owned(),
            (group, _, plural) => format!("{plural}.{group}"),
        }
    }

    /// Not every cluster has it: asked for through discovery first, as without it a list may be answered 403 instead of 404.
    pub(super) const fn is_optional(self) -> bool {
        matches!(self, Self::Vpas)
    }

    /// `/apis/autoscaling/v2`
    pub(super) fn group_path(self) -> String {
        match self.names() {
            ("", version, _) => format!("/api/{version}"),
            (group, version, _) => format!("/apis/{group}/{version}"),
        }
    }

    /// Of all namespaces, or of one.
    pub(super) fn path(self, namespace: Option<&str>) -> String {
        let (.., plural) = self.names();
        match namespace {
            None => format!("{}/{plural}", self.group_path()),
            Some(namespace) => format!("{}/namespaces/{namespace}/{plural}", self.group_path()),
        }
    }

    /// What is left out by the API server already.
    pub(super) const fn field_selector(self) -> &'static str {
        match self {
            // Pods of finished jobs.
            Self::Pods => "status.phase!=Succeeded",
            Self::Events => "involvedObject.kind!=Node",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_where_kubernetes_has_them() {
        assert_eq!(Kind::Pods.path(None), "/api/v1/pods");
        assert_eq!(
            Kind::Hpas.path(Some("shop")),
            "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"
        );
        assert_eq!(Kind::Vpas.resource(), "verticalpodautoscalers.autoscaling.k8s.io");
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "the store counts by place");
        }
    }
}
