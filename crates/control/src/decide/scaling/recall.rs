//! A policy's memory of itself, from its ledger: a console that starts again does not forget its windows and limits.

use model::{
    Actor,
    scaling::{DecisionSpan, Recommendation, ReplicaChange, ScalingEvent, ScalingHistory},
};

/// From the lines of the ledger and the changes, both newest first. A span's proposal counts at its first and its last moment.
pub fn recall(spans: &[DecisionSpan], events: &[ScalingEvent]) -> ScalingHistory {
    let mut history = ScalingHistory::default();
    for span in spans.iter().rev() {
        let decision = &span.decision;
        // The highest proposal of a line that was held is what held it.
        if let Some(held) = decision.proof.stabilization {
            history.recommendations.push(held.held_by);
        }
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
    }
    // Those that an operator's hold made, and those that were refused, do not use up the policy's limits.
    let own = |event: &&ScalingEvent| matches!(event.actor, Actor::System(_)) && event.ended_at_ms != Some(event.at_ms);
    for event in events.iter().rev().filter(own) {
        history.changes.push(ReplicaChange {
            at_ms: event.at_ms,
            from: event.from,
            to: event.to,
        });
    }
    history.recommendations.sort_by_key(|r| r.at_ms);
    history
}

#[cfg(test)]
mod tests {
    use model::scaling::{ScalingDecision, ScalingOutcome, ScalingProof, ScalingReason, Tolerance};

    use super::*;

    fn span(from_ms: i64, to_ms: i64, recommendation: Option<u32>) -> DecisionSpan {
        DecisionSpan {
            id: 0,
            workload: "web".parse().unwrap(),
            from_ms,
            to_ms,
            evaluations: 1,
            decision: ScalingDecision {
                at_ms: to_ms,
                from: 3,
                to: 3,
                reason: ScalingReason::Metrics,
                recommendation,
                proof: ScalingProof::new(Tolerance::default()),
            },
            would_change: vec![],
        }
    }

    fn event(at_ms: i64, actor: Actor, ended_at_ms: Option<i64>) -> ScalingEvent {
        ScalingEvent {
            id: 0,
            workload: "web".parse().unwrap(),
            at_ms,
            from: 3,
            to: 5,
            cause: String::new(),
            leading: None,
            metrics: vec![],
            actor,
            outcome: ScalingOutcome::Reached,
            ended_at_ms,
        }
    }

    #[test]
    fn windows_and_limits_outlive_a_restart() {
        let autoscaler = || Actor::system("autoscaler");
        let events = [
            event(9_000, autoscaler(), Some(9_700)),
            event(8_000, autoscaler(), Some(8_000)),
            event(7_000, Actor::User("ada".into()), None),
        ];
        let spans = [span(9_000, 9_000, Some(5)), span(5_000, 7_000, None), span(1_000, 3_000, Some(4))];
        let history = recall(&spans, &events);
        let proposed: Vec<_> = history.recommendations.iter().map(|r| (r.at_ms, r.replicas)).collect();
        assert_eq!(proposed, [(1_000, 4), (3_000, 4), (9_000, 5)]);
        let changed: Vec<_> = history.changes.iter().map(|c| c.at_ms).collect();
        assert_eq!(changed, [9_000], "neither what was refused nor what an operator did");
    }
}
