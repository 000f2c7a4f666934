//! Conditions as the cluster tells them.

use model::cluster::ConditionRow;

use super::super::{Case, findings::told::line};
use crate::ports::cluster::Condition;

/// Of the HPA, or of the workload without one.
pub fn condition_rows(case: &Case<'_>) -> Vec<ConditionRow> {
    let conditions: &[Condition] = match (case.hpa, case.target.workload()) {
        (Some(hpa), _) => &hpa.status.conditions,
        (None, Some(workload)) => &workload.status.conditions,
        (None, None) => &[],
    };
    let row = |condition: &Condition| ConditionRow {
        name: condition.kind.to_string(),
        is_true: &*condition.status == "True",
        reason: condition.reason.to_string(),
        message: line(&condition.message),
        since_ms: condition.since_ms,
    };
    conditions.iter().map(row).collect()
}
