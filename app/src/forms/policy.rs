//! A scaling policy as typed. All three algorithms have their fields, so that who chooses another one finds its defaults there; only the
//! chosen one's are read.

use model::{
    InvalidValue,
    scaling::{
        Behavior, ChangeLimit, ChangeLimitType, MetricSource, MetricSpec, MetricTarget, ScalingAlgorithm, ScalingPolicy, ScalingRules,
        SelectPolicy, Signal, TargetType, ThresholdRules, Tolerance, WeightedRules, WeightedSignal,
    },
};

use super::{
    Errors, Fields, decimal,
    fields::{Reader, first},
};

/// Thousandths.
const MILLI: u32 = 3;
/// Millionths as per cent.
const PPM_PERCENT: u32 = 4;

pub const ALGORITHMS: [&str; 3] = ["hpa", "threshold", "weighted"];
/// Ids and words of [`MetricSource`].
pub const SOURCES: [(&str, &str); 5] = [
    ("resource", "resource of all instances"),
    ("pods", "metric of each instance"),
    ("external", "metric from outside"),
    ("object", "metric of another thing"),
    ("container_resource", "resource of one container"),
];
pub const TARGETS: [(&str, TargetType, &str); 3] = [
    ("utilization", TargetType::Utilization, "% of the request"),
    ("average_value", TargetType::AverageValue, "per instance"),
    ("value", TargetType::Value, "in all"),
];
const SELECTS: [(&str, SelectPolicy); 3] = [
    ("max", SelectPolicy::Max),
    ("min", SelectPolicy::Min),
    ("disabled", SelectPolicy::Disabled),
];
const LIMITS: [(&str, ChangeLimitType); 2] = [("pods", ChangeLimitType::Pods), ("percent", ChangeLimitType::Percent)];
pub const SIDES: [&str; 2] = ["scale_up", "scale_down"];

fn put(fields: &mut Fields, key: impl Into<String>, text: impl ToString) {
    fields.insert(key.into(), text.to_string());
}

/// The policy as it would be typed.
pub fn fields_of(policy: &ScalingPolicy) -> Fields {
    let mut fields = Fields::new();
    let f = &mut fields;
    put(f, "min_replicas", policy.min_replicas);
    put(f, "max_replicas", policy.max_replicas);
    put(f, "algorithm", policy.algorithm.id());
    let (mut metrics, mut threshold, mut weighted) = (
        vec![MetricSpec::utilization("cpu", 70)],
        ThresholdRules::default(),
        WeightedRules::default(),
    );
    match &policy.algorithm {
        ScalingAlgorithm::Hpa { metrics: m } => metrics.clone_from(m),
        ScalingAlgorithm::Threshold(rules) => threshold = rules.clone(),
        ScalingAlgorithm::Weighted(rules) => weighted = rules.clone(),
    }
    for (n, metric) in metrics.iter().enumerate() {
        put_metric(f, n, metric);
    }
    put_threshold(f, &threshold);
    put_weighted(f, &weighted);
    put(f, "tolerance.scale_up", percent(policy.tolerance.scale_up_ppm));
    put(f, "tolerance.scale_down", percent(policy.tolerance.scale_down_ppm));
    put(f, "behavior", if policy.behavior.is_some() { "own" } else { "none" });
    put_behavior(f, &policy.behavior.clone().unwrap_or_default());
    put(f, "cpu_initialization_period_s", policy.cpu_initialization_period_s);
    put(f, "initial_readiness_delay_s", policy.initial_readiness_delay_s);
    put(f, "metric_max_age_s", policy.metric_max_age_s);
    // It has no field: only an HPA's controller has another one, and its form is not this one.
    put(f, "downscale_stabilization_s", policy.downscale_stabilization_s);
    fields
}

pub(super) fn put_behavior(f: &mut Fields, behavior: &Behavior) {
    for (side, rules) in SIDES.into_iter().zip([&behavior.scale_up, &behavior.scale_down]) {
        put_rules(f, side, rules);
    }
}

fn percent(ppm: u32) -> String {
    decimal::text(ppm.into(), PPM_PERCENT)
}

fn put_metric(f: &mut Fields, n: usize, metric: &MetricSpec) {
    let (kind, name, of) = match &metric.source {
        MetricSource::Resource { name } => ("resource", name, None),
        MetricSource::ContainerResource { name, container } => ("container_resource", name, Some(container)),
        MetricSource::Pods { metric } => ("pods", metric, None),
        MetricSource::Object { described_object, metric } => ("object", metric, Some(described_object)),
        MetricSource::External { metric } => ("external", metric, None),
    };
    let target = match metric.target {
        MetricTarget::Utilization { average_utilization } => average_utilization.to_string(),
        MetricTarget::AverageValue {
            average_value_milli: milli,
        }
        | MetricTarget::Value { value_milli: milli } => decimal::text(milli, MILLI),
    };
    let kind_of_target = TARGETS.iter().find(|t| t.1 == metric.target.kind()).map_or("", |t| t.0);
    put(f, format!("metrics.{n}.type"), kind);
    put(f, format!("metrics.{n}.name"), name);
    put(f, format!("metrics.{n}.of"), of.map_or("", String::as_str));
    put(f, format!("metrics.{n}.target_type"), kind_of_target);
    put(f, format!("metrics.{n}.target"), target);
}

fn put_threshold(f: &mut Fields, rules: &ThresholdRules) {
    for (n, signal) in rules.signals.iter().enumerate() {
        put(f, format!("threshold.{n}.name"), &signal.name);
        put(
            f,
            format!("threshold.{n}.up"),
            signal.up_milli.map(|up| decimal::text(up, MILLI)).unwrap_or_default(),
        );
        put(f, format!("threshold.{n}.down"), decimal::text(signal.down_milli, MILLI));
    }
    put(f, "threshold.step_up", rules.step_up);
    put(f, "threshold.step_down", rules.step_down);
}

fn put_weighted(f: &mut Fields, rules: &WeightedRules) {
    for (n, signal) in rules.signals.iter().enumerate() {
        put(f, format!("weighted.{n}.name"), &signal.name);
        put(f, format!("weighted.{n}.weight"), signal.weight);
        put(f, format!("weighted.{n}.up"), decimal::text(signal.up_milli, MILLI));
        put(f, format!("weighted.{n}.down"), decimal::text(signal.down_milli, MILLI));
        put(f, format!("weighted.{n}.window_s"), signal.window_s);
    }
    put(f, "weighted.quorum_percent", rules.quorum_percent);
    put(f, "weighted.step_up", rules.step_up);
    put(f, "weighted.step_down", rules.step_down);
}

fn put_rules(f: &mut Fields, side: &str, rules: &ScalingRules) {
    let select = SELECTS.iter().find(|s| s.1 == rules.select_policy).map_or("max", |s| s.0);
    put(f, format!("behavior.{side}.stabilization_window_s"), rules.stabilization_window_s);
    put(f, format!("behavior.{side}.select_policy"), select);
    for (n, limit) in rules.policies.iter().enumerate() {
        let kind = LIMITS.iter().find(|l| l.1 == limit.kind).map_or("pods", |l| l.0);
        put(f, format!("behavior.{side}.policies.{n}.type"), kind);
        put(f, format!("behavior.{side}.policies.{n}.value"), limit.value);
        put(f, format!("behavior.{side}.policies.{n}.period_s"), limit.period_s);
    }
}

/// The policy that is typed.
///
/// # Errors
/// The first mistake, under the name of its field.
pub fn policy_of(fields: &Fields) -> Result<ScalingPolicy, InvalidValue> {
    parse(fields).map_err(first)
}

/// The policy that is typed, or what is wrong with each field that is.
///
/// # Errors
/// By field.
pub fn parse(fields: &Fields) -> Result<ScalingPolicy, Errors> {
    let mut reader = Reader::new(fields);
    let r = &mut reader;
    let (min_replicas, max_replicas) = (r.whole("min_replicas"), r.whole("max_replicas"));
    let algorithm = r.choice("algorithm", &[("hpa", 0), ("threshold", 1), ("weighted", 2)]);
    let (algorithm, slots) = match algorithm {
        Some(1) => read_threshold(r),
        Some(2) => read_weighted(r),
        _ => read_hpa(r),
    };
    let tolerance = Tolerance {
        scale_up_ppm: read_ppm(r, "tolerance.scale_up"),
        scale_down_ppm: read_ppm(r, "tolerance.scale_down"),
    };
    let has_own = r.choice("behavior", &[("own", true), ("none", false)]);
    let (behavior, limits) = if has_own == Some(false) {
        (None, [Vec::new(), Vec::new()])
    } else {
        let (behavior, limits) = read_behavior(r);
        (Some(behavior), limits)
    };
    let policy = ScalingPolicy {
        min_replicas,
        max_replicas,
        algorithm,
        behavior,
        tolerance,
        cpu_initialization_period_s: r.whole("cpu_initialization_period_s"),
        initial_readiness_delay_s: r.whole("initial_readiness_delay_s"),
        metric_max_age_s: r.whole("metric_max_age_s"),
        downscale_stabilization_s: r
            .whole_or_none("downscale_stabilization_s")
            .unwrap_or(ScalingPolicy::DOWNSCALE_STABILIZATION_S),
    };
    if !reader.errors.is_empty() {
        return Err(reader.errors);
    }
    // Each can be read; whether they make sense is the model's to say, which knows them by their place.
    match policy.validate() {
        Ok(()) => Ok(policy),
        Err(invalid) => {
            let field = field_of(&invalid.field, &policy.algorithm, &slots, &limits);
            Err(Errors::from([(field, invalid.reason)]))
        }
    }
}

fn read_ppm(r: &mut Reader<'_>, key: &str) -> u32 {
    let ppm = r.decimal(key, PPM_PERCENT);
    let fits = u32::try_from(ppm).map_err(|_| "is too large".to_owned());
    r.take(key, fits)
}

fn read_hpa(r: &mut Reader<'_>) -> (ScalingAlgorithm, Vec<usize>) {
    let slots = r.filled("metrics", &["name", "target"]);
    let metrics = slots.iter().map(|n| read_metric(r, &format!("metrics.{n}"))).collect();
    (ScalingAlgorithm::Hpa { metrics }, slots)
}

fn read_metric(r: &mut Reader<'_>, slot: &str) -> MetricSpec {
    let (name, of) = (r.text(&format!("{slot}.name")).to_owned(), r.text(&format!("{slot}.of")).to_owned());
    let kinds: Vec<(&str, usize)> = SOURCES.iter().enumerate().map(|(n, (id, _))| (*id, n)).collect();
    let source = match r.choice(&format!("{slot}.type"), &kinds) {
        Some(1) => MetricSource::Pods { metric: name },
        Some(2) => MetricSource::External { metric: name },
        Some(3) => MetricSource::Object {
            described_object: of,
            metric: name,
        },
        Some(4) => MetricSource::ContainerResource { name, container: of },
        _ => MetricSource::Resource { name },
    };
    let target = format!("{slot}.target");
    let target = match r.choice(&format!("{slot}.target_type"), &TARGETS.map(|(id, kind, _)| (id, kind))) {
        Some(TargetType::AverageValue) => MetricTarget::AverageValue {
            average_value_milli: r.decimal(&target, MILLI),
        },
        Some(TargetType::Value) => MetricTarget::Value {
            value_milli: r.decimal(&target, MILLI),
        },
        _ => MetricTarget::Utilization {
            average_utilization: r.whole(&target),
        },
    };
    MetricSpec { source, target }
}

fn read_threshold(r: &mut Reader<'_>) -> (ScalingAlgorithm, Vec<usize>) {
    let slots = r.filled("threshold", &["name", "up", "down"]);
    let signals = slots
        .iter()
        .map(|n| Signal {
            name: read_name(r, &format!("threshold.{n}.name")),
            up_milli: r.decimal_or_none(&format!("threshold.{n}.up"), MILLI),
            down_milli: r.decimal(&format!("threshold.{n}.down"), MILLI),
        })
        .collect();
    let rules = ThresholdRules {
        signals,
        step_up: r.whole("threshold.step_up"),
        step_down: r.whole("threshold.step_down"),
    };
    (ScalingAlgorithm::Threshold(rules), slots)
}

fn read_weighted(r: &mut Reader<'_>) -> (ScalingAlgorithm, Vec<usize>) {
    let slots = r.filled("weighted", &["name", "up", "down"]);
    let signals = slots
        .iter()
        .map(|n| WeightedSignal {
            name: read_name(r, &format!("weighted.{n}.name")),
            weight: r.whole(&format!("weighted.{n}.weight")),
            up_milli: r.decimal(&format!("weighted.{n}.up"), MILLI),
            down_milli: r.decimal(&format!("weighted.{n}.down"), MILLI),
            window_s: r.whole(&format!("weighted.{n}.window_s")),
        })
        .collect();
    let rules = WeightedRules {
        signals,
        quorum_percent: r.whole("weighted.quorum_percent"),
        step_up: r.whole("weighted.step_up"),
        step_down: r.whole("weighted.step_down"),
    };
    (ScalingAlgorithm::Weighted(rules), slots)
}

fn read_name(r: &mut Reader<'_>, key: &str) -> String {
    let name = r.text(key).to_owned();
    let read = if name.is_empty() {
        Err("name the signal".to_owned())
    } else {
        Ok(name)
    };
    r.take(key, read)
}

/// With the slots that each direction's limits stand in.
pub(super) fn read_behavior(r: &mut Reader<'_>) -> (Behavior, [Vec<usize>; 2]) {
    let ((scale_up, up), (scale_down, down)) = (read_rules(r, "scale_up"), read_rules(r, "scale_down"));
    (Behavior { scale_up, scale_down }, [up, down])
}

fn read_rules(r: &mut Reader<'_>, side: &str) -> (ScalingRules, Vec<usize>) {
    let list = format!("behavior.{side}.policies");
    let slots = r.filled(&list, &["value", "period_s"]);
    let policies = slots
        .iter()
        .map(|n| ChangeLimit {
            kind: r.choice(&format!("{list}.{n}.type"), &LIMITS).unwrap_or(ChangeLimitType::Pods),
            value: r.whole(&format!("{list}.{n}.value")),
            period_s: r.whole(&format!("{list}.{n}.period_s")),
        })
        .collect();
    let rules = ScalingRules {
        stabilization_window_s: r.whole(&format!("behavior.{side}.stabilization_window_s")),
        select_policy: r.choice(&format!("behavior.{side}.select_policy"), &SELECTS).unwrap_or_default(),
        policies,
    };
    (rules, slots)
}

/// The field of the form for one of the model, which counts only what is filled in: `signals[1]` is `threshold.4.down` if the slots 0
/// and 4 are.
pub fn field_of(invalid: &str, algorithm: &ScalingAlgorithm, slots: &[usize], limits: &[Vec<usize>; 2]) -> String {
    let list = match algorithm {
        ScalingAlgorithm::Hpa { .. } => "metrics",
        ScalingAlgorithm::Threshold(_) => "threshold",
        ScalingAlgorithm::Weighted(_) => "weighted",
    };
    if let Some((slot, rest)) = ["metrics[", "signals["]
        .iter()
        .find_map(|start| invalid.strip_prefix(start))
        .and_then(|rest| place(rest, slots))
    {
        let name = match rest.as_str() {
            "source" => "name",
            "" => "down",
            other => other,
        };
        return format!("{list}.{slot}.{name}");
    }
    if let Some(field) = field_of_behavior(invalid, limits) {
        return field;
    }
    match invalid {
        "step_up" | "step_down" | "quorum_percent" => format!("{list}.{invalid}"),
        "tolerance.scale_up_ppm" => "tolerance.scale_up".to_owned(),
        "tolerance.scale_down_ppm" => "tolerance.scale_down".to_owned(),
        other => other.to_owned(),
    }
}

/// The slot for a place, and what stands behind it: `1].value` is `(4, "value")`.
fn place(rest: &str, slots: &[usize]) -> Option<(usize, String)> {
    let (n, rest) = rest.split_once(']')?;
    Some((*slots.get(n.parse::<usize>().ok()?)?, rest.trim_start_matches('.').to_owned()))
}

/// The same for a limit of one direction.
pub(super) fn field_of_behavior(invalid: &str, limits: &[Vec<usize>; 2]) -> Option<String> {
    SIDES.into_iter().zip(limits).find_map(|(side, slots)| {
        let rest = invalid.strip_prefix(&format!("behavior.{side}.policies["))?;
        let (slot, rest) = place(rest, slots)?;
        Some(format!("behavior.{side}.policies.{slot}.{rest}"))
    })
}
