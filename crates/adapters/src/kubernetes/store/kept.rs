//! Where each kind of object has its place, and what of it is shared.

use std::{collections::BTreeMap, sync::Arc};

use control::ports::cluster::{
    EndpointSlice, Event, Hpa, Ingress, Meta, NamespaceObjects, Pdb, Pod, Quota, ReplicaSet, Service, Vpa, Workload,
};
use model::cluster::ObjectKind;
use serde::de::DeserializeOwned;

use super::{super::kind::Kind, shared::Interner};

/// An object that is kept.
pub(super) trait Kept: DeserializeOwned + Clone {
    type Key: Ord + Clone;

    fn place(objects: &NamespaceObjects) -> &BTreeMap<Self::Key, Arc<Self>>;
    fn place_mut(objects: &mut NamespaceObjects) -> &mut BTreeMap<Self::Key, Arc<Self>>;
    fn meta(&self) -> &Meta;
    fn meta_mut(&mut self) -> &mut Meta;

    /// Its key; `None` for what is not kept.
    fn key(kind: Kind, name: &Arc<str>) -> Self::Key;
    fn name(key: &Self::Key) -> &Arc<str>;
    /// Whether the key is one of this kind: two kinds may share a place.
    fn is_of(_kind: Kind, _key: &Self::Key) -> bool {
        true
    }
    /// Whether it is worth keeping.
    fn is_wanted(&self) -> bool {
        true
    }
    /// Shares what others have too, and drops what nobody looks at.
    fn share(&mut self, interner: &mut Interner);
}

macro_rules! kept {
    ($type:ty, $place:ident, $one:ident, $interner:ident, $share:block $(, wanted: $wanted:expr)?) => {
        impl Kept for $type {
            type Key = Arc<str>;

            fn place(objects: &NamespaceObjects) -> &BTreeMap<Arc<str>, Arc<Self>> {
                &objects.$place
            }
            fn place_mut(objects: &mut NamespaceObjects) -> &mut BTreeMap<Arc<str>, Arc<Self>> {
                &mut objects.$place
            }
            fn meta(&self) -> &Meta {
                &self.metadata
            }
            fn meta_mut(&mut self) -> &mut Meta {
                &mut self.metadata
            }
            fn key(_kind: Kind, name: &Arc<str>) -> Arc<str> {
                name.clone()
            }
            fn name(key: &Arc<str>) -> &Arc<str> {
                key
            }
            $(fn is_wanted(&self) -> bool {
                $wanted(self)
            })?
            fn share(&mut self, $interner: &mut Interner) {
                let $one = self;
                $share
            }
        }
    };
}

kept!(Hpa, hpas, one, interner, { interner.conditions(&mut one.status.conditions) });
kept!(ReplicaSet, replica_sets, one, interner, {
    one.metadata.owners = Vec::new();
    interner.conditions(&mut one.status.conditions);
});
kept!(Pod, pods, one, interner, {
    one.metadata.owners = Vec::new();
    interner.containers(&mut one.spec.containers);
    interner.containers(&mut one.spec.init_containers);
    if let Some(node) = &mut one.spec.node_name {
        interner.word(node);
    }
    interner.words([&mut one.status.phase].into_iter().chain(&mut one.status.reason));
    interner.conditions(&mut one.status.conditions);
    for container in &mut one.status.container_statuses {
        interner.word(&mut container.name);
        if let Some(waiting) = &mut container.state.waiting {
            interner.word(&mut waiting.reason);
        }
    }
});
kept!(Pdb, budgets, one, _interner, { one.metadata.owners = Vec::new() });
kept!(Quota, quotas, one, _interner, { one.metadata.owners = Vec::new() });
kept!(Service, services, one, _interner, { one.metadata.owners = Vec::new() });
kept!(EndpointSlice, endpoint_slices, one, interner, {
    one.metadata.owners = Vec::new();
    interner.words(one.endpoints.iter_mut().filter_map(|endpoint| endpoint.zone.as_mut()));
});
kept!(Ingress, ingresses, _one, _interner, {});
kept!(Vpa, vpas, one, _interner, { one.metadata.owners = Vec::new() });
kept!(Event, events, one, interner, {
    one.metadata.owners = Vec::new();
    interner.words([
        &mut one.reason,
        &mut one.kind,
        &mut one.reporting_component,
        &mut one.source.component,
    ]);
}, wanted: |event: &Event| {
    let kind = &*event.involved_object.kind;
    matches!(kind, "ReplicaSet" | "Pod") || ObjectKind::of_kind(kind).is_some()
});

impl Kept for Workload {
    type Key = (ObjectKind, Arc<str>);

    fn place(objects: &NamespaceObjects) -> &BTreeMap<Self::Key, Arc<Self>> {
        &objects.workloads
    }
    fn place_mut(objects: &mut NamespaceObjects) -> &mut BTreeMap<Self::Key, Arc<Self>> {
        &mut objects.workloads
    }
    fn meta(&self) -> &Meta {
        &self.metadata
    }
    fn meta_mut(&mut self) -> &mut Meta {
        &mut self.metadata
    }
    fn key(kind: Kind, name: &Arc<str>) -> Self::Key {
        (object_kind(kind), name.clone())
    }
    fn name(key: &Self::Key) -> &Arc<str> {
        &key.1
    }
    fn is_of(kind: Kind, key: &Self::Key) -> bool {
        key.0 == object_kind(kind)
    }
    fn share(&mut self, interner: &mut Interner) {
        interner.conditions(&mut self.status.conditions);
        interner.containers(&mut self.spec.template.spec.containers);
        interner.containers(&mut self.spec.template.spec.init_containers);
    }
}

const fn object_kind(kind: Kind) -> ObjectKind {
    match kind {
        Kind::StatefulSets => ObjectKind::StatefulSet,
        _ => ObjectKind::Deployment,
    }
}

/// Calls a function that is generic over the object for the kind at hand.
macro_rules! of_kind {
    ($kind:expr, $call:ident $(:: $rest:ident)* ( $($argument:expr),* )) => {
        match $kind {
            Kind::Hpas => $call $(::$rest)* ::<control::ports::cluster::Hpa>($($argument),*),
            Kind::Deployments | Kind::StatefulSets => $call $(::$rest)* ::<control::ports::cluster::Workload>($($argument),*),
            Kind::ReplicaSets => $call $(::$rest)* ::<control::ports::cluster::ReplicaSet>($($argument),*),
            Kind::Pods => $call $(::$rest)* ::<control::ports::cluster::Pod>($($argument),*),
            Kind::Budgets => $call $(::$rest)* ::<control::ports::cluster::Pdb>($($argument),*),
            Kind::Quotas => $call $(::$rest)* ::<control::ports::cluster::Quota>($($argument),*),
            Kind::Services => $call $(::$rest)* ::<control::ports::cluster::Service>($($argument),*),
            Kind::EndpointSlices => $call $(::$rest)* ::<control::ports::cluster::EndpointSlice>($($argument),*),
            Kind::Ingresses => $call $(::$rest)* ::<control::ports::cluster::Ingress>($($argument),*),
            Kind::Vpas => $call $(::$rest)* ::<control::ports::cluster::Vpa>($($argument),*),
            Kind::Events => $call $(::$rest)* ::<control::ports::cluster::Event>($($argument),*),
        }
    };
}
pub(super) use of_kind;
