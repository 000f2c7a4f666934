//! How an object stands, in one word.

use model::{
    Severity, SourceState,
    cluster::{Finding, FindingCode, ObjectState},
};

use super::Case;

/// Findings with which nothing can be scaled, if they are critical.
const FAILURES: [FindingCode; 8] = [
    FindingCode::MetricsApiMissing,
    FindingCode::RequestMissing,
    FindingCode::MetricMissing,
    FindingCode::PodsWithoutMetrics,
    FindingCode::TargetNotFound,
    FindingCode::TwoHpas,
    FindingCode::AmbiguousSelector,
    FindingCode::QuotaExceeded,
];

/// The most important thing first: what is not known, cannot scale, wants more than it may, is under way, is worth a look.
pub fn standing(case: &Case<'_>, findings: &[Finding]) -> ObjectState {
    let has = |code: FindingCode| findings.iter().any(|finding| finding.code == code);
    if case.space.look.state != SourceState::Up {
        return ObjectState::Unknown;
    }
    if findings
        .iter()
        .any(|finding| finding.severity == Severity::Critical && FAILURES.contains(&finding.code))
    {
        return ObjectState::Failing;
    }
    if has(FindingCode::AtMax) {
        return ObjectState::AtMax;
    }
    let replicas = case.replicas();
    let workload = case.target.workload();
    if workload.is_some() && replicas == 0 && case.hpa.is_none_or(|_| has(FindingCode::ScalingDisabled)) {
        return ObjectState::Off;
    }
    if workload.is_some_and(|workload| workload.status.ready_replicas != replicas || workload.status.replicas != replicas) {
        return ObjectState::Scaling;
    }
    if findings.iter().any(|finding| finding.severity > Severity::Info) {
        return ObjectState::Attention;
    }
    ObjectState::Steady
}
