//! HPAs of older versions of the API.

use model::{Severity, cluster::FindingCode};
use serde_json::{Value as Json, json};

use super::{
    edit::Pen,
    given::{Given, HpaVersion, whole},
    notes::note,
};

const V2: &str = "autoscaling/v2";

pub(super) fn check(pen: Pen<'_>, given: &mut Given<'_>, version: HpaVersion) {
    let line = given.node.line_of("apiVersion");
    let old = |severity, title: &str, why: &str| note(FindingCode::OutdatedApi, severity, "apiVersion", line, title, why);
    let node = given.node;
    let to_v2 = node.get("apiVersion").and_then(|node| pen.replace(node, &Json::from(V2)));
    let said = match version {
        HpaVersion::V2 => return,
        HpaVersion::V1 => {
            let spec = node.get("spec");
            let old_target = spec.and_then(|spec| Some((spec, spec.entry("targetCPUUtilizationPercentage")?)));
            let target = old_target.and_then(|(spec, entry)| {
                let percent = whole(&entry.value)?;
                let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}}});
                pen.exchange(spec, entry, "metrics", &json!([metric]))
            });
            let said = old(
                Severity::Info,
                "autoscaling/v1 knows one metric and no behavior",
                "it is still served; autoscaling/v2 says the same and more.",
            )
            .advice(
                "Write it as autoscaling/v2",
                "targetCPUUtilizationPercentage becomes an entry of metrics.",
            );
            // Both or neither: v2 has no such field.
            match (to_v2, old_target, target) {
                (Some(version), None, _) => said.mend([version]),
                (Some(version), Some(_), Some(target)) => said.mend([version, target]),
                _ => said,
            }
        }
        HpaVersion::V2Beta2 => old(
            Severity::Critical,
            "autoscaling/v2beta2 is not served since Kubernetes 1.26",
            "the object is refused.",
        )
        .advice("Write autoscaling/v2", "The fields are the same.")
        .mend(to_v2),
        HpaVersion::V2Beta1 => old(
            Severity::Critical,
            "autoscaling/v2beta1 is not served since Kubernetes 1.25",
            "the object is refused, and its metrics are written otherwise in autoscaling/v2: they were not examined.",
        )
        .advice(
            "Convert it",
            "kubectl convert -f FILE --output-version autoscaling/v2 (the plug-in kubectl-convert), and examine what it prints",
        ),
    };
    given.notes.push(said);
}
