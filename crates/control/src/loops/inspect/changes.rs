//! Changes of replicas as they are seen: who made them, and what became of them.

use std::sync::Arc;

use model::{
    Severity,
    cluster::{Attribution, ObjectKind, ObjectRef},
    scaling::{ScalingEvent, ScalingOutcome},
};

use super::Inspect;
use crate::{
    cluster::{ClusterBoard, Inspected},
    decide::cluster::{ReplicaChange, attribute, scaling_event, workload_of},
    loops::told::told,
    ports::{
        ChangeRecord,
        cluster::{Event, Hpa},
    },
};

/// A change that takes longer has failed.
const REACHED_WITHIN_MS: i64 = 600_000;

impl Inspect {
    /// What changed between two boards. The first look at an object is no change.
    pub(super) fn tell_changes(&mut self, before: Option<&ClusterBoard>, now: &mut ClusterBoard, now_ms: i64) {
        let objects: Vec<ObjectRef> = now.objects.keys().cloned().collect();
        for object in objects {
            let Some(inspected) = now.objects.get(&object) else { continue };
            let then = before.and_then(|b| b.objects.get(&object));
            if then.is_some_and(|then| Arc::ptr_eq(then, inspected)) {
                continue;
            }
            let settled = settle(inspected, now_ms);
            let changed = then
                .filter(|then| then.row.desired != inspected.row.desired && is_told_here(&object, inspected))
                .and_then(|_| change(before?, now, &object, now_ms));
            if settled.is_empty() && changed.is_none() {
                continue;
            }
            let mut inspected = Inspected::clone(inspected);
            for event in settled {
                self.note(&mut inspected, event);
            }
            if let Some((event, set_by)) = changed {
                inspected.set_by = Some(set_by);
                self.note(&mut inspected, event);
            }
            now.objects.insert(object, Arc::new(inspected));
        }
    }

    fn note(&mut self, inspected: &mut Inspected, event: ScalingEvent) {
        match inspected.changes.iter_mut().find(|known| known.at_ms == event.at_ms) {
            Some(known) => *known = event.clone(),
            None => inspected.changes.insert(0, event.clone()),
        }
        inspected.changes.truncate(Inspected::CHANGES_MAX);
        if self.leads() {
            // The cluster goes on trying.
            let told = told(&event, None, Severity::Warning);
            self.outbox.change(ChangeRecord { event, told });
        }
    }
}

/// A workload that an HPA scales has its changes there.
fn is_told_here(object: &ObjectRef, inspected: &Inspected) -> bool {
    object.kind == ObjectKind::Hpa || inspected.row.max_replicas.is_none()
}

/// What is known of a change of the replicas, and who made it.
fn change<'a>(before: &'a ClusterBoard, now: &'a ClusterBoard, object: &ObjectRef, now_ms: i64) -> Option<(ScalingEvent, Attribution)> {
    let namespace = |board: &'a ClusterBoard| board.look.namespaces.get(object.namespace.as_str());
    let (_, before) = workload_of(namespace(before)?, object)?;
    let namespace = namespace(now)?;
    let (kind, after) = workload_of(namespace, object)?;
    let scales = |hpa: &&Hpa| {
        let target = &hpa.spec.scale_target_ref;
        *target.kind == *kind.kind() && *target.name == *after.metadata.name
    };
    let hpas: Vec<&Hpa> = namespace.hpas.values().map(|hpa| &**hpa).filter(scales).collect();
    let is_about = |event: &&Event| {
        let name = &*event.involved_object.name;
        *name == *after.metadata.name || hpas.iter().any(|hpa| *hpa.metadata.name == *name)
    };
    let events: Vec<&Event> = namespace.events.values().map(|event| &**event).filter(is_about).collect();
    let change = ReplicaChange {
        before,
        after,
        hpas: &hpas,
        events: &events,
        now_ms,
    };
    let attribution = attribute(&change);
    let chips = now
        .objects
        .get(object)
        .map(|inspected| inspected.row.targets.as_slice())
        .unwrap_or_default();
    let metrics = chips
        .iter()
        .filter_map(|chip| Some((chip.name.clone(), chip.current.clone()?)))
        .collect();
    let event = scaling_event(object, &change, &attribution, metrics);
    Some((event, attribution))
}

/// Pending changes that came to something.
fn settle(inspected: &Inspected, now_ms: i64) -> Vec<ScalingEvent> {
    let pending = inspected.changes.iter().filter(|event| event.outcome == ScalingOutcome::Pending);
    pending
        .filter_map(|event| {
            let outcome = outcome(event, inspected, now_ms)?;
            Some(ScalingEvent {
                outcome,
                ended_at_ms: Some(now_ms),
                ..event.clone()
            })
        })
        .collect()
}

fn outcome(event: &ScalingEvent, inspected: &Inspected, now_ms: i64) -> Option<ScalingOutcome> {
    let row = &inspected.row;
    if row.desired != event.to {
        Some(ScalingOutcome::Superseded)
    } else if row.ready == event.to && row.replicas == event.to {
        Some(ScalingOutcome::Reached)
    } else if now_ms.saturating_sub(event.at_ms) > REACHED_WITHIN_MS {
        let trouble = row.trouble.as_ref().map(|t| format!("; {t}")).unwrap_or_default();
        let why = format!("{} of {} ready after {} s{trouble}", row.ready, event.to, REACHED_WITHIN_MS / 1_000);
        Some(ScalingOutcome::Failed(why))
    } else {
        None
    }
}
