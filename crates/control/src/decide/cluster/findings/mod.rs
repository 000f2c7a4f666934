//! Why an object does what it does, in plain words with figures, and what to do about it.
//!
//! One file for each group: `reach` (what may be read), `target` (what is scaled), `metrics` (what is measured), `spec` (how it is set),
//! `held` (what holds the replicas where they are), `pods` (what becomes of them).

mod held;
mod metrics;
mod pods;
mod quota;
mod reach;
mod spec;
mod target;
pub(super) mod told;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod table;

use model::{
    Severity, SourceState,
    cluster::{Certainty, Finding, FindingCode},
};

use super::Case;
pub(super) use pods::failure;

/// Everything that is found, worst first; there is always something, if only that all is well.
pub fn findings(case: &Case<'_>) -> Vec<Finding> {
    let groups = [
        reach::reach,
        target::target,
        metrics::metrics,
        spec::spec,
        held::held,
        quota::quota,
        pods::pods,
    ];
    let mut found: Vec<Finding> = groups.iter().flat_map(|group| group(case)).collect();
    if found.iter().all(|finding| finding.severity == Severity::Info) {
        found.push(held::healthy(case));
    }
    if case.space.look.state != SourceState::Up {
        // What the cluster said last need not be so any more.
        for finding in found.iter_mut().filter(|finding| finding.code != FindingCode::NotReadable) {
            finding.certainty = Certainty::Unknown;
        }
        found.retain(|finding| finding.code != FindingCode::Healthy);
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}
