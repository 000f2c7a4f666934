//! One object with all that is known of it.

use model::{
    cluster::ObjectKind,
    scaling::{FlapStep, ScalingDecision},
};

use super::{Apart, Evaluation, Memory, Space, Target, Unevaluated};
use crate::ports::cluster::{Condition, Hpa, Pod, Workload};

/// An HPA with its target, or a workload without one.
#[derive(Debug, Clone)]
pub struct Case<'s> {
    pub space: &'s Space<'s>,
    pub hpa: Option<&'s Hpa>,
    /// The workload itself, or what the HPA scales.
    pub target: Target<'s>,
    pub pods: Vec<&'s Pod>,
    /// Of the HPA; absent without one, and before the first.
    pub evaluation: Option<&'s Result<Evaluation, Unevaluated<'s>>>,
    pub apart: Option<Apart>,
    /// Changes of the replicas in the last hour, for flapping.
    pub steps: &'s [FlapStep],
    /// Unix time, ms.
    pub now_ms: i64,
}

impl<'s> Case<'s> {
    pub fn of_hpa(
        space: &'s Space<'s>,
        hpa: &'s Hpa,
        evaluation: Option<&'s Result<Evaluation, Unevaluated<'s>>>,
        memory: &Memory,
        steps: &'s [FlapStep],
        now_ms: i64,
    ) -> Self {
        Self {
            space,
            hpa: Some(hpa),
            target: space.target(hpa),
            pods: space.pods_of(hpa),
            evaluation,
            apart: memory.apart(),
            steps,
            now_ms,
        }
    }

    pub fn of_workload(space: &'s Space<'s>, kind: ObjectKind, workload: &'s Workload, now_ms: i64) -> Self {
        Self {
            space,
            hpa: None,
            target: Target::Found { kind, workload },
            pods: space.pods_of_workload(kind, workload),
            evaluation: None,
            apart: None,
            steps: &[],
            now_ms,
        }
    }

    pub fn namespace(&self) -> &'s str {
        self.space.name
    }

    pub(super) fn evaluated(&self) -> Option<&'s Evaluation> {
        self.evaluation?.as_ref().ok()
    }

    pub(super) fn decision(&self) -> Option<&'s ScalingDecision> {
        Some(&self.evaluated()?.decision)
    }

    /// `deployment/web`, as `kubectl` takes it; nothing where the target is not there.
    pub(super) fn target_name(&self) -> Option<String> {
        match self.target {
            Target::Found { kind, workload } => Some(format!("{}/{}", kind.id(), workload.metadata.name)),
            _ => None,
        }
    }

    /// A condition of the HPA's status.
    pub(super) fn condition(&self, kind: &str) -> Option<&'s Condition> {
        self.hpa?.status.conditions.iter().find(|c| &*c.kind == kind)
    }

    /// Whether the controller says this of the HPA; a reason ends with `*` where it only begins so.
    pub(super) fn says(&self, kind: &str, status: &str, reason: &str) -> Option<&'s Condition> {
        let is = |c: &&Condition| match reason.strip_suffix('*') {
            Some(begin) => c.reason.starts_with(begin),
            None => &*c.reason == reason,
        };
        self.condition(kind).filter(|c| &*c.status == status).filter(is)
    }

    pub(super) fn replicas(&self) -> u32 {
        self.target.workload().map_or(0, |w| w.spec.replicas.unwrap_or(1))
    }

    /// How many are there and ready, by the workload's status.
    pub(super) fn ready(&self) -> u32 {
        self.target.workload().map_or(0, |w| w.status.ready_replicas)
    }

    /// Another HPA selects its pods too, so that nothing is measured at all.
    pub(super) fn shared(&self) -> bool {
        match self.target {
            Target::Found { kind, workload } => self.space.in_two_hpas(kind, workload).is_some(),
            _ => false,
        }
    }
}
