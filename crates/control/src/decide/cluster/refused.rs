//! What may not be done to an object from here, and why: one rule for the pages and for the commands.

use model::{
    SourceState,
    cluster::{KindState, ObjectCommand, ObjectKind, ObjectRef, Trigger},
};

use super::{belongs, managed};
use crate::ports::cluster::{ClusterError, ClusterLook, Meta, NamespaceObjects};

/// One object in one look.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub look: &'a ClusterLook,
    /// Why nothing may be changed in the cluster; absent where it may.
    pub read_only: Option<&'a str>,
    pub object: &'a ObjectRef,
}

const TRIGGERS: [Trigger; 4] = [Trigger::Edit, Trigger::Scale, Trigger::Restart, Trigger::Evict];

/// What may not be done and why; what is not in it may.
pub fn refusals(subject: &Subject<'_>) -> Vec<(Trigger, String)> {
    let refused = TRIGGERS.into_iter().filter_map(|trigger| Some((trigger, of(subject, trigger)?)));
    refused.map(|(trigger, why)| (trigger, why.to_string())).collect()
}

/// Why this command may not be carried out. A [`ClusterError::Managed`] comes without its patch: only the whole object tells that.
pub fn refused(subject: &Subject<'_>, command: &ObjectCommand) -> Option<ClusterError> {
    match command {
        ObjectCommand::EditHpa { .. } => of(subject, Trigger::Edit),
        ObjectCommand::Scale { .. } => of(subject, Trigger::Scale),
        ObjectCommand::Restart { .. } => of(subject, Trigger::Restart),
        ObjectCommand::Evict { .. } => of(subject, Trigger::Evict),
        ObjectCommand::Annotate { ingress, .. } => refused_at_all(subject).or_else(|| {
            let ingress = subject.objects()?.ingresses.get(ingress.as_str())?;
            kept(&ingress.metadata)
        }),
    }
}

/// Why nothing at all may be done in the cluster.
pub fn refused_at_all(subject: &Subject<'_>) -> Option<ClusterError> {
    if let Some(why) = subject.read_only {
        return Some(ClusterError::ReadOnly { why: why.to_owned() });
    }
    match subject.look.state {
        SourceState::Up => None,
        SourceState::Waiting { since_ms } | SourceState::Down { since_ms, .. } => Some(ClusterError::Stale { since_ms }),
    }
}

fn of(subject: &Subject<'_>, trigger: Trigger) -> Option<ClusterError> {
    if let Some(error) = refused_at_all(subject).or_else(|| subject.unheard(resource(subject.object.kind))) {
        return Some(error);
    }
    let object = subject.object;
    let Some(meta) = subject.meta() else {
        return Some(ClusterError::NotFound(object.clone()));
    };
    let is_hpa = object.kind == ObjectKind::Hpa;
    match trigger {
        Trigger::Edit if is_hpa => kept(meta),
        Trigger::Edit => Some(no("only an HPA has bounds, targets and behaviour")),
        Trigger::Scale if is_hpa => Some(ClusterError::OwnedByHpa { hpa: object.clone() }),
        Trigger::Scale => subject
            .unheard("horizontalpodautoscalers.autoscaling")
            .or_else(|| {
                let hpa = belongs::hpa_of(subject.objects()?, object)?;
                let hpa = ObjectRef::new(object.cluster.clone(), &object.namespace, ObjectKind::Hpa, &hpa.metadata.name).ok()?;
                Some(ClusterError::OwnedByHpa { hpa })
            })
            .or_else(|| kept(meta)),
        Trigger::Restart if is_hpa => Some(no("an HPA runs nothing: restart what it scales")),
        Trigger::Restart => kept(meta),
        // Nobody keeps a pod: its workload puts another in its place.
        Trigger::Evict => subject.unheard("pods"),
    }
}

fn kept(meta: &Meta) -> Option<ClusterError> {
    let patch = String::new();
    managed(meta).map(|manager| ClusterError::Managed { manager, patch })
}

fn no(why: &str) -> ClusterError {
    ClusterError::Refused {
        field: None,
        why: why.to_owned(),
    }
}

const fn resource(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Hpa => "horizontalpodautoscalers.autoscaling",
        ObjectKind::Deployment => "deployments.apps",
        ObjectKind::StatefulSet => "statefulsets.apps",
    }
}

impl<'a> Subject<'a> {
    pub(super) fn objects(&self) -> Option<&'a NamespaceObjects> {
        self.look.namespaces.get(self.object.namespace.as_str()).map(|objects| &**objects)
    }

    pub(super) fn meta(&self) -> Option<&'a Meta> {
        let (objects, name) = (self.objects()?, self.object.name.as_str());
        match self.object.kind {
            ObjectKind::Hpa => objects.hpas.get(name).map(|hpa| &hpa.metadata),
            kind => objects.workloads.get(&(kind, name.into())).map(|workload| &workload.metadata),
        }
    }

    /// Why nothing is known of a kind; absent where all of it is, or where the look says nothing of it.
    pub(super) fn unheard(&self, resource: &str) -> Option<ClusterError> {
        let status = self.look.kinds.iter().find(|status| status.resource == resource)?;
        match &status.state {
            KindState::Up | KindState::Absent => None,
            KindState::Forbidden { rule } => Some(ClusterError::Forbidden {
                what: format!("read {resource}, which this depends on"),
                rule: rule.clone(),
            }),
            KindState::Waiting => Some(ClusterError::Stale {
                since_ms: status.heard_at_ms.unwrap_or_default(),
            }),
            KindState::Down { since_ms, .. } => Some(ClusterError::Stale { since_ms: *since_ms }),
        }
    }
}
