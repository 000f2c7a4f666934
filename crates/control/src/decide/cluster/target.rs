//! What an HPA scales.

use model::cluster::{KindState, ObjectKind};

use crate::ports::cluster::{ClusterLook, CrossVersionRef, NamespaceObjects, Workload};

/// What stands behind `scaleTargetRef`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target<'a> {
    Found {
        kind: ObjectKind,
        workload: &'a Workload,
    },
    /// There is none of that name.
    Missing,
    /// The API group has no such kind: `extensions/v1beta1` for a Deployment.
    NoSuchKind,
    /// Of a kind that this console does not read: an own resource with a scale of its own.
    Foreign,
    /// Objects of this kind cannot be read now.
    Unread,
}

impl<'a> Target<'a> {
    pub fn of(look: &ClusterLook, objects: &'a NamespaceObjects, reference: &CrossVersionRef) -> Self {
        let Some(kind) = ObjectKind::of_kind(&reference.kind).filter(|kind| *kind != ObjectKind::Hpa) else {
            return Self::Foreign;
        };
        let group = reference.api_version.split_once('/').map_or("", |(group, _)| group);
        if group != "apps" {
            return Self::NoSuchKind;
        }
        match objects.workloads.get(&(kind, reference.name.as_ref().into())) {
            Some(workload) => Self::Found { kind, workload },
            None if is_read(look, kind) => Self::Missing,
            None => Self::Unread,
        }
    }

    pub const fn workload(self) -> Option<&'a Workload> {
        match self {
            Self::Found { workload, .. } => Some(workload),
            _ => None,
        }
    }
}

/// Whether all objects of this kind are known. A look that says nothing of the kind has them all.
fn is_read(look: &ClusterLook, kind: ObjectKind) -> bool {
    let resource = format!("{}s.apps", kind.id());
    let of = look.kinds.iter().find(|status| status.resource == resource);
    of.is_none_or(|status| status.state == KindState::Up)
}
