//! Fewest and most replicas.

use model::{Severity, cluster::FindingCode};
use serde_json::Value as Json;

use super::{
    edit::Pen,
    given::whole,
    node::Node,
    notes::{Notes, note},
};
use crate::ports::cluster::{HpaMetric, HpaSpec};

const MIN: &str = "spec.minReplicas";
const MAX: &str = "spec.maxReplicas";

pub(super) fn check(pen: Pen<'_>, node: &Node, spec: &HpaSpec, notes: &mut Notes) {
    // Without it, the schema has told of it already.
    let Some(max) = node.find(MAX).and_then(whole) else { return };
    let min = spec.min_replicas.unwrap_or(1);
    let line = node.line_of(MAX);
    if max == 0 {
        notes.push(
            note(
                FindingCode::InvalidObject,
                Severity::Critical,
                MAX,
                line,
                "maxReplicas is 0",
                "Kubernetes refuses it: it has to be at least 1. To stop a workload, set its own replicas to 0.",
            )
            .advice("Write how many there may be", "maxReplicas: at least minReplicas"),
        );
    } else if max < min {
        // The two were mixed up more often than one of them was mistyped.
        let swapped = || {
            let (low, high) = (node.find(MIN)?, node.find(MAX)?);
            let edits = [pen.replace(low, &Json::from(max))?, pen.replace(high, &Json::from(min))?];
            Some(edits)
        };
        notes.push(
            note(
                FindingCode::InvalidObject,
                Severity::Critical,
                MAX,
                line,
                format!("maxReplicas {max} is less than minReplicas {min}"),
                "Kubernetes refuses the object.",
            )
            .advice("Exchange the two", format!("minReplicas: {max}, maxReplicas: {min}"))
            .mend(swapped().into_iter().flatten()),
        );
    } else if max == min {
        notes.push(
            note(
                FindingCode::MinIsMax,
                Severity::Warning,
                MAX,
                line,
                format!("minReplicas and maxReplicas are both {max}"),
                "there is nothing between the two: whatever the metrics say, the replicas stay.",
            )
            .advice(
                "Leave room, or leave the HPA out",
                format!(
                    "maxReplicas: {} or more. To hold a workload at {max} on purpose, its own replicas are enough.",
                    max.saturating_mul(2)
                ),
            ),
        );
    }
    let works_at_zero = |metric: &HpaMetric| matches!(&*metric.kind, "Object" | "External");
    if spec.min_replicas == Some(0) && !spec.metrics.iter().any(works_at_zero) {
        notes.push(
            note(
                FindingCode::InvalidObject,
                Severity::Critical,
                MIN,
                node.line_of(MIN),
                "minReplicas is 0, and no metric works without pods",
                "at 0 only an Object or External metric has a value, so nothing could start the first pod again; Kubernetes refuses it.",
            )
            .advice("Write 1, or add such a metric", "minReplicas: 1")
            .mend(node.find(MIN).and_then(|node| pen.replace(node, &Json::from(1)))),
        );
    }
}
