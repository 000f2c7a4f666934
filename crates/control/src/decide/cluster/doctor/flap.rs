//! Settings that make the replicas flap, by the rule that our own policies are checked by.

use model::{Severity, cluster::FindingCode};
use serde_json::{Value as Json, json};

use super::{
    edit::Pen,
    node::Node,
    notes::{Notes, note},
};
use crate::{
    decide::{
        cluster::{ControllerSettings, policy},
        scaling::warnings,
    },
    ports::cluster::HpaSpec,
};

/// `--horizontal-pod-autoscaler-sync-period`.
const SYNC_PERIOD_S: u32 = 15;
/// What a pod takes to become ready, where nothing of it has been seen.
const START_DELAY_S: u32 = 30;

const WINDOW: &str = "spec.behavior.scaleDown.stabilizationWindowSeconds";
const TOLERANCE: &str = "spec.behavior.scaleUp.tolerance";

pub(super) fn check(pen: Pen<'_>, node: &Node, spec: &HpaSpec, notes: &mut Notes) {
    // What cannot be read as a policy has been told of already.
    let Ok(policy) = policy(spec, &ControllerSettings::default()) else {
        return;
    };
    for warning in warnings(&policy, SYNC_PERIOD_S, START_DELAY_S) {
        // Where it stands in the manifest, what mends it, and Kubernetes' own default for it.
        let (at, mends, value): (String, &str, Json) = match warning.field.strip_prefix("behavior.scale_down.policies") {
            Some(n) => (format!("spec.behavior.scaleDown.policies{n}"), WINDOW, json!(300)),
            None if warning.field.starts_with("tolerance") => (TOLERANCE.to_owned(), TOLERANCE, json!("0.1")),
            None => (WINDOW.to_owned(), WINDOW, json!(300)),
        };
        let edit = node.find(mends).and_then(|node| pen.replace(node, &value));
        notes.push(
            note(
                FindingCode::Flaps,
                Severity::Warning,
                &at,
                node.line_of(&at),
                "The replicas will go up and down",
                format!("{}.", warning.why),
            )
            .estimated()
            .advice(
                "Set it as Kubernetes does",
                format!(
                    "{mends}: {} (or another way out: {})",
                    value.to_string().trim_matches('"'),
                    warning.instead
                ),
            )
            .mend(edit),
        );
    }
}
