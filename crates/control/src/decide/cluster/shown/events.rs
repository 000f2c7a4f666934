//! Events about an object, its replica sets and its pods.

use std::collections::BTreeSet;

use model::cluster::{ObjectEvent, ObjectView};

use super::super::{Case, Target, findings::told::line};
use crate::ports::cluster::Event;

/// Newest first, at most [`ObjectView::EVENTS_MAX`].
pub fn object_events(case: &Case<'_>) -> Vec<ObjectEvent> {
    let mut about: BTreeSet<(&str, &str)> = BTreeSet::new();
    if let Some(hpa) = case.hpa {
        about.insert(("HorizontalPodAutoscaler", &hpa.metadata.name));
    }
    if let Target::Found { kind, workload } = case.target {
        about.insert((kind.kind(), &workload.metadata.name));
        let is_ours = |owner: &crate::ports::cluster::OwnerRef| *owner.kind == *kind.kind() && owner.name == workload.metadata.name;
        let sets = case.space.objects.replica_sets.values();
        let ours = sets.filter(|set| set.metadata.controller().is_some_and(is_ours));
        about.extend(ours.map(|set| ("ReplicaSet", &*set.metadata.name)));
    }
    about.extend(case.pods.iter().map(|pod| ("Pod", &*pod.metadata.name)));
    let is_about = |event: &&Event| about.contains(&(&*event.involved_object.kind, &*event.involved_object.name));
    let events = case.space.objects.events.values().map(|event| &**event);
    let mut found: Vec<_> = events.filter(is_about).map(shown).collect();
    found.sort_by_key(|event| std::cmp::Reverse(event.at_ms));
    found.truncate(ObjectView::EVENTS_MAX);
    found
}

fn shown(event: &Event) -> ObjectEvent {
    let source = if event.source.component.is_empty() {
        &event.reporting_component
    } else {
        &event.source.component
    };
    ObjectEvent {
        at_ms: event.at_ms().unwrap_or_default(),
        is_warning: &*event.kind == "Warning",
        reason: line(&event.reason),
        message: line(&event.message),
        count: event.count.unwrap_or(1),
        source: line(source),
    }
}
