//! `spec.behavior`: limits that cannot act, and that Kubernetes does not take.

use model::{Severity, cluster::FindingCode};
use serde_json::Value as Json;

use super::{
    edit::Pen,
    node::Node,
    notes::{Notes, note},
};
use crate::ports::cluster::{HpaPolicy, HpaRules, HpaSpec};

/// As Kubernetes allows it.
const PERIOD_MAX_S: u32 = 1_800;
const WINDOW_MAX_S: u32 = 3_600;
/// Policies of one direction that are compared with each other.
const COMPARED_MAX: usize = 16;

pub(super) fn check(pen: Pen<'_>, node: &Node, spec: &HpaSpec, notes: &mut Notes) {
    let Some(behavior) = &spec.behavior else { return };
    for (name, rules, is_up) in [("scaleUp", &behavior.scale_up, true), ("scaleDown", &behavior.scale_down, false)] {
        let Some(rules) = rules else { continue };
        let path = format!("spec.behavior.{name}");
        direction(pen, node, rules, is_up, &path, notes);
        window(pen, node, rules, &path, notes);
        policies(pen, node, rules, is_up, &path, notes);
        if is_up {
            idle(node, spec, rules, &path, notes);
        }
    }
}

fn direction(pen: Pen<'_>, node: &Node, rules: &HpaRules, is_up: bool, path: &str, notes: &mut Notes) {
    if !is_up || rules.select_policy.as_deref() != Some("Disabled") {
        return;
    }
    let at = format!("{path}.selectPolicy");
    notes.push(
        note(
            FindingCode::DirectionDisabled,
            Severity::Warning,
            &at,
            node.line_of(&at),
            "Scaling out is switched off",
            "selectPolicy: Disabled under scaleUp means that no load ever adds a pod.",
        )
        .advice("Let it scale out", format!("{at}: Max"))
        .mend(node.find(&at).and_then(|node| pen.replace(node, &Json::from("Max")))),
    );
}

fn window(pen: Pen<'_>, node: &Node, rules: &HpaRules, path: &str, notes: &mut Notes) {
    let Some(window_s) = rules.stabilization_window_seconds.filter(|s| *s > WINDOW_MAX_S) else {
        return;
    };
    let at = format!("{path}.stabilizationWindowSeconds");
    notes.push(
        note(
            FindingCode::InvalidObject,
            Severity::Critical,
            &at,
            node.line_of(&at),
            format!("A window of {window_s} s"),
            format!("Kubernetes takes at most {WINDOW_MAX_S} s, and refuses the object."),
        )
        .advice("Write the longest there is", format!("{at}: {WINDOW_MAX_S}"))
        .mend(node.find(&at).and_then(|node| pen.replace(node, &Json::from(WINDOW_MAX_S)))),
    );
}

fn policies(pen: Pen<'_>, node: &Node, rules: &HpaRules, is_up: bool, path: &str, notes: &mut Notes) {
    let Some(policies) = &rules.policies else { return };
    let way = if is_up { "out" } else { "in" };
    if policies.is_empty() {
        let at = format!("{path}.policies");
        notes.push(
            note(
                FindingCode::PolicyCannotAct,
                Severity::Critical,
                &at,
                node.line_of(&at),
                format!("No policy for scaling {way}"),
                "an empty list lets nothing happen; Kubernetes refuses it.",
            )
            .advice(
                "Leave policies out for the defaults",
                format!("or, to forbid it, {path}.selectPolicy: Disabled"),
            ),
        );
    }
    for (n, policy) in policies.iter().enumerate() {
        // What is absent or no number, the schema has told of.
        let told = |field: &str| node.find(&format!("{path}.policies[{n}].{field}")).and_then(super::given::whole);
        if told("value") == Some(0) {
            let at = format!("{path}.policies[{n}].value");
            notes.push(
                note(
                    FindingCode::PolicyCannotAct,
                    Severity::Critical,
                    &at,
                    node.line_of(&at),
                    format!("A policy that lets nothing scale {way}"),
                    format!("0 {} in any time is no change at all; Kubernetes refuses it.", unit(policy)),
                )
                .advice("Write at least 1", format!("{at}: 1"))
                .mend(node.find(&at).and_then(|node| pen.replace(node, &Json::from(1)))),
            );
        }
        if let Some(period_s) = told("periodSeconds").filter(|s| !(1..=PERIOD_MAX_S).contains(s)) {
            let at = format!("{path}.policies[{n}].periodSeconds");
            let near = period_s.clamp(1, PERIOD_MAX_S);
            notes.push(
                note(
                    FindingCode::InvalidObject,
                    Severity::Critical,
                    &at,
                    node.line_of(&at),
                    format!("A period of {period_s} s"),
                    format!("Kubernetes takes 1 to {PERIOD_MAX_S} s, and refuses the object."),
                )
                .advice("Write the nearest there is", format!("{at}: {near}"))
                .mend(node.find(&at).and_then(|node| pen.replace(node, &Json::from(near)))),
            );
        }
    }
}

fn unit(policy: &HpaPolicy) -> &'static str {
    if &*policy.kind == "Percent" { "per cent" } else { "pods" }
}

/// A policy beside another that always decides: with `Max` one that never allows more, with `Min` one that never allows less.
fn idle(node: &Node, spec: &HpaSpec, rules: &HpaRules, path: &str, notes: &mut Notes) {
    let Some(policies) = rules
        .policies
        .as_deref()
        .filter(|policies| (2..=COMPARED_MAX).contains(&policies.len()))
    else {
        return;
    };
    let is_min = match rules.select_policy.as_deref() {
        None | Some("Max") => false,
        Some("Min") => true,
        Some(_) => return,
    };
    let (min, max) = (spec.min_replicas.unwrap_or(1).max(1), spec.max_replicas);
    if min >= max || policies.iter().any(|p| p.value == 0 || p.period_seconds == 0) {
        return;
    }
    for (n, policy) in policies.iter().enumerate() {
        let always = policies.iter().enumerate().find(|(m, other)| {
            let decides = |a: &HpaPolicy, b: &HpaPolicy| {
                if is_min {
                    never_more(a, b, min, max)
                } else {
                    never_more(b, a, min, max)
                }
            };
            // Of two that are the same, the first counts.
            *m != n && decides(other, policy) && (!decides(policy, other) || *m < n)
        });
        let Some((m, other)) = always else { continue };
        let at = format!("{path}.policies[{n}]");
        notes.push(
            note(
                FindingCode::PolicyCannotAct,
                Severity::Info,
                &at,
                node.line_of(&at),
                format!("A policy that never decides: {}", words(policy)),
                format!(
                    "between {min} and {max} replicas, {} (policies[{m}]) always allows {}, and selectPolicy {} takes that one.",
                    words(other),
                    if is_min { "no more" } else { "as many or more" },
                    if is_min { "Min" } else { "Max" },
                ),
            )
            .estimated()
            .advice(
                "Leave it out, or choose the other selectPolicy",
                format!("{path}.selectPolicy: {}", if is_min { "Max" } else { "Min" }),
            ),
        );
    }
}

/// Whether `slow` never allows more than `fast`, from any number of replicas there can be. Both are straight lines over that number, so the
/// ends tell.
fn never_more(slow: &HpaPolicy, fast: &HpaPolicy, min: u32, max: u32) -> bool {
    let added = |policy: &HpaPolicy, replicas: u32| match &*policy.kind {
        "Percent" => u64::from(replicas) * u64::from(policy.value),
        _ => u64::from(policy.value) * 100,
    };
    // Over less time as much is more.
    slow.period_seconds >= fast.period_seconds && [min, max - 1].iter().all(|n| added(slow, *n) <= added(fast, *n))
}

fn words(policy: &HpaPolicy) -> String {
    format!("{} {} in {} s", policy.value, unit(policy), policy.period_seconds)
}
