//! A VPA beside an HPA.

use model::{Severity, cluster::FindingCode};
use serde_json::{Value as Json, json};

use super::{
    edit::{Edit, Pen},
    given::Given,
    node::Node,
    notes::{Note, note, short},
    pair::{MEASURED_MAX, share},
};
use crate::ports::cluster::{HpaSpec, Vpa, VpaContainerPolicy};

/// Both answer to the use of one resource.
pub(super) fn conflict(pen: Pen<'_>, given: &Given<'_>, vpa: &Vpa, hpa: &Given<'_>, spec: &HpaSpec) -> Option<Note> {
    let mode = vpa.spec.update_policy.update_mode.as_deref().unwrap_or("Auto");
    if mode == "Off" {
        return None;
    }
    let measured: Vec<String> = if spec.metrics.is_empty() {
        vec!["cpu".to_owned()]
    } else {
        spec.metrics
            .iter()
            .filter_map(share)
            .map(|of| of.name.to_string())
            .take(MEASURED_MAX)
            .collect()
    };
    let both: Vec<_> = measured
        .iter()
        .filter(|resource| changes(vpa, resource))
        .map(|r| short(r))
        .collect();
    if both.is_empty() {
        return None;
    }
    let at = "spec.updatePolicy.updateMode";
    Some(
        note(
            FindingCode::VpaConflict,
            Severity::Critical,
            at,
            given.node.line_of(at),
            format!("VPA and HPA both follow {}", both.join(" and ")),
            format!(
                "{} keeps {} at a share of the requests, and this one changes the requests (updateMode {mode}): each answers to what the other did.",
                hpa.what,
                both.join(" and ")
            ),
        )
        .patch("Let the VPA only recommend", "spec:\n  updatePolicy:\n    updateMode: \"Off\"\n")
        .mend(off(pen, given.node)),
    )
}

fn off(pen: Pen<'_>, node: &Node) -> Option<Edit> {
    let spec = node.get("spec")?;
    let Some(policy) = spec.entry("updatePolicy") else {
        return pen.add(spec, "updatePolicy", &json!({"updateMode": "Off"}));
    };
    match policy.value.get("updateMode") {
        Some(mode) => pen.replace(mode, &Json::from("Off")),
        None if policy.value.entries().is_empty() => pen.fill(spec, policy, &json!({"updateMode": "Off"})),
        None => pen.add(&policy.value, "updateMode", &Json::from("Off")),
    }
}

/// Whether the VPA may change the requests for this resource, of any container.
fn changes(vpa: &Vpa, resource: &str) -> bool {
    let policies = &vpa.spec.resource_policy.container_policies;
    if policies.is_empty() {
        return true;
    }
    let allows = |policy: &VpaContainerPolicy| {
        let is_controlled = policy
            .controlled_resources
            .as_ref()
            .is_none_or(|of| of.iter().any(|one| **one == *resource));
        policy.mode.as_deref() != Some("Off") && is_controlled
    };
    // A container without a policy of its own is changed too, but whether there is one cannot be told from here.
    policies.iter().any(allows)
}
