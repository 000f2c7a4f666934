//! How an HPA is set: what will not work, or not as meant.

use model::{
    Severity,
    cluster::{Certainty, Finding, FindingCode, ObjectKind},
    scaling::{SelectPolicy, words},
};

use super::told::{advice, at, kubectl, line, patch, seconds, told};
use crate::{
    decide::{
        cluster::{
            Case, Target,
            names::{is_inverse, is_latency},
        },
        scaling,
    },
    ports::cluster::{Hpa, HpaMetric, NamedMetric, Pod, Vpa, Workload},
};

/// Flapping that ended longer ago is not told of.
const FLAPPING_MS: i64 = 3_600_000;

pub(super) fn spec(case: &Case<'_>) -> Vec<Finding> {
    let Some(hpa) = case.hpa else { return Vec::new() };
    let mut found: Vec<_> = [min_is_max(case, hpa), cannot_act(case)].into_iter().flatten().collect();
    for (index, metric) in hpa.spec.metrics.iter().enumerate() {
        found.extend([inverse(index, metric), averaged(index, metric)].into_iter().flatten());
    }
    if let Target::Found { kind, workload } = case.target {
        found.extend(vpa(case, hpa, kind, workload));
    }
    found.extend(flapping(case).or_else(|| flaps(case)));
    found
}

fn min_is_max(case: &Case<'_>, hpa: &Hpa) -> Option<Finding> {
    let (min, max) = (hpa.spec.min_replicas.unwrap_or(1), hpa.spec.max_replicas);
    let wider = format!(r#"{{"spec":{{"maxReplicas":{}}}}}"#, max.saturating_mul(2));
    let arguments = [
        "-n",
        case.namespace(),
        "patch",
        "hpa",
        &hpa.metadata.name,
        "--type=merge",
        "-p",
        &wider,
    ];
    (min == max).then(|| {
        at(
            "spec.maxReplicas",
            told(
                FindingCode::MinIsMax,
                Severity::Warning,
                Certainty::Observed,
                format!("Not scaling: minReplicas and maxReplicas are both {max}"),
                "Whatever the metrics ask for, the replicas stay as they are.",
                vec![kubectl("Raise the maximum", &arguments)],
            ),
        )
    })
}

fn cannot_act(case: &Case<'_>) -> Option<Finding> {
    let behavior = case.evaluated()?.policy.behavior.as_ref()?;
    let is_off = |rules: &model::scaling::ScalingRules| {
        rules.select_policy == SelectPolicy::Disabled || rules.policies.iter().all(|limit| limit.value == 0)
    };
    (is_off(&behavior.scale_up) && is_off(&behavior.scale_down)).then(|| {
        at(
            "spec.behavior",
            told(
                FindingCode::PolicyCannotAct,
                Severity::Warning,
                Certainty::Observed,
                "Not scaling: behavior allows neither direction",
                "scaleUp and scaleDown both select Disabled, or allow 0.",
                vec![patch(
                    "Allow scaling out",
                    "spec:\n  behavior:\n    scaleUp:\n      selectPolicy: Max\n",
                )],
            ),
        )
    })
}

fn named(metric: &HpaMetric) -> Option<&NamedMetric> {
    let of = [&metric.pods, &metric.object, &metric.external];
    of.into_iter().flatten().next()
}

fn inverse(index: usize, metric: &HpaMetric) -> Option<Finding> {
    let name = line(&named(metric).filter(|of| is_inverse(&of.metric.name))?.metric.name);
    Some(at(
        format!("spec.metrics[{index}]"),
        told(
            FindingCode::InverseMetric,
            Severity::Warning,
            Certainty::Estimated,
            format!("{name} seems to fall when there is more to do"),
            "An HPA adds pods when a metric is above its target: by its name, this one is highest when nothing is done.",
            vec![advice(
                "Measure the other side",
                "Used instead of free, busy instead of idle, or the length of the queue.",
            )],
        ),
    ))
}

fn averaged(index: usize, metric: &HpaMetric) -> Option<Finding> {
    let of = metric.object.as_ref().or(metric.external.as_ref())?;
    let average = of.target.average_value.filter(|_| is_latency(&of.metric.name))?;
    let (name, part) = (line(&of.metric.name), metric.kind.to_lowercase());
    let yaml = format!(
        "spec:\n  metrics:\n    - type: {}\n      {part}:\n        target:\n          type: Value\n          value: \"{}\"\n",
        metric.kind,
        words::milli(average.milli())
    );
    Some(at(
        format!("spec.metrics[{index}].{part}.target"),
        told(
            FindingCode::LatencyAveraged,
            Severity::Warning,
            Certainty::Estimated,
            format!("{name} is divided by the number of pods"),
            "AverageValue divides one value by the replicas. A time does not get shorter by that: each pod more makes it look better than it is.",
            vec![patch("Hold the whole value against the target", yaml)],
        ),
    ))
}

/// A VPA that changes the requests a utilisation is measured against.
fn vpa(case: &Case<'_>, hpa: &Hpa, kind: ObjectKind, workload: &Workload) -> Vec<Finding> {
    let measured: Vec<&str> = if hpa.spec.metrics.is_empty() {
        vec!["cpu"]
    } else {
        let of = |metric: &&HpaMetric| metric.resource.is_some() || metric.container_resource.is_some();
        let resource = |metric: &'_ HpaMetric| {
            metric
                .resource
                .as_ref()
                .or(metric.container_resource.as_ref())
                .map(|r| r.name.clone())
        };
        let names: Vec<_> = hpa.spec.metrics.iter().filter(of).filter_map(resource).collect();
        ["cpu", "memory"]
            .into_iter()
            .filter(|r| names.iter().any(|name| **name == **r))
            .collect()
    };
    let conflict = |vpa: &Vpa| {
        let both: Vec<&str> = measured.iter().copied().filter(|resource| is_sized(vpa, resource)).collect();
        let resource = *both.first()?;
        let other = if resource == "cpu" { "memory" } else { "cpu" };
        let mode = vpa.spec.update_policy.update_mode.as_deref().unwrap_or("Auto");
        let yaml = format!(
            "spec:\n  resourcePolicy:\n    containerPolicies:\n      - containerName: \"*\"\n        controlledResources: [\"{other}\"]\n"
        );
        Some(told(
            FindingCode::VpaConflict,
            Severity::Warning,
            Certainty::Observed,
            format!(
                "The VPA {} changes the {} requests this HPA measures against",
                vpa.metadata.name,
                both.join(" and ")
            ),
            format!(
                "Its mode is {}: a higher request lowers the utilisation, and pods go; then each has more to do.",
                line(mode)
            ),
            vec![patch(&format!("Let the VPA {} look after {other} only", vpa.metadata.name), yaml)],
        ))
    };
    case.space.vpas_of(kind, workload).into_iter().filter_map(conflict).collect()
}

fn is_sized(vpa: &Vpa, resource: &str) -> bool {
    if matches!(vpa.spec.update_policy.update_mode.as_deref(), Some("Off")) {
        return false;
    }
    let policies = &vpa.spec.resource_policy.container_policies;
    let sizes = |policy: &crate::ports::cluster::VpaContainerPolicy| {
        let controlled = policy.controlled_resources.as_ref();
        policy.mode.as_deref() != Some("Off") && controlled.is_none_or(|all| all.iter().any(|one| **one == *resource))
    };
    let has_rest = policies.iter().any(|policy| &*policy.container_name == "*");
    // Containers without a policy of their own are sized in both.
    policies.iter().any(sizes) || (policies.is_empty() || !has_rest && policies.iter().all(|p| p.mode.as_deref() == Some("Off")))
}

/// It happened.
fn flapping(case: &Case<'_>) -> Option<Finding> {
    let policy = &case.evaluated()?.policy;
    let last = scaling::flappings(policy, case.steps).pop()?;
    let ago_ms = case.now_ms.saturating_sub(last.to_ms);
    (ago_ms <= FLAPPING_MS).then(|| {
        told(
            FindingCode::Flaps,
            Severity::Warning,
            Certainty::Observed,
            format!("Flapping between {} and {} replicas", last.between.0, last.between.1),
            format!(
                "{} turns, one wave every {}, the last {} ago: {}.",
                last.reversals,
                seconds(last.wave_s.into()),
                seconds(ago_ms / 1_000),
                last.cause
            ),
            vec![longer(300)],
        )
    })
}

/// It will happen.
fn flaps(case: &Case<'_>) -> Option<Finding> {
    let policy = &case.evaluated()?.policy;
    let start_s = start_s(&case.pods);
    let warning = scaling::warnings(policy, case.space.look.controller.sync_period_s, start_s)
        .into_iter()
        .next()?;
    Some(at(
        spelled(&warning.field),
        told(
            FindingCode::Flaps,
            Severity::Warning,
            Certainty::Estimated,
            "These settings will make the replicas go up and down",
            format!("{}.", warning.why),
            vec![longer(start_s.max(60)), advice("Set instead", warning.instead)],
        ),
    ))
}

fn longer(window_s: u32) -> model::cluster::Fix {
    patch(
        "Wait longer before scaling in",
        format!("spec:\n  behavior:\n    scaleDown:\n      stabilizationWindowSeconds: {window_s}\n"),
    )
}

/// From the start of a pod to ready, in the middle of those that are.
fn start_s(pods: &[&Pod]) -> u32 {
    let took = |pod: &&Pod| {
        let ready = pod.status.conditions.iter().find(|c| &*c.kind == "Ready" && &*c.status == "True")?;
        // Who was ready before and is again says nothing of a start.
        let fresh = pod.status.container_statuses.iter().all(|status| status.restart_count == 0);
        let took_ms = ready.since_ms?.saturating_sub(pod.status.started_at_ms?);
        u32::try_from(took_ms / 1_000).ok().filter(|_| fresh)
    };
    let mut took: Vec<u32> = pods.iter().filter_map(took).collect();
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default()
}

/// As Kubernetes writes it.
fn spelled(field: &str) -> String {
    let names = [
        ("scale_down", "scaleDown"),
        ("scale_up_ppm", "scaleUp"),
        ("stabilization_window_s", "stabilizationWindowSeconds"),
    ];
    let field = names
        .iter()
        .fold(field.to_owned(), |field, (ours, theirs)| field.replace(ours, theirs));
    match field.strip_prefix("tolerance.") {
        Some(side) => format!("spec.behavior.{side}.tolerance"),
        None => format!("spec.{field}"),
    }
}
