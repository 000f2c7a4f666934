//! How well a workload follows its policy, in one word.

use model::scaling::{ReplicaBound, ScalingDecision, ScalingReason, ScalingState};

use super::Progress;

/// The most important thing first. `ScalingLimited` is no alarm while nothing asks for more: `AtMax` is said only where the maximum cuts.
pub fn standing(is_fresh: bool, last: Option<&ScalingDecision>, desired: u32, progress: Progress) -> ScalingState {
    if !is_fresh {
        return ScalingState::Unknown;
    }
    if last.is_some_and(|d| d.reason == ScalingReason::FailedMetrics) {
        return ScalingState::MetricsFailed;
    }
    if last.is_some_and(|d| d.proof.clamp.is_some_and(|c| c.bound == ReplicaBound::Max)) {
        return ScalingState::AtMax;
    }
    if progress.ready < desired {
        return ScalingState::ScalingOut;
    }
    if progress.leaving > 0 || progress.ready > desired {
        return ScalingState::ScalingIn;
    }
    if last.is_some_and(|d| d.proof.hold.is_some()) {
        return ScalingState::Held;
    }
    ScalingState::Steady
}

#[cfg(test)]
mod tests {
    use model::scaling::{Clamp, ScalingProof, Tolerance};

    use super::*;

    #[test]
    fn the_worst_thing_is_said() {
        let decision = |reason, clamp| {
            let mut proof = ScalingProof::new(Tolerance::default());
            proof.clamp = clamp;
            ScalingDecision {
                at_ms: 0,
                from: 3,
                to: 3,
                reason,
                recommendation: None,
                proof,
            }
        };
        let clamp = |bound| {
            Some(Clamp {
                bound,
                before: 9,
                after: 3,
            })
        };
        let fine = decision(ScalingReason::Metrics, None);
        let (max, min) = (
            decision(ScalingReason::Metrics, clamp(ReplicaBound::Max)),
            decision(ScalingReason::Metrics, clamp(ReplicaBound::Min)),
        );
        let failed = decision(ScalingReason::FailedMetrics, None);
        let progress = |ready, coming, leaving| Progress { ready, coming, leaving };
        let all = progress(3, 0, 0);
        let table = [
            (false, Some(&fine), all, ScalingState::Unknown),
            (true, Some(&failed), all, ScalingState::MetricsFailed),
            (true, Some(&max), all, ScalingState::AtMax),
            (true, Some(&min), all, ScalingState::Steady),
            (true, Some(&fine), progress(2, 1, 0), ScalingState::ScalingOut),
            (true, Some(&fine), progress(3, 0, 1), ScalingState::ScalingIn),
            (true, None, all, ScalingState::Steady),
        ];
        for (fresh, last, progress, expected) in table {
            assert_eq!(standing(fresh, last, 3, progress), expected, "{last:?} {progress:?}");
        }
    }
}
