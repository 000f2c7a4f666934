//! What holds the replicas where they are.

use model::{
    Severity,
    cluster::{Certainty, Finding, FindingCode, Fix},
    scaling::{
        Direction, MetricProof, MetricState, RateProof, RateRule, ReplicaBound, ScalingDecision, ScalingReason, SelectPolicy,
        StabilizationProof, TargetType,
    },
};

use super::told::{advice, against, at, capital, kubectl, line, patch, seconds, told};
use crate::decide::cluster::Case;

/// Two numbers apart for less are those of two moments.
const APART_MS: i64 = 60_000;
const APART_LOOKS: u32 = 4;

pub(super) fn held(case: &Case<'_>) -> Vec<Finding> {
    let found = [
        bound(case),
        at_min(case),
        stabilizing(case),
        limited(case),
        tolerated(case),
        apart(case),
    ];
    found.into_iter().flatten().collect()
}

fn leading(decision: &ScalingDecision) -> Option<&MetricProof> {
    decision.proof.metrics.get(decision.proof.leading?)
}

/// "cpu 142 % of 70 %"
fn measured(decision: &ScalingDecision) -> String {
    leading(decision).map_or_else(|| "The metrics".to_owned(), |metric| capital(&against(metric)))
}

fn certain(is_said: bool) -> Certainty {
    if is_said { Certainty::Observed } else { Certainty::Estimated }
}

fn bound(case: &Case<'_>) -> Option<Finding> {
    let (hpa, decision) = (case.hpa?, case.decision()?);
    let said = case.says("ScalingLimited", "True", "TooManyReplicas");
    let Some(clamp) = decision.proof.clamp.filter(|clamp| clamp.bound == ReplicaBound::Max) else {
        // The controller knows more than we do: it may have been started with other settings.
        said.filter(|_| decision.from >= hpa.spec.max_replicas)?;
        return Some(at(
            "spec.maxReplicas",
            told(
                FindingCode::AtMax,
                Severity::Warning,
                Certainty::Observed,
                format!("Not scaling out: at its maximum of {}", hpa.spec.max_replicas),
                format!("{}; the controller says that its metrics ask for more.", measured(decision)),
                Vec::new(),
            ),
        ));
    };
    let title = if decision.is_change() {
        format!("Scaling out only to the maximum of {}", clamp.after)
    } else {
        format!("Not scaling out: at its maximum of {}", clamp.after)
    };
    let patch = format!(r#"{{"spec":{{"maxReplicas":{}}}}}"#, clamp.before);
    let namespace = case.namespace();
    let arguments = ["-n", namespace, "patch", "hpa", &hpa.metadata.name, "--type=merge", "-p", &patch];
    Some(at(
        "spec.maxReplicas",
        told(
            FindingCode::AtMax,
            Severity::Warning,
            certain(said.is_some()),
            title,
            format!("{}: {} replicas would be right.", measured(decision), clamp.before),
            vec![kubectl("Raise the maximum", &arguments)],
        ),
    ))
}

/// As few as may be, whatever window or limit would hold it there too.
fn is_at_min(case: &Case<'_>, decision: &ScalingDecision) -> bool {
    let min = case.evaluated().map_or(0, |evaluation| evaluation.policy.min_replicas);
    decision.from == min && decision.to == min && decision.recommendation.is_some_and(|wanted| wanted < min)
}

/// Everything is as it should be: `ScalingLimited` is no alarm there.
fn at_min(case: &Case<'_>) -> Option<Finding> {
    let decision = case.decision().filter(|decision| is_at_min(case, decision))?;
    Some(told(
        FindingCode::AtMin,
        Severity::Info,
        certain(case.says("ScalingLimited", "True", "TooFewReplicas").is_some()),
        format!("At its minimum of {}", decision.to),
        format!("{}: {} would do.", measured(decision), decision.recommendation.unwrap_or_default()),
        Vec::new(),
    ))
}

fn stabilizing(case: &Case<'_>) -> Option<Finding> {
    let decision = case.decision().filter(|decision| !is_at_min(case, decision))?;
    let said = case
        .says("AbleToScale", "True", "ScaleDownStabilized")
        .or_else(|| case.says("AbleToScale", "True", "ScaleUpStabilized"));
    if let Some(held) = &decision.proof.stabilization {
        return Some(by_window(case, decision, held, said.is_some()));
    }
    // Its memory is longer than ours.
    let said = said.filter(|_| !case.evaluated().is_some_and(|evaluation| evaluation.is_whole))?;
    let (word, side) = if &*said.reason == "ScaleUpStabilized" {
        ("out", "scaleUp")
    } else {
        ("in", "scaleDown")
    };
    Some(at(
        format!("spec.behavior.{side}.stabilizationWindowSeconds"),
        told(
            FindingCode::Stabilizing,
            Severity::Info,
            Certainty::Observed,
            format!("Not scaling {word} yet: an earlier recommendation holds"),
            format!(
                "The controller says: {}. Until when is not known: it remembers what was before this console looked.",
                line(&said.message)
            ),
            Vec::new(),
        ),
    ))
}

fn by_window(case: &Case<'_>, decision: &ScalingDecision, held: &StabilizationProof, is_said: bool) -> Finding {
    let until_ms = held.held_by.at_ms.saturating_add(i64::from(held.window_s) * 1_000);
    let left_s = until_ms.saturating_sub(case.now_ms) / 1_000;
    let (word, side) = match held.direction {
        Direction::Up => ("out", "scaleUp"),
        Direction::Down => ("in", "scaleDown"),
    };
    let earlier = if held.direction == Direction::Down { "more" } else { "fewer" };
    let more = if case.evaluated().is_some_and(|evaluation| evaluation.is_whole) {
        ""
    } else {
        " The controller may remember longer than this console."
    };
    let yaml = format!(
        "spec:\n  behavior:\n    {side}:\n      stabilizationWindowSeconds: {}\n",
        held.window_s / 2
    );
    let fix: Vec<Fix> = if held.window_s > 1 {
        vec![patch("Look back less far", yaml)]
    } else {
        Vec::new()
    };
    at(
        format!("spec.behavior.{side}.stabilizationWindowSeconds"),
        told(
            FindingCode::Stabilizing,
            Severity::Info,
            certain(is_said),
            format!(
                "Not scaling {word} yet: a window of {} holds {} replicas",
                seconds(held.window_s.into()),
                held.after
            ),
            format!(
                "{}: {} would be right, but {earlier} ({}) were {} ago. Until {}, in {}, if nothing rises.{more}",
                measured(decision),
                held.before,
                held.held_by.replicas,
                seconds(case.now_ms.saturating_sub(held.held_by.at_ms) / 1_000),
                model::time::utc(until_ms),
                seconds(left_s)
            ),
            fix,
        ),
    )
}

fn limited(case: &Case<'_>) -> Option<Finding> {
    let decision = case.decision()?;
    let rate = decision.proof.rate.as_ref()?;
    let (word, side) = match rate.direction {
        Direction::Up => ("out", "scaleUp"),
        Direction::Down => ("in", "scaleDown"),
    };
    let is_said = case.says("ScalingLimited", "True", "Scale*").is_some();
    if let RateRule::Limits {
        select: SelectPolicy::Disabled,
        ..
    } = rate.rule
    {
        let severity = if rate.direction == Direction::Up {
            Severity::Warning
        } else {
            Severity::Info
        };
        return Some(at(
            format!("spec.behavior.{side}.selectPolicy"),
            told(
                FindingCode::DirectionDisabled,
                severity,
                certain(is_said),
                format!("Not scaling {word}: switched off"),
                format!(
                    "{}: {} replicas would be right, and {side}.selectPolicy is Disabled.",
                    measured(decision),
                    rate.before
                ),
                vec![patch(
                    "Switch it on",
                    format!("spec:\n  behavior:\n    {side}:\n      selectPolicy: Max\n"),
                )],
            ),
        ));
    }
    Some(at(
        format!("spec.behavior.{side}.policies"),
        told(
            FindingCode::RateLimited,
            Severity::Info,
            certain(is_said),
            format!("Scaling {word} only to {} for now", rate.after),
            format!(
                "{}: {} replicas would be right. {}",
                measured(decision),
                rate.before,
                rule(case, rate)
            ),
            vec![advice(
                "Allow larger steps",
                format!("A policy of spec.behavior.{side} with a larger value or a shorter periodSeconds."),
            )],
        ),
    ))
}

fn rule(case: &Case<'_>, rate: &RateProof) -> String {
    let RateRule::Limits { chosen, limits, .. } = &rate.rule else {
        return "Without behavior the replicas double at most, or go to 4.".to_owned();
    };
    let Some(limit) = chosen.and_then(|n| limits.get(n)) else {
        return String::new();
    };
    let unit = match limit.limit.kind {
        model::scaling::ChangeLimitType::Pods => "pods",
        model::scaling::ChangeLimitType::Percent => "%",
    };
    let begin = format!("At most {} {unit} in {}", limit.limit.value, seconds(limit.limit.period_s.into()));
    match limit.held_by {
        Some(change) => {
            let free_ms = change.at_ms.saturating_add(i64::from(limit.limit.period_s) * 1_000);
            let left_s = free_ms.saturating_sub(case.now_ms) / 1_000;
            format!("{begin}, counted from {}: room again in {}.", limit.period_start, seconds(left_s))
        }
        None => format!("{begin}."),
    }
}

/// Without the tolerance there would be another number.
fn tolerated(case: &Case<'_>) -> Option<Finding> {
    let decision = case.decision()?;
    let metric = leading(decision).filter(|metric| metric.state == MetricState::Within && decision.reason == ScalingReason::Metrics)?;
    let ratio = metric.ratio?;
    let count = match metric.target_type {
        Some(TargetType::Value) => case.ready(),
        _ if metric.ready > 0 => metric.ready,
        _ => decision.from,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a double saturates, and NaN is 0"
    )]
    let without = (ratio * f64::from(count)).ceil() as u32;
    let tolerance = decision.proof.tolerance;
    if without == decision.from || !tolerance.covers(ratio) || metric.unready + metric.missing > 0 {
        return None;
    }
    let ppm = if ratio > 1.0 {
        tolerance.scale_up_ppm
    } else {
        tolerance.scale_down_ppm
    };
    Some(told(
        FindingCode::WithinTolerance,
        Severity::Info,
        Certainty::Estimated,
        format!(
            "Near enough: within the tolerance of {} %",
            model::scaling::words::milli(i64::from(ppm / 10))
        ),
        format!("{}: without the tolerance {without} replicas would be right.", measured(decision)),
        Vec::new(),
    ))
}

/// Told only when it lasts, and never of what timing explains: other replicas, a status that is behind, a memory that is too short.
fn apart(case: &Case<'_>) -> Option<Finding> {
    let apart = case.apart?;
    let lasted_ms = case.now_ms.saturating_sub(apart.since_ms);
    if apart.looks < APART_LOOKS || lasted_ms < APART_MS {
        return None;
    }
    let decision = case.decision()?;
    Some(told(
        FindingCode::Disagreement,
        Severity::Warning,
        Certainty::Estimated,
        format!(
            "The controller keeps {} replicas, our engine would ask for {}",
            apart.theirs, apart.ours
        ),
        format!(
            "{}, for {} in {} looks in a row. A flag of kube-controller-manager that differs from Kubernetes' own value would explain it, or a controller that does not run.",
            measured(decision),
            seconds(lasted_ms / 1_000),
            apart.looks
        ),
        vec![
            kubectl(
                "See what the controller says",
                &["-n", case.namespace(), "describe", "hpa", &case.hpa?.metadata.name],
            ),
            advice(
                "Compare the flags",
                "--horizontal-pod-autoscaler-tolerance, -cpu-initialization-period, -initial-readiness-delay, -downscale-stabilization.",
            ),
        ],
    ))
}

/// Nothing stands in the way; what it is waiting for.
pub(super) fn healthy(case: &Case<'_>) -> Finding {
    let (title, why) = match (case.hpa, case.decision()) {
        (Some(hpa), Some(decision)) => {
            let replicas = decision.to;
            match decision.reason {
                ScalingReason::Metrics if decision.is_change() => (
                    format!("Scaling from {} to {replicas}", decision.from),
                    format!("{}: the controller looks every 15 s.", measured(decision)),
                ),
                ScalingReason::Metrics => ("All is well".to_owned(), waiting(case, decision)),
                ScalingReason::TooManyReplicas => (
                    format!("Scaling from {} to {replicas}", decision.from),
                    format!("More than maxReplicas, which is {}.", hpa.spec.max_replicas),
                ),
                ScalingReason::TooFewReplicas => (
                    format!("Scaling from {} to {replicas}", decision.from),
                    format!("Fewer than minReplicas, which is {replicas}."),
                ),
                ScalingReason::ScalingDisabled => ("All is well".to_owned(), "It has been switched off, and stays so.".to_owned()),
                ScalingReason::FailedMetrics => ("Waiting for metrics".to_owned(), "The first figures are still to come.".to_owned()),
            }
        }
        (Some(hpa), None) => (
            "Nothing stands in the way".to_owned(),
            format!(
                "The controller asks for {} replicas; our engine has not looked.",
                hpa.status.desired_replicas
            ),
        ),
        (None, _) => (
            "All is well".to_owned(),
            format!("{} of {} replicas are ready. No HPA scales them.", case.ready(), case.replicas()),
        ),
    };
    told(FindingCode::Healthy, Severity::Info, Certainty::Observed, title, why, Vec::new())
}

fn waiting(case: &Case<'_>, decision: &ScalingDecision) -> String {
    let n = decision.to;
    if decision.recommendation.is_some_and(|wanted| wanted != n) {
        return format!("{}: the replicas stay at {n}.", measured(decision));
    }
    let are = if n == 1 {
        "1 replica is right".to_owned()
    } else {
        format!("{n} replicas are right")
    };
    let ready = if case.ready() == n {
        String::new()
    } else {
        format!(" {} of them are ready.", case.ready())
    };
    format!("{}: {are}.{ready}", measured(decision))
}
