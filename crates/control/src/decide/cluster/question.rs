//! Which custom and external metrics the HPAs ask for.

use std::collections::BTreeSet;

use super::Space;
use crate::ports::cluster::{Hpa, HpaMetric, MetricQuestion};

/// Of all HPAs of a namespace, each once.
pub fn questions(space: &Space<'_>) -> BTreeSet<MetricQuestion> {
    let hpas = space.objects.hpas.values();
    hpas.flat_map(|hpa| hpa.spec.metrics.iter().filter_map(move |metric| question(space, hpa, metric)))
        .collect()
}

/// What is to be asked for one metric; nothing for figures of pods, and where there is no target to ask for.
pub(super) fn question(space: &Space<'_>, hpa: &Hpa, metric: &HpaMetric) -> Option<MetricQuestion> {
    let namespace = space.name.clone();
    match &*metric.kind {
        "Pods" => {
            let of = metric.pods.as_ref()?;
            let workload = space.target(hpa).workload()?;
            Some(MetricQuestion::Pods {
                namespace,
                selector: workload.spec.selector.text().into(),
                metric: of.metric.name.clone(),
                metric_selector: of.metric.selector_text().into(),
            })
        }
        "Object" => {
            let of = metric.object.as_ref()?;
            Some(MetricQuestion::Object {
                namespace,
                described: of.described_object.clone()?,
                metric: of.metric.name.clone(),
                metric_selector: of.metric.selector_text().into(),
            })
        }
        "External" => {
            let of = metric.external.as_ref()?;
            Some(MetricQuestion::External {
                namespace,
                metric: of.metric.name.clone(),
                metric_selector: of.metric.selector_text().into(),
            })
        }
        _ => None,
    }
}
