use model::scaling::{MetricProof, MetricState, TargetChip, TargetType, words::milli};

use super::count;
use crate::format;

/// `cpu 82 % / 70 %`, `gpu 40 % / 75 %, simulated`.
pub fn chip(chip: &TargetChip) -> String {
    let simulated = if chip.is_simulated { ", simulated" } else { "" };
    // A percentage is whole already; of anything else more than three figures are noise.
    let current = match (&chip.current, chip.current_value) {
        (Some(text), _) if text.ends_with('%') => text.clone(),
        (_, Some(value)) => format::number(value),
        (text, None) => text.clone().unwrap_or_else(|| format::MISSING.to_owned()),
    };
    format!("{} {current} / {}{simulated}", chip.name, chip.target)
}

pub const fn metric_id(state: MetricState) -> &'static str {
    match state {
        MetricState::Below => "below",
        MetricState::Within => "within",
        MetricState::Above => "above",
        MetricState::Failed => "failed",
    }
}

pub const fn metric_meaning(state: MetricState) -> &'static str {
    match state {
        MetricState::Below => "asks for less",
        MetricState::Within => "close enough to its target",
        MetricState::Above => "asks for more",
        MetricState::Failed => "could not be read",
    }
}

/// A reading, with no more figures than matter.
fn reading(value: i64, kind: Option<TargetType>) -> String {
    let number = format::number(value as f64 / 1_000.0);
    match kind {
        Some(TargetType::Utilization) => format!("{value} %"),
        Some(TargetType::AverageValue) => format!("{number} per instance"),
        Some(TargetType::Value) => format!("{number} in all"),
        None => number,
    }
}

/// A target, exactly: `70 %`, `12.5 per instance`, `300 in all`; a signal's number alone.
fn value(value: i64, kind: Option<TargetType>) -> String {
    match kind {
        Some(TargetType::Utilization) => format!("{value} %"),
        Some(TargetType::AverageValue) => format!("{} per instance", milli(value)),
        Some(TargetType::Value) => format!("{} in all", milli(value)),
        None => milli(value),
    }
}

/// `cpu reads 82 % where 70 % is wanted`.
fn reads(metric: &MetricProof) -> String {
    let name = &metric.name;
    let Some(current) = metric.current else {
        return format!("{name} has no figure");
    };
    let now = reading(current, metric.target_type);
    match (metric.lower_target, metric.state) {
        (Some(_), MetricState::Above) => format!("{name} reads {now}, above {}", milli(metric.target)),
        (Some(lower), MetricState::Below) => format!("{name} reads {now}, below {}", milli(lower)),
        (Some(lower), _) => format!("{name} reads {now}, between {} and {}", milli(lower), milli(metric.target)),
        (None, _) => format!("{name} reads {now} where {} is wanted", value(metric.target, metric.target_type)),
    }
}

/// Why, in a few words: for the head of a decision.
pub(super) fn short(metric: &MetricProof) -> String {
    match &metric.failure {
        Some(failure) => format!("{}: {failure}", metric.name),
        None => reads(metric),
    }
}

/// Everything of one metric: what it reads, what it asks for, and what was missing.
pub(super) fn sentence(metric: &MetricProof, from: u32) -> String {
    if let Some(failure) = &metric.failure {
        return format!("{} asks for nothing: {failure}.", metric.name);
    }
    let asks = match (metric.state, metric.proposal) {
        (_, None) => "asks for nothing".to_owned(),
        (MetricState::Within, Some(n)) if metric.lower_target.is_none() && n == from => {
            format!("close enough: {n}, as now")
        }
        (_, Some(n)) if n == from => format!("asks for {n}, as now"),
        (_, Some(n)) => format!("asks for {n}"),
    };
    let mut out = Vec::new();
    if metric.unready > 0 {
        out.push(count(metric.unready, "instance is not ready yet", "instances are not ready yet"));
    }
    if metric.missing > 0 {
        out.push(count(metric.missing, "instance has no figure", "instances have no figure"));
    }
    let missing = if out.is_empty() {
        String::new()
    } else {
        format!(
            " ({} and {})",
            count(metric.ready, "instance counts", "instances count"),
            out.join(" and ")
        )
    };
    format!("{}: {asks}{missing}.", reads(metric))
}

#[cfg(test)]
mod tests {
    use model::scaling::MetricFailure;

    use super::*;

    fn proof(kind: Option<TargetType>, current: Option<i64>, target: i64, state: MetricState, proposal: Option<u32>) -> MetricProof {
        MetricProof {
            target_type: kind,
            current,
            state,
            proposal,
            ready: 3,
            ..MetricProof::begin("cpu".to_owned(), target)
        }
    }

    #[test]
    fn a_metric_says_what_it_reads_and_what_it_asks_for() {
        use MetricState::{Above, Below, Within};
        let utilization = Some(TargetType::Utilization);
        let signal = MetricProof {
            lower_target: Some(30_000),
            ..proof(None, Some(82_400), 80_000, Above, Some(4))
        };
        let between = MetricProof {
            current: Some(50_000),
            state: Within,
            proposal: Some(3),
            ..signal.clone()
        };
        let late = MetricProof {
            unready: 1,
            missing: 2,
            ..proof(utilization, Some(82), 70, Above, Some(4))
        };
        let failed = MetricProof {
            failure: Some(MetricFailure::Unreadable { why: "timeout".to_owned() }),
            ..MetricProof::begin("gpu".to_owned(), 75)
        };
        for (metric, text) in [
            (
                proof(utilization, Some(82), 70, Above, Some(4)),
                "cpu reads 82 % where 70 % is wanted: asks for 4.",
            ),
            (
                proof(utilization, Some(72), 70, Within, Some(3)),
                "cpu reads 72 % where 70 % is wanted: close enough: 3, as now.",
            ),
            (
                proof(Some(TargetType::AverageValue), Some(2_500), 8_000, Below, Some(1)),
                "cpu reads 2.5 per instance where 8 per instance is wanted: asks for 1.",
            ),
            (
                proof(Some(TargetType::Value), Some(300_000), 100_000, Above, Some(9)),
                "cpu reads 300 in all where 100 in all is wanted: asks for 9.",
            ),
            (signal, "cpu reads 82, above 80: asks for 4."),
            (between, "cpu reads 50, between 30 and 80: asks for 3, as now."),
            (
                late,
                "cpu reads 82 % where 70 % is wanted: asks for 4 (3 instances count and 1 instance is not ready yet and 2 instances have no figure).",
            ),
            (failed, "gpu asks for nothing: it could not be read: timeout."),
        ] {
            assert_eq!(sentence(&metric, 3), text);
        }
    }

    #[test]
    fn a_chip_without_a_reading_has_a_dash() {
        let mut it = TargetChip {
            name: "cpu".to_owned(),
            current: Some("82 %".to_owned()),
            target: "70 %".to_owned(),
            state: MetricState::Above,
            current_value: Some(82.0),
            target_value: 70.0,
            is_simulated: false,
        };
        assert_eq!(chip(&it), "cpu 82 % / 70 %");
        (it.current, it.current_value, it.target) = (Some("5.302".to_owned()), Some(5.302), "75".to_owned());
        assert_eq!(chip(&it), "cpu 5.3 / 75");
        (it.current, it.current_value, it.target) = (None, None, "70 %".to_owned());
        it.is_simulated = true;
        assert_eq!(chip(&it), "cpu – / 70 %, simulated");
    }
}
