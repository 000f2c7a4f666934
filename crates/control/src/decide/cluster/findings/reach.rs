//! What is known is old, or what is needed may not be read.

use model::{
    Severity, SourceState,
    cluster::{Certainty, Finding, FindingCode, KindState, KindStatus},
};

use super::told::{advice, line, patch, seconds, told};
use crate::decide::cluster::Case;

/// Without these nothing can be said of an object; the others explain more.
const NEEDED: [&str; 4] = [
    "horizontalpodautoscalers.autoscaling",
    "deployments.apps",
    "statefulsets.apps",
    "pods",
];

pub(super) fn reach(case: &Case<'_>) -> Vec<Finding> {
    let mut found: Vec<_> = stale(case).into_iter().collect();
    let kinds = case.space.look.kinds.iter();
    found.extend(kinds.filter_map(unread));
    found
}

fn stale(case: &Case<'_>) -> Option<Finding> {
    let look = case.space.look;
    let why = match &look.state {
        SourceState::Up => return None,
        SourceState::Waiting { .. } => "it has not answered yet".to_owned(),
        SourceState::Down { why, .. } => line(why),
    };
    let age = look.answered_at_ms.map_or_else(
        || "Nothing of it is known".to_owned(),
        |at_ms| format!("What is shown is {} old", seconds(case.now_ms.saturating_sub(at_ms) / 1_000)),
    );
    Some(told(
        FindingCode::NotReadable,
        Severity::Warning,
        Certainty::Unknown,
        "The cluster does not answer",
        format!("{age}: {why}."),
        vec![advice(
            "Look at the connection",
            "The address, certificate and account of this cluster are in the settings file; kubectl get --raw /readyz asks the API server itself.",
        )],
    ))
}

fn unread(kind: &KindStatus) -> Option<Finding> {
    let severity = if NEEDED.contains(&kind.resource.as_str()) {
        Severity::Warning
    } else {
        Severity::Info
    };
    let (why, fixes) = match &kind.state {
        KindState::Waiting | KindState::Up | KindState::Absent => return None,
        KindState::Forbidden { rule } => (
            "The console's account may not list them".to_owned(),
            vec![patch("Give the account this rule", rule.clone())],
        ),
        KindState::Down { why, .. } => (line(why), Vec::new()),
    };
    Some(told(
        FindingCode::NotReadable,
        severity,
        Certainty::Unknown,
        format!("{} cannot be read", kind.resource),
        format!("{why}: what would follow from them is missing here."),
        fixes,
    ))
}
