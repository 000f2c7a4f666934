//! What the controller remembers of an HPA, as far as it can be told from outside: what the metrics proposed, by our own evaluations since
//! the console began to look, and its changes of the replicas, by `lastScaleTime`.

use model::scaling::{Behavior, ReplicaChange, ScalingHistory, ScalingPolicy, ScalingReason};

use super::Evaluation;
use crate::{decide::scaling, ports::cluster::Hpa};

/// The memory of one HPA. Empty before the first look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// Unix time of the first look, ms.
    since_ms: Option<i64>,
    history: ScalingHistory,
    last_scale_ms: Option<i64>,
    /// Replicas that were asked for at the last look, and before they were changed last.
    replicas: Option<u32>,
    before: Option<u32>,
    apart: Option<Apart>,
}

/// Our engine and the controller have come to different numbers, look after look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart {
    /// Unix time since when, ms.
    pub since_ms: i64,
    pub looks: u32,
    /// How many our engine asks for, and the controller.
    pub ours: u32,
    pub theirs: u32,
}

impl Memory {
    pub const fn history(&self) -> &ScalingHistory {
        &self.history
    }

    pub const fn apart(&self) -> Option<Apart> {
        self.apart
    }

    /// Whether it reaches back as far as windows and limits do, or to the HPA's beginning.
    pub fn is_whole(&self, policy: &ScalingPolicy, hpa: &Hpa, sync_period_s: u32, now_ms: i64) -> bool {
        let Some(since_ms) = self.since_ms else { return false };
        let reach_ms = i64::from(reach_s(policy)) * 1_000;
        let sync_ms = i64::from(sync_period_s) * 1_000;
        let is_young = hpa.metadata.created_at_ms.is_some_and(|at| at.saturating_add(sync_ms) >= since_ms);
        is_young || now_ms.saturating_sub(since_ms) >= reach_ms
    }

    /// A change that the controller made since the last look, to be known before the next decision. The new replicas may be seen before the
    /// status that tells of them, or after it.
    pub fn catch_up(&mut self, hpa: &Hpa, replicas: u32, now_ms: i64) {
        let (scaled_ms, to) = (hpa.status.last_scale_ms, hpa.status.desired_replicas);
        if self.since_ms.is_none() {
            self.since_ms = Some(now_ms);
        } else if let Some(at_ms) = scaled_ms
            && self.last_scale_ms.is_none_or(|last| at_ms > last)
        {
            let from = self.replicas.filter(|seen| *seen != to).or(self.before);
            let change = from.filter(|from| *from != to).map(|from| ReplicaChange { at_ms, from, to });
            self.history.changes.extend(change);
        }
        self.last_scale_ms = scaled_ms;
        if self.replicas.is_some_and(|seen| seen != replicas) {
            self.before = self.replicas;
        }
        self.replicas = Some(replicas);
    }

    /// What this evaluation proposed, for the next ones.
    pub fn keep(&mut self, hpa: &Hpa, evaluation: &Evaluation) {
        let decision = &evaluation.decision;
        self.apart = apart(self.apart, hpa, evaluation);
        // The replicas are changed by the controller, not by us.
        let unchanged = model::scaling::ScalingDecision {
            to: decision.from,
            ..decision.clone()
        };
        // Also where the metrics were not looked at: the replicas it finds first count as the controller's first proposal.
        scaling::remember(&evaluation.policy, &mut self.history, &unchanged);
    }
}

fn apart(before: Option<Apart>, hpa: &Hpa, evaluation: &Evaluation) -> Option<Apart> {
    let decision = &evaluation.decision;
    let (ours, theirs) = (decision.to, hpa.status.desired_replicas);
    // A change that is under way, ours or theirs, is no disagreement: from other replicas follow other numbers.
    let is_steady = theirs == decision.from && evaluation.observation.status_replicas == decision.from;
    let is_behind = hpa.status.observed_generation.is_some_and(|seen| seen < hpa.metadata.generation);
    let is_told = decision.reason == ScalingReason::Metrics && is_active(hpa);
    if ours == theirs || !is_steady || is_behind || !is_told || !evaluation.is_whole {
        return None;
    }
    let same_side = before.filter(|before| (before.ours > before.theirs) == (ours > theirs));
    Some(Apart {
        since_ms: same_side.map_or(decision.at_ms, |before| before.since_ms),
        looks: same_side.map_or(1, |before| before.looks.saturating_add(1)),
        ours,
        theirs,
    })
}

/// The controller could read its metrics.
fn is_active(hpa: &Hpa) -> bool {
    let mut conditions = hpa.status.conditions.iter();
    conditions.any(|c| &*c.kind == "ScalingActive" && &*c.status == "True")
}

/// How far back windows and limits look.
fn reach_s(policy: &ScalingPolicy) -> u32 {
    let Some(Behavior { scale_up, scale_down }) = &policy.behavior else {
        return policy.downscale_stabilization_s;
    };
    let sides = [scale_up, scale_down];
    let periods = sides.iter().flat_map(|rules| rules.policies.iter().map(|limit| limit.period_s));
    periods
        .chain(sides.iter().map(|rules| rules.stabilization_window_s))
        .max()
        .unwrap_or_default()
}
