//! What is made of one namespace of a cluster: every HPA re-run by our engine, and what stands in the way of each object. Pure.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use model::{
    cluster::{ClusterId, ObjectKind, ObjectRef},
    scaling::{DecisionSpan, FlapStep, ScalingHistory, ScalingOutcome},
};

use super::Inspected;
use crate::{
    decide::{
        cluster::{Case, Evaluation, Memory, Space, evaluate, findings, managed, shown},
        scaling::{explain, fold_within},
    },
    ports::cluster::{Hpa, Meta},
};

/// A line of the ledger grows so long: nothing is done by it here, and there are thousands.
const SPAN_MAX_MS: i64 = 6 * 3_600_000;
/// Flapping is looked for over so long.
const STEPS_MS: i64 = 3_600_000;

/// What is needed besides the namespace itself.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) cluster: &'a ClusterId,
    /// As it was inspected last.
    pub(crate) before: &'a BTreeMap<ObjectRef, Arc<Inspected>>,
    pub(crate) now_ms: i64,
}

impl Inputs<'_> {
    fn before(&self, space: &Space<'_>, kind: ObjectKind, name: &str) -> Option<(ObjectRef, Option<&Arc<Inspected>>)> {
        let object = ObjectRef::new(self.cluster.clone(), space.name, kind, name).ok()?;
        let before = self.before.get(&object);
        Some((object, before))
    }
}

/// Every HPA and every workload of the namespace. A name that Kubernetes would not have let in is left out.
pub(crate) fn inspect(space: &Space<'_>, inputs: Inputs<'_>) -> Vec<(ObjectRef, Inspected)> {
    let objects = space.objects;
    let hpas = objects.hpas.iter().filter_map(|(name, hpa)| {
        let (object, before) = inputs.before(space, ObjectKind::Hpa, name)?;
        let inspected = of_hpa(space, inputs, &object, before, hpa)?;
        Some((object, inspected))
    });
    let workloads = objects.workloads.iter().filter_map(|((kind, name), workload)| {
        let (object, before) = inputs.before(space, *kind, name)?;
        let case = Case::of_workload(space, *kind, workload, inputs.now_ms);
        let inspected = inspected(inputs, &case, before, &workload.metadata)?;
        Some((object, inspected))
    });
    hpas.chain(workloads).collect()
}

fn of_hpa(space: &Space<'_>, inputs: Inputs<'_>, object: &ObjectRef, before: Option<&Arc<Inspected>>, hpa: &Hpa) -> Option<Inspected> {
    let mut memory = before.map(|b| b.memory.clone()).unwrap_or_default();
    let history = memory.history().clone();
    let evaluated = evaluate(space, hpa, &mut memory, inputs.now_ms);
    let evaluation = evaluated.as_ref().ok();
    let last = before.and_then(|b| b.last.as_ref());
    let line = evaluation.map(|evaluation| line(object, last, evaluation, &history, inputs.now_ms));
    let policy = evaluation.map(|evaluation| Arc::new(evaluation.policy.clone()));
    let steps = before.map(|b| steps(b, inputs.now_ms)).unwrap_or_default();
    let case = Case::of_hpa(space, hpa, Some(&evaluated), &memory, &steps, inputs.now_ms);
    let inspected = inspected(inputs, &case, before, &hpa.metadata)?;
    Some(Inspected {
        policy,
        last: line,
        memory,
        ..inspected
    })
}

/// Changes of the last hour, as far as they were carried out.
pub(crate) fn steps(inspected: &Inspected, now_ms: i64) -> Vec<FlapStep> {
    let carried_out = inspected.changes.iter().filter(|e| !matches!(e.outcome, ScalingOutcome::Failed(_)));
    carried_out
        .filter(|event| now_ms.saturating_sub(event.at_ms) <= STEPS_MS)
        .map(|event| FlapStep {
            at_ms: event.at_ms,
            from: event.from,
            to: event.to,
            leading: event.leading.clone(),
        })
        .collect()
}

/// The line of the ledger with this evaluation in it.
fn line(object: &ObjectRef, last: Option<&DecisionSpan>, evaluation: &Evaluation, history: &ScalingHistory, now_ms: i64) -> DecisionSpan {
    let decision = &evaluation.decision;
    let begun = || DecisionSpan {
        id: 0,
        workload: object.workload(),
        from_ms: crate::loops::next_line(last, now_ms),
        to_ms: now_ms,
        evaluations: 1,
        would_change: explain(&evaluation.policy, &evaluation.observation, history, now_ms).1,
        decision: decision.clone(),
    };
    last.and_then(|span| fold_within(span, decision, SPAN_MAX_MS)).unwrap_or_else(begun)
}

fn inspected(inputs: Inputs<'_>, case: &Case<'_>, before: Option<&Arc<Inspected>>, meta: &Meta) -> Option<Inspected> {
    let found = findings(case);
    Some(Inspected {
        row: shown::row(inputs.cluster, case, &found, managed(meta))?,
        findings: found.into(),
        policy: None,
        last: None,
        memory: Memory::default(),
        changes: before.map(|b| b.changes.clone()).unwrap_or_default(),
        set_by: before.and_then(|b| b.set_by.clone()),
        shown: OnceLock::new(),
    })
}
