//! Who changed the replicas: told by `managedFields`, by the HPA's status and by events, while Kubernetes still has them.

use model::{
    Actor,
    cluster::{Attribution, Certainty, ObjectRef, OwnerKind},
    scaling::{ScalingEvent, ScalingOutcome},
    time::iso,
};

use crate::ports::cluster::{Event, FieldOwner, Hpa, Workload};

/// What an event or a status tells of a change may come this much before or after it.
const NEAR_MS: i64 = 120_000;
/// What holds the controller of HPAs, and who changes replicas by `scale`.
const CONTROLLER: &str = "kube-controller-manager";
const HPA_COMPONENT: &str = "horizontal-pod-autoscaler";
const REVISION: &str = "deployment.kubernetes.io/revision";
/// Our own field manager.
const OWN: &str = "evenkeel";
/// Longest name that is kept of a manager, which anybody may choose: Kubernetes allows 128 characters.
const WHO_MAX_CHARS: usize = 128;
/// Longest reason that is kept of an event.
const REASON_MAX_CHARS: usize = 200;

/// Field managers that carry a repository or a release into the cluster.
const GITOPS: [&str; 12] = [
    "argocd",
    "kustomize-controller",
    "helm-controller",
    "flux",
    "gotk",
    "helm",
    "fleetagent",
    "terraform",
    "hashicorp",
    "pulumi",
    "kapp",
    "werf",
];
/// Field managers that people sit before. `Mozilla` is what a dashboard in a browser calls itself, `node-fetch` what Lens does.
const PEOPLE: [&str; 11] = [
    "kubectl",
    "oc",
    "k9s",
    "mozilla",
    "dashboard",
    "headlamp",
    "lens",
    "node-fetch",
    "rancher",
    "openshift-console",
    "bridge",
];

/// A workload before and after its `spec.replicas` changed, and what is known around it.
#[derive(Debug, Clone, Copy)]
pub struct ReplicaChange<'a> {
    pub before: &'a Workload,
    pub after: &'a Workload,
    /// Those that scale it.
    pub hpas: &'a [&'a Hpa],
    /// Those about it and its HPAs.
    pub events: &'a [&'a Event],
    /// When the change was seen; Unix time, ms.
    pub now_ms: i64,
}

impl ReplicaChange<'_> {
    /// From, to. Absent replicas are one.
    pub fn replicas(&self) -> (u32, u32) {
        (self.before.spec.replicas.unwrap_or(1), self.after.spec.replicas.unwrap_or(1))
    }

    /// When it happened, as far as it is told; Unix time, ms.
    pub fn at_ms(&self) -> i64 {
        self.new_writer()
            .and_then(|writer| writer.at_ms)
            .unwrap_or(self.now_ms)
            .min(self.now_ms)
    }

    /// Who wrote `spec.replicas` last. Where no entry is new, the only owner: whoever changes a value owns it, and a manager that changes a
    /// value it owns already keeps its time.
    fn writer(&self) -> Option<&FieldOwner> {
        let mut owners = self.after.metadata.owners.iter().filter(|owner| owner.has_replicas);
        self.new_writer().or_else(|| owners.next().filter(|_| owners.next().is_none()))
    }

    /// A manager whose entry is new or has another time than before.
    fn new_writer(&self) -> Option<&FieldOwner> {
        let was = &self.before.metadata.owners;
        let is_new = |owner: &&FieldOwner| {
            let of =
                |old: &&FieldOwner| old.manager == owner.manager && old.subresource == owner.subresource && old.is_apply == owner.is_apply;
            let old = was.iter().find(of);
            old.is_none_or(|old| old.at_ms != owner.at_ms || !old.has_replicas)
        };
        let owners = self.after.metadata.owners.iter().filter(|owner| owner.has_replicas);
        owners.filter(is_new).max_by_key(|owner| owner.at_ms)
    }

    /// Several managers wrote it within one second, which is as finely as times are told.
    fn is_tied(&self, writer: &FieldOwner) -> bool {
        let owners = self
            .after
            .metadata
            .owners
            .iter()
            .filter(|owner| owner.has_replicas && owner.at_ms == writer.at_ms);
        owners.count() > 1
    }

    /// Revisions of the pods' template, where that changed too.
    fn rollout(&self) -> Option<String> {
        let revision = |of: &Workload| of.metadata.annotations.get(REVISION).map(ToString::to_string);
        let (before, after) = (revision(self.before), revision(self.after));
        if before != after {
            return Some(format!(
                "revision {} to {}",
                before.as_deref().unwrap_or("none"),
                after.as_deref().unwrap_or("none")
            ));
        }
        // The controller counts revisions a moment later.
        (self.before.spec.template != self.after.spec.template).then(|| "a new template of its pods".to_owned())
    }

    /// The HPA's own event about this change, and the HPA it is about.
    fn rescale(&self) -> Option<&Event> {
        let (_, to) = self.replicas();
        let said = format!("New size: {to};");
        let is_it = |event: &&&Event| {
            let component = if event.source.component.is_empty() {
                &event.reporting_component
            } else {
                &event.source.component
            };
            let is_near = event.at_ms().is_some_and(|at| at.abs_diff(self.at_ms()) <= NEAR_MS.unsigned_abs());
            &*event.reason == "SuccessfulRescale" && &**component == HPA_COMPONENT && event.message.starts_with(&said) && is_near
        };
        self.events.iter().filter(is_it).max_by_key(|event| event.at_ms()).copied()
    }

    /// An HPA whose status says that it has just asked for so many.
    fn by_status(&self) -> Option<&Hpa> {
        let (_, to) = self.replicas();
        let is_it = |hpa: &&&Hpa| {
            let is_near = hpa
                .status
                .last_scale_ms
                .is_some_and(|at| at.abs_diff(self.at_ms()) <= NEAR_MS.unsigned_abs());
            hpa.status.desired_replicas == to && is_near
        };
        self.hpas.iter().find(is_it).copied()
    }
}

/// Who a change of the replicas is put down to. What nothing tells of is unknown, not guessed.
pub fn attribute(change: &ReplicaChange<'_>) -> Attribution {
    match change.writer() {
        Some(writer) => by_writer(change, writer),
        None => without_writer(change),
    }
}

fn by_writer(change: &ReplicaChange<'_>, writer: &FieldOwner) -> Attribution {
    let who = clipped(&writer.manager, WHO_MAX_CHARS);
    let when = match (change.new_writer(), writer.at_ms) {
        (Some(_), Some(at)) => format!(" at {}", iso(at)),
        (Some(_), None) => String::new(),
        (None, _) => ", which nobody else owns".to_owned(),
    };
    let through = match &*writer.subresource {
        "" if writer.is_apply => " (server-side apply)".to_owned(),
        "" => String::new(),
        part => format!(" ({})", clipped(part, 40)),
    };
    let mut seen_by = format!("managedFields: {who}{through} wrote spec.replicas{when}");
    let mut certainty = Certainty::Observed;
    if change.is_tied(writer) {
        seen_by.push_str("; another manager wrote it in the same second");
        certainty = Certainty::Estimated;
    }
    let is = |kind, who: String, seen_by: String| Attribution {
        kind,
        who,
        certainty,
        seen_by,
    };
    if who == CONTROLLER {
        if let Some(event) = change.rescale() {
            return is(OwnerKind::Hpa, hpa_of(change, event), format!("{seen_by}; {}", told(event)));
        }
        let hpa = change.by_status().or(match change.hpas {
            [only] => Some(*only),
            _ => None,
        });
        return match hpa {
            Some(hpa) => is(OwnerKind::Hpa, named(hpa), seen_by),
            // Nothing else of that program changes spec.replicas, but which HPA it was has gone with it.
            None => Attribution {
                kind: OwnerKind::Hpa,
                who: "an HPA".to_owned(),
                certainty: Certainty::Estimated,
                seen_by: format!("{seen_by}; no HPA is there any more that scales it"),
            },
        };
    }
    let kind = kind_of(&who);
    if let Some(rollout) = change.rollout().filter(|_| matches!(kind, OwnerKind::Person) || who == "helm") {
        return is(OwnerKind::Rollout, who, format!("{seen_by}, together with {rollout}"));
    }
    is(kind, who, seen_by)
}

fn without_writer(change: &ReplicaChange<'_>) -> Attribution {
    if let Some(event) = change.rescale() {
        return Attribution {
            kind: OwnerKind::Hpa,
            who: hpa_of(change, event),
            certainty: Certainty::Observed,
            seen_by: told(event),
        };
    }
    if let Some(hpa) = change.by_status() {
        let at = hpa.status.last_scale_ms.map(iso).unwrap_or_default();
        return Attribution {
            kind: OwnerKind::Hpa,
            who: named(hpa),
            certainty: Certainty::Estimated,
            seen_by: format!("its status: it asked for {} at {at}", hpa.status.desired_replicas),
        };
    }
    Attribution {
        kind: OwnerKind::Unknown,
        who: "unknown".to_owned(),
        certainty: Certainty::Unknown,
        seen_by: "neither managedFields nor events tell of it".to_owned(),
    }
}

fn kind_of(manager: &str) -> OwnerKind {
    let lower = manager.to_lowercase();
    let is = |known: &&str| {
        // "oc" is a name, and not the beginning of every name.
        lower
            .strip_prefix(*known)
            .is_some_and(|rest| rest.is_empty() || !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    if lower == OWN {
        OwnerKind::Console
    } else if GITOPS.iter().any(is) {
        OwnerKind::GitOps
    } else if PEOPLE.iter().any(is) {
        OwnerKind::Person
    } else {
        OwnerKind::Unknown
    }
}

fn named(hpa: &Hpa) -> String {
    format!("HPA {}", hpa.metadata.name)
}

fn hpa_of(change: &ReplicaChange<'_>, event: &Event) -> String {
    let name = &event.involved_object.name;
    match change.hpas {
        [only] if name.is_empty() => named(only),
        _ => format!("HPA {}", clipped(name, WHO_MAX_CHARS)),
    }
}

/// "event `SuccessfulRescale`: cpu resource utilization (percentage of request) above target".
fn told(event: &Event) -> String {
    format!("event {}: {}", event.reason, clipped(reason(event), REASON_MAX_CHARS))
}

fn reason(event: &Event) -> &str {
    event.message.split_once("reason: ").map_or(&*event.message, |(_, reason)| reason)
}

fn clipped(text: &str, chars: usize) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(chars)
        .collect()
}

/// The change as it is kept: longer than Kubernetes keeps its events. `metrics` is what the HPA's metrics read then: name and value.
pub fn scaling_event(
    object: &ObjectRef,
    change: &ReplicaChange<'_>,
    attribution: &Attribution,
    metrics: Vec<(String, String)>,
) -> ScalingEvent {
    let (from, to) = change.replicas();
    let rescale = change.rescale().filter(|_| attribution.kind == OwnerKind::Hpa);
    let cause = match attribution.kind {
        OwnerKind::Hpa => rescale.map_or_else(|| "its metrics".to_owned(), |event| clipped(reason(event), REASON_MAX_CHARS)),
        OwnerKind::Person => "set by hand".to_owned(),
        OwnerKind::GitOps => "set by what looks after the manifest".to_owned(),
        OwnerKind::Rollout => "set with a rollout".to_owned(),
        OwnerKind::Console => "set from this console".to_owned(),
        OwnerKind::Unknown => "set by something that is not known".to_owned(),
    };
    // An HPA's reason begins with the metric that led, as its status calls it.
    let leading = metrics
        .iter()
        .map(|(name, _)| name)
        .find(|name| rescale.is_some_and(|event| reason(event).contains(name.as_str())));
    ScalingEvent {
        id: 0,
        workload: object.workload(),
        at_ms: change.at_ms(),
        from,
        to,
        cause,
        leading: leading.cloned(),
        actor: match attribution.kind {
            OwnerKind::Console => Actor::system("console"),
            _ => Actor::Outside(attribution.who.clone()),
        },
        metrics,
        outcome: ScalingOutcome::Pending,
        ended_at_ms: None,
    }
}

#[cfg(test)]
#[path = "attribution_tests.rs"]
mod tests;
