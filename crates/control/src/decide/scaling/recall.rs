//! A policy's memory of itself, from its ledger: a console that starts again does not forget its windows and limits.

use model::scaling::{DecisionSpan, Recommendation, ReplicaChange, ScalingHistory};

/// From the lines of the ledger, newest first. A span's proposal counts at its first and its last moment.
pub fn recall(spans: &[DecisionSpan]) -> ScalingHistory {
    let mut history = ScalingHistory::default();
    for span in spans.iter().rev() {
        let decision = &span.decision;
        if let Some(replicas) = decision.recommendation {
            history.recommendations.push(Recommendation {
                at_ms: span.from_ms,
                replicas,
            });
            if span.to_ms > span.from_ms {
                history.recommendations.push(Recommendation {
                    at_ms: span.to_ms,
                    replicas,
                });
            }
        }
        if decision.is_change() {
            history.changes.push(ReplicaChange {
                at_ms: decision.at_ms,
                from: decision.from,
                to: decision.to,
            });
        }
    }
    history
}

#[cfg(test)]
mod tests {
    use model::scaling::{ScalingDecision, ScalingProof, ScalingReason, Tolerance};

    use super::*;

    #[test]
    fn windows_and_limits_outlive_a_restart() {
        let span = |from_ms, to_ms, to, recommendation| DecisionSpan {
            id: 0,
            workload: "web".parse().unwrap(),
            from_ms,
            to_ms,
            evaluations: 1,
            decision: ScalingDecision {
                at_ms: to_ms,
                from: 3,
                to,
                reason: ScalingReason::Metrics,
                recommendation,
                proof: ScalingProof::new(Tolerance::default()),
            },
            would_change: vec![],
        };
        let history = recall(&[
            span(9_000, 9_000, 5, Some(5)),
            span(5_000, 7_000, 3, None),
            span(1_000, 3_000, 3, Some(4)),
        ]);
        let proposed: Vec<_> = history.recommendations.iter().map(|r| (r.at_ms, r.replicas)).collect();
        assert_eq!(proposed, [(1_000, 4), (3_000, 4), (9_000, 5)]);
        assert_eq!(
            history.changes,
            [ReplicaChange {
                at_ms: 9_000,
                from: 3,
                to: 5
            }]
        );
    }
}
