//! Each metric: what the controller read beside what our engine made of the pods.

use model::{
    cluster::MetricRow,
    scaling::{MetricSpec, ScalingAlgorithm, TargetChip, words},
};

use super::super::{Case, findings::told::bytes};
use crate::ports::cluster::{CurrentOf, HpaCurrentMetric};

/// In the order of the HPA; none before our engine's first look.
pub fn metric_rows(case: &Case<'_>) -> Vec<MetricRow> {
    let (Some(hpa), Some(evaluation)) = (case.hpa, case.evaluated()) else {
        return Vec::new();
    };
    let ScalingAlgorithm::Hpa { metrics } = &evaluation.policy.algorithm else {
        return Vec::new();
    };
    let current = hpa.status.current_metrics.as_deref().unwrap_or_default();
    let proofs = &evaluation.decision.proof.metrics;
    let chips = super::row::targets(case);
    let row = |((index, metric), chip): ((usize, &MetricSpec), TargetChip)| {
        // The controller leaves a gap where it could read nothing.
        let said = (current.len() == metrics.len()).then(|| &current[index]);
        MetricRow {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            chip,
            source: hpa.spec.metrics.get(index).map_or("Resource", |of| &*of.kind).to_owned(),
            target: metric.target,
            controller: said.and_then(in_words),
            proposal: proofs.get(index).and_then(|proof| proof.proposal),
        }
    };
    metrics.iter().enumerate().zip(chips).map(row).collect()
}

/// "42 % (84m)", "12.5", "64 MiB".
fn in_words(metric: &HpaCurrentMetric) -> Option<String> {
    let parts = [
        &metric.resource,
        &metric.container_resource,
        &metric.pods,
        &metric.object,
        &metric.external,
    ];
    let of: &CurrentOf = parts.into_iter().flatten().next()?;
    let value = of.current.average_value.or(of.current.value).map(|quantity| match &*of.name {
        "memory" => bytes(quantity.units()),
        "cpu" => format!("{}m", quantity.milli()),
        _ => words::milli(quantity.milli()),
    });
    match (of.current.average_utilization, value) {
        (Some(percent), Some(value)) => Some(format!("{percent} % ({value})")),
        (Some(percent), None) => Some(format!("{percent} %")),
        (None, value) => value,
    }
}
