//! Evaluations in a row that came to the same become one line of the ledger.

use model::scaling::{DecisionSpan, ScalingDecision};

/// A line that has grown this long ends, so that its figures stay near what they were.
const SPAN_MAX_MS: i64 = 10 * 60_000;
/// Evaluations further apart than this were not in a row.
const PAUSE_MAX_MS: i64 = 60_000;

/// The span with this evaluation in it, or `None` where a new one begins. The same change again is one that was not carried out.
pub fn fold(span: &DecisionSpan, decision: &ScalingDecision) -> Option<DecisionSpan> {
    fold_within(span, decision, SPAN_MAX_MS)
}

/// The same with lines of another length at most.
pub fn fold_within(span: &DecisionSpan, decision: &ScalingDecision, max_ms: i64) -> Option<DecisionSpan> {
    let (last, now_ms) = (&span.decision, decision.at_ms);
    let in_a_row = (span.to_ms..=span.to_ms.saturating_add(PAUSE_MAX_MS)).contains(&now_ms);
    let short = now_ms.saturating_sub(span.from_ms) <= max_ms;
    (in_a_row && short && came_to_the_same(last, decision)).then(|| DecisionSpan {
        to_ms: now_ms,
        evaluations: span.evaluations.saturating_add(1),
        decision: decision.clone(),
        ..span.clone()
    })
}

/// The figures may move, and with them whether a window holds or a limit slows, as long as the same number stands: at the edge of a
/// tolerance that changes with every evaluation.
fn came_to_the_same(a: &ScalingDecision, b: &ScalingDecision) -> bool {
    let (p, q) = (&a.proof, &b.proof);
    let states = |proof: &model::scaling::ScalingProof| proof.metrics.iter().map(|m| m.failure.is_some()).collect::<Vec<_>>();
    (a.from, a.to) == (b.from, b.to)
        && a.reason == b.reason
        && p.clamp.map(|c| c.bound) == q.clamp.map(|c| c.bound)
        && p.hold.map(|(hold, _)| hold) == q.hold.map(|(hold, _)| hold)
        && states(p) == states(q)
}

#[cfg(test)]
mod tests {
    use model::scaling::{Clamp, Direction, Recommendation, ReplicaBound, ScalingProof, ScalingReason, StabilizationProof, Tolerance};

    use super::*;

    fn decision(at_ms: i64, to: u32) -> ScalingDecision {
        ScalingDecision {
            at_ms,
            from: 3,
            to,
            reason: ScalingReason::Metrics,
            recommendation: Some(to),
            proof: ScalingProof::new(Tolerance::default()),
        }
    }

    fn span(to: u32) -> DecisionSpan {
        DecisionSpan {
            id: 0,
            workload: "web".parse().unwrap(),
            from_ms: 1_000,
            to_ms: 1_000,
            evaluations: 1,
            decision: decision(1_000, to),
            would_change: vec![],
        }
    }

    #[test]
    fn what_came_to_the_same_is_one_line() {
        let next = fold(&span(3), &decision(3_000, 3)).unwrap();
        assert_eq!((next.from_ms, next.to_ms, next.evaluations), (1_000, 3_000, 2));
        assert!(fold(&span(3), &decision(3_000, 4)).is_none(), "a change");
        let mut done = decision(3_000, 4);
        done.from = 4;
        assert!(fold(&span(4), &done).is_none(), "after a change");
        assert!(
            fold(&span(4), &decision(3_000, 4)).is_some(),
            "a change that is refused again and again"
        );
        assert!(fold(&span(3), &decision(1_000 + SPAN_MAX_MS + 1, 3)).is_none(), "too long");
        assert!(fold(&span(3), &decision(999, 3)).is_none(), "the clock was set back");
        let mut clamped = decision(3_000, 3);
        clamped.proof.clamp = Some(Clamp {
            bound: ReplicaBound::Max,
            before: 9,
            after: 3,
        });
        assert!(fold(&span(3), &clamped).is_none(), "now the maximum holds it");
        let mut held = decision(3_000, 3);
        held.proof.stabilization = Some(StabilizationProof {
            direction: Direction::Down,
            window_s: 300,
            before: 2,
            after: 3,
            held_by: Recommendation { at_ms: 0, replicas: 3 },
        });
        assert!(
            fold(&span(3), &held).is_some(),
            "at the edge of the tolerance it would be a line each time"
        );
        let mut failed = decision(3_000, 3);
        failed.reason = ScalingReason::FailedMetrics;
        assert!(fold(&span(3), &failed).is_none());
    }
}
