//! What shows only where several objects are seen together.

use std::collections::{BTreeMap, HashSet};

use model::{Severity, cluster::FindingCode};
use serde_json::Value as Json;

use super::{
    edit::Pen,
    given::{Given, Object},
    notes::{Note, note, short},
    pair::Pair,
    vpa,
};
use crate::ports::cluster::HpaSpec;

/// Kinds with a scale subresource that Kubernetes brings itself, and their version.
const SCALABLE: [(&str, &str); 4] = [
    ("Deployment", "apps/v1"),
    ("StatefulSet", "apps/v1"),
    ("ReplicaSet", "apps/v1"),
    ("ReplicationController", "v1"),
];
const NOT_SCALABLE: [&str; 5] = ["DaemonSet", "Job", "CronJob", "Pod", "Service"];

/// A note for the object of this number.
pub(super) type Said = Vec<(usize, Note)>;

pub(super) fn check(pen: Pen<'_>, given: &[Given<'_>]) -> Said {
    let mut said = Said::new();
    targets(pen, given, &mut said);
    doubles(given, &mut said);
    // What several HPAs show of one object is told once: that there are several has been told.
    let mut told = HashSet::new();
    for (n, hpa) in hpas(given) {
        let spec = hpa.1;
        let reference = &spec.scale_target_ref;
        let at = given
            .iter()
            .position(|of| is_target(of, &hpa.0.namespace, &reference.kind, &reference.name));
        if let Some(at) = at.filter(|at| told.insert(*at))
            && let Object::Workload(_, workload) = &given[at].object
        {
            let seen = Pair {
                pen,
                hpa: hpa.0,
                hpa_at: n,
                spec,
                workload: &given[at],
                workload_at: at,
                pod: &workload.spec.template.spec,
            };
            seen.requests(given, &mut said);
            seen.replicas(&mut said);
            seen.reach(&mut said);
        }
        let vpas = given.iter().enumerate().filter_map(|(at, of)| match &of.object {
            Object::Vpa(vpa) => Some((at, of, vpa)),
            _ => None,
        });
        for (at, of, vpa) in vpas {
            let target = &vpa.spec.target_ref;
            let is_same = is_near(&of.namespace, &hpa.0.namespace) && target.kind == reference.kind && target.name == reference.name;
            if is_same && !told.contains(&at) {
                let note = vpa::conflict(pen, of, vpa, hpa.0, spec);
                told.extend(note.is_some().then_some(at));
                said.extend(note.map(|note| (at, note)));
            }
        }
    }
    said
}

fn hpas<'a>(given: &'a [Given<'a>]) -> impl Iterator<Item = (usize, (&'a Given<'a>, &'a HpaSpec))> {
    given.iter().enumerate().filter_map(|(n, of)| match &of.object {
        Object::Hpa { hpa, .. } => Some((n, (of, &hpa.spec))),
        _ => None,
    })
}

/// A namespace that is not told may be any.
pub(super) fn is_near(a: &str, b: &str) -> bool {
    a == b || a.is_empty() || b.is_empty()
}

fn is_target(given: &Given<'_>, namespace: &str, kind: &str, name: &str) -> bool {
    let is_workload = matches!(&given.object, Object::Workload(of, _) if of.kind() == kind);
    is_workload && given.name == name && is_near(&given.namespace, namespace)
}

/// Targets that cannot be scaled, or not under that version.
fn targets(pen: Pen<'_>, given: &[Given<'_>], said: &mut Said) {
    for (n, (of, spec)) in hpas(given) {
        let at = "spec.scaleTargetRef";
        let reference = &spec.scale_target_ref;
        let found = |field: &str, title: String, why: &str| {
            let at = format!("{at}.{field}");
            note(
                FindingCode::TargetNotFound,
                Severity::Critical,
                &at,
                of.node.line_of(&at),
                title,
                why,
            )
        };
        if NOT_SCALABLE.contains(&&*reference.kind) {
            let note = found(
                "kind",
                format!("A {} cannot be scaled", reference.kind),
                "it has no scale subresource: the HPA would report FailedGetScale.",
            );
            said.push((n, note.advice("Scale what makes the pods", "a Deployment or a StatefulSet")));
            continue;
        }
        let known = SCALABLE.iter().find(|(kind, _)| *kind == &*reference.kind);
        let Some((kind, version)) = known.filter(|(_, version)| *version != &*reference.api_version) else {
            continue;
        };
        let node = of.node.find(at);
        let edit = node.and_then(|node| match node.get("apiVersion").filter(|node| !node.is_null()) {
            Some(old) => pen.replace(old, &Json::from(*version)),
            None if node.entry("apiVersion").is_none() => pen.add(node, "apiVersion", &Json::from(*version)),
            None => None,
        });
        let now = if reference.api_version.is_empty() {
            "none".to_owned()
        } else {
            short(&reference.api_version)
        };
        let title = format!("The apiVersion of the target is {now}, a {kind} is of {version}");
        let note = found(
            "apiVersion",
            title,
            "the controller looks for the scale under that version, and does not find it.",
        );
        said.push((
            n,
            note.advice(&format!("Write {version}"), format!("{at}.apiVersion: {version}"))
                .mend(edit),
        ));
    }
}

/// Several that scale one thing.
fn doubles(given: &[Given<'_>], said: &mut Said) {
    let mut by_target: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (n, of) in given.iter().enumerate() {
        let target = match &of.object {
            Object::Hpa { hpa, .. } => {
                let target = &hpa.spec.scale_target_ref;
                (of.namespace.as_str(), &*target.kind, &*target.name)
            }
            Object::Scaled { kind, name } => (of.namespace.as_str(), kind.as_str(), name.as_str()),
            _ => continue,
        };
        if !target.2.is_empty() {
            by_target.entry(target).or_default().push(n);
        }
    }
    for ((_, kind, name), all) in by_target.iter().filter(|(_, all)| all.len() > 1) {
        for n in all {
            let of = &given[*n];
            // One of the others is enough to find the rest.
            let Some(other) = all.iter().find(|m| *m != n).map(|m| &given[*m]) else {
                continue;
            };
            let at = "spec.scaleTargetRef";
            let note = note(
                FindingCode::TwoHpas,
                Severity::Critical,
                at,
                of.node.line_of(at),
                format!("{} scales {} {} too", other.what, short(kind), short(name)),
                format!(
                    "the other one stands on line {}. Each undoes what the other does, every 15 s.",
                    other.node.place.line
                ),
            );
            said.push((
                *n,
                note.advice("Keep one", "One HPA can have several metrics: the one that asks for most decides."),
            ));
        }
    }
}
