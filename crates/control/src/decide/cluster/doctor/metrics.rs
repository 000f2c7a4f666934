//! `spec.metrics`: targets that are none, and metrics that scale the wrong way.

use model::{Severity, cluster::FindingCode};
use serde_json::Value as Json;

use super::{
    edit::Pen,
    node::{Node, Value},
    notes::{Note, Notes, note, short},
};
use crate::{
    decide::cluster::names::{is_inverse, is_latency},
    ports::cluster::{HpaMetric, HpaSpec, MetricIdentifier, MetricTargetSpec, Quantity},
};

/// What each type of metric is told by, and the types of target it takes.
const SOURCES: [(&str, &str, &[&str]); 5] = [
    ("Resource", "resource", &["Utilization", "AverageValue"]),
    ("ContainerResource", "containerResource", &["Utilization", "AverageValue"]),
    ("Pods", "pods", &["AverageValue"]),
    ("Object", "object", &["Value", "AverageValue"]),
    ("External", "external", &["Value", "AverageValue"]),
];

/// One metric, as it stands in the document.
struct Seen<'a> {
    /// `spec.metrics[0]`
    path: String,
    /// `spec.metrics[0].external`
    part: String,
    kind: &'a str,
    target: &'a MetricTargetSpec,
    /// Of a metric that is no resource.
    metric: Option<&'a MetricIdentifier>,
    /// "cpu", `queue_length`.
    name: String,
}

pub(super) fn check(pen: Pen<'_>, node: &Node, spec: &HpaSpec, notes: &mut Notes) {
    for (n, metric) in spec.metrics.iter().enumerate() {
        let path = format!("spec.metrics[{n}]");
        let Some((_, part, targets)) = SOURCES.iter().find(|(kind, ..)| *kind == &*metric.kind) else {
            continue;
        };
        // An HPA of v1 has its target elsewhere.
        if node.find(&path).is_none() {
            continue;
        }
        let Some(seen) = seen(metric, &path, part) else {
            if node.find(&format!("{path}.{part}")).is_none_or(Node::is_null) {
                missing_part(node, metric, &path, part, notes);
            }
            continue;
        };
        let is_sound = target(pen, node, &seen, targets, notes);
        inverse(pen, node, &seen, spec.metrics.len(), notes);
        if is_sound {
            latency(pen, node, &seen, notes);
            memory(node, &seen, notes);
        }
        selector(node, &seen, notes);
    }
}

fn seen<'a>(metric: &'a HpaMetric, path: &str, part: &str) -> Option<Seen<'a>> {
    let (target, named, name) = match part {
        "resource" | "containerResource" => {
            let of = if part == "resource" {
                &metric.resource
            } else {
                &metric.container_resource
            };
            let of = of.as_ref()?;
            (&of.target, None, &of.name)
        }
        _ => {
            let of = match part {
                "pods" => &metric.pods,
                "object" => &metric.object,
                _ => &metric.external,
            };
            let of = of.as_ref()?;
            (&of.target, Some(&of.metric), &of.metric.name)
        }
    };
    Some(Seen {
        path: path.to_owned(),
        part: format!("{path}.{part}"),
        kind: &metric.kind,
        target,
        metric: named,
        name: short(name),
    })
}

fn missing_part(node: &Node, metric: &HpaMetric, path: &str, part: &str, notes: &mut Notes) {
    notes.push(
        note(
            FindingCode::InvalidObject,
            Severity::Critical,
            path,
            node.line_of(path),
            format!("A metric of type {} without {part}", metric.kind),
            "what is to be measured stands in the field that is called as the type is; Kubernetes refuses the object.",
        )
        .advice("Write it, or the type of what stands there", format!("{path}.{part}: …")),
    );
}

/// Whether the target is one.
fn target(pen: Pen<'_>, node: &Node, seen: &Seen<'_>, allowed: &[&str], notes: &mut Notes) -> bool {
    let at = format!("{}.target", seen.part);
    let line = node.line_of(&at);
    let kind = &*seen.target.kind;
    let critical = |field: &str, title: String, why: &str| note(FindingCode::InvalidObject, Severity::Critical, field, line, title, why);
    let values: [(&str, &str, Option<i64>); 3] = [
        ("Utilization", "averageUtilization", seen.target.average_utilization.map(i64::from)),
        ("AverageValue", "averageValue", seen.target.average_value.map(Quantity::milli)),
        ("Value", "value", seen.target.value.map(Quantity::milli)),
    ];
    let given: Vec<_> = values.iter().filter(|(.., value)| value.is_some()).collect();
    let Some((_, field, value)) = values.iter().find(|(of, ..)| *of == kind) else {
        // No type, or one that nobody knows: the schema has told of it.
        return false;
    };
    if !allowed.contains(&kind) {
        notes.push(
            critical(
                &at,
                format!("{} of type {} has no target of type {kind}", seen.name, seen.kind),
                "Kubernetes refuses the object.",
            )
            .advice("Allowed are", allowed.join(", ")),
        );
        return false;
    }
    match value {
        None => {
            // The value is there, under another type.
            let other = given.iter().find(|(of, ..)| allowed.contains(of));
            let said = critical(
                &at,
                format!("The target of {} is of type {kind}, without {field}", seen.name),
                "the value stands in the field that belongs to the type; Kubernetes refuses the object.",
            );
            notes.push(match other {
                Some((of, ..)) => said.advice(&format!("Write type: {of}"), format!("{at}.type: {of}")).mend(
                    node.find(&format!("{at}.type"))
                        .and_then(|node| pen.replace(node, &Json::from(*of))),
                ),
                None => said.advice(&format!("Write {field}"), format!("{at}.{field}: …")),
            });
            false
        }
        Some(value) if *value <= 0 => {
            let field = format!("{at}.{field}");
            notes.push(
                critical(
                    &field,
                    format!("The target of {} is not above 0", seen.name),
                    "of nothing, every ratio is infinite; Kubernetes refuses it.",
                )
                .advice("Write what it is to be kept at", field.clone()),
            );
            false
        }
        Some(_) if given.len() > 1 => {
            notes.push(
                critical(
                    &at,
                    format!("Several targets for {}", seen.name),
                    "of averageUtilization, averageValue and value there may be one, that of the type; Kubernetes refuses the others.",
                )
                .advice("Keep one", format!("{at}.{field}")),
            );
            false
        }
        Some(_) => true,
    }
}

fn inverse(pen: Pen<'_>, node: &Node, seen: &Seen<'_>, metrics: usize, notes: &mut Notes) {
    if seen.metric.is_none() || !is_inverse(&seen.name) {
        return;
    }
    let said = note(
        FindingCode::InverseMetric,
        Severity::Critical,
        &seen.path,
        node.line_of(&seen.path),
        format!("{} scales the wrong way", seen.name),
        "an HPA adds pods while a metric is above its target. By its name, this one falls when there is more to do: trouble would remove pods, \
         and all being well would add them.",
    )
    .estimated();
    let said = said.patch("Measure the opposite", opposite(seen));
    // The last metric stays: without any, Kubernetes scales by cpu.
    let comment = (metrics > 1).then(|| {
        let list = node.find("spec.metrics")?;
        let Value::List { is_flow, .. } = list.value else { return None };
        let item = node.find(&seen.path).filter(|item| !item.has_shared())?;
        let why = format!(
            "Taken out: {} falls when there is more to do, so it would scale the wrong way.",
            seen.name
        );
        pen.comment_out(pen.item(item)?, is_flow, &why)
    });
    notes.push(said.mend(comment.flatten()));
}

/// The failure rate of a success rate, as far as names and numbers tell.
fn opposite(seen: &Seen<'_>) -> String {
    let name = ["success", "hit", "availability"]
        .iter()
        .zip(["failure", "miss", "unavailability"])
        .find(|(good, _)| seen.name.contains(**good))
        .map_or_else(
            || format!("used_instead_of_{}", seen.name),
            |(good, bad)| seen.name.replacen(*good, bad, 1),
        );
    let milli = seen.target.value.or(seen.target.average_value).map_or(0, Quantity::milli);
    let rest = match milli {
        1..1_000 => format!("\"{}\"", f64::from(u32::try_from(1_000 - milli).unwrap_or_default()) / 1_000.0),
        1_000..100_000 => format!("\"{}\"", (100_000 - milli) / 1_000),
        _ => "\"0.05\"".to_owned(),
    };
    let (kind, field) = if &*seen.target.kind == "AverageValue" {
        ("AverageValue", "averageValue")
    } else {
        ("Value", "value")
    };
    let part = seen.part.rsplit('.').next().unwrap_or_default();
    format!(
        "- type: {}\n  {part}:\n    metric:\n      name: {name}\n    target:\n      type: {kind}\n      {field}: {rest}\n",
        seen.kind
    )
}

fn latency(pen: Pen<'_>, node: &Node, seen: &Seen<'_>, notes: &mut Notes) {
    let is_divided = matches!(seen.kind, "External" | "Object") && &*seen.target.kind == "AverageValue";
    if !is_divided || !is_latency(&seen.name) {
        return;
    }
    let at = format!("{}.target", seen.part);
    let edits = || {
        let target = node.find(&at)?;
        let kind = pen.replace(target.get("type")?, &Json::from("Value"))?;
        let value = pen.rename(target.entry("averageValue")?, "value")?;
        Some([kind, value])
    };
    notes.push(
        note(
            FindingCode::LatencyAveraged,
            Severity::Critical,
            &at,
            node.line_of(&at),
            format!("{} is divided by the number of pods", seen.name),
            format!(
                "AverageValue divides what an {} metric reads by the pods. By its name this is a time, which is no smaller for each of ten pods \
                 than for one: with ten pods it would have to be ten times the target before one is added.",
                seen.kind
            ),
        )
        .estimated()
        .patch("Compare it as it is", "target:\n  type: Value\n  value: …\n")
        .mend(edits().into_iter().flatten()),
    );
}

fn memory(node: &Node, seen: &Seen<'_>, notes: &mut Notes) {
    let is_share = matches!(seen.kind, "Resource" | "ContainerResource") && &*seen.target.kind == "Utilization";
    if !is_share || seen.name != "memory" {
        return;
    }
    notes.push(memory_note(node, seen));
}

fn memory_note(node: &Node, seen: &Seen<'_>) -> Note {
    note(
        FindingCode::MemoryTarget,
        Severity::Warning,
        &seen.part,
        node.line_of(&seen.part),
        "Utilisation of memory seldom scales in again",
        "most programs keep what they once took, however little there is to do: the replicas go up with the first peak and stay.",
    )
    .estimated()
    .advice(
        "Scale by what the work is",
        "cpu, requests per pod or the length of a queue follow the load. Memory is good as a second metric for programs that give it back.",
    )
}

fn selector(node: &Node, seen: &Seen<'_>, notes: &mut Notes) {
    let Some(metric) = seen.metric.filter(|_| seen.kind == "External") else {
        return;
    };
    if metric.name.is_empty() || metric.selector.as_ref().is_some_and(|s| !s.is_empty()) {
        return;
    }
    let at = format!("{}.metric", seen.part);
    notes.push(
        note(
            FindingCode::SelectorMissing,
            Severity::Info,
            &at,
            node.line_of(&at),
            format!("{} without a selector", seen.name),
            "all series of that name are added up, those of other queues, services and environments too.",
        )
        .patch("Choose the series", "metric:\n  selector:\n    matchLabels:\n      queue: NAME\n"),
    );
}
