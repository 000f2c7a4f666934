//! A plan in words: for forms, differences and audit rows.

use super::{
    Behavior, ChangeLimit, ChangeLimitType, HoldKind, MetricSpec, MetricTarget, Prediction, PredictionMode, ScalingAlgorithm, ScalingPlan,
    ScalingPolicy, ScalingRules, ScheduleRule, SelectPolicy,
};

/// 12.5 from 12500.
pub fn milli(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.unsigned_abs() / 1_000, value.unsigned_abs() % 1_000);
    match rest {
        0 => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest:03}").trim_end_matches('0').to_owned(),
    }
}

fn ppm(value: u32) -> String {
    format!("{} %", milli(i64::from(value / 10)))
}

/// Name and value of every fact, in a fixed order; no name comes twice.
pub fn plan(plan: &ScalingPlan) -> Vec<(String, String)> {
    let mut facts = policy(&plan.policy);
    facts.extend(
        plan.schedule
            .iter()
            .enumerate()
            .map(|(n, rule)| (format!("schedule {} {:?}", n + 1, rule.name), schedule(rule))),
    );
    facts.extend(prediction(&plan.prediction));
    if let Some(hold) = plan.hold {
        facts.push((
            "hold".to_owned(),
            format!("{} until {}", hold.kind, crate::time::utc(hold.until_ms)),
        ));
    }
    facts
}

/// Name and value of every fact of a prediction; while it is off only that.
pub fn prediction(prediction: &Prediction) -> Vec<(String, String)> {
    let mut facts = vec![("prediction".to_owned(), prediction.mode.label().to_owned())];
    if prediction.mode != PredictionMode::Off {
        let signal = prediction.signal.clone().unwrap_or_else(|| "the first that can be".to_owned());
        facts.extend([
            ("predicted signal".to_owned(), signal),
            ("season".to_owned(), format!("{} h", prediction.season_s / 3_600)),
            ("horizon".to_owned(), format!("{} s", prediction.horizon_s)),
            ("upper line".to_owned(), format!("{} %", prediction.quantile_percent)),
            ("largest error".to_owned(), format!("{} %", prediction.error_max_percent)),
            ("targets while it is right".to_owned(), format!("{} %", prediction.target_percent)),
        ]);
    }
    facts
}

/// Name and value of every fact of a policy.
pub fn policy(policy: &ScalingPolicy) -> Vec<(String, String)> {
    let mut facts = vec![
        ("min replicas".to_owned(), policy.min_replicas.to_string()),
        ("max replicas".to_owned(), policy.max_replicas.to_string()),
        ("algorithm".to_owned(), policy.algorithm.id().to_owned()),
    ];
    match &policy.algorithm {
        ScalingAlgorithm::Hpa { metrics } => {
            let mut seen = Vec::new();
            for metric in metrics {
                let name = format!("target {}", metric.source);
                let times = seen.iter().filter(|n| **n == name).count();
                seen.push(name.clone());
                let name = if times == 0 { name } else { format!("{name} ({})", times + 1) };
                facts.push((name, target(metric)));
            }
        }
        ScalingAlgorithm::Threshold(rules) => {
            for (n, signal) in rules.signals.iter().enumerate() {
                let up = signal
                    .up_milli
                    .map_or_else(|| "never".to_owned(), |up| format!("above {}", milli(up)));
                let value = format!("up {up}, down below {}", milli(signal.down_milli));
                facts.push((format!("signal {} {}", n + 1, signal.name), value));
            }
            facts.push(("step".to_owned(), format!("+{}, -{}", rules.step_up, rules.step_down)));
        }
        ScalingAlgorithm::Weighted(rules) => {
            for (n, signal) in rules.signals.iter().enumerate() {
                let value = format!(
                    "weight {}, up above {}, down below {}, over {} s",
                    signal.weight,
                    milli(signal.up_milli),
                    milli(signal.down_milli),
                    signal.window_s
                );
                facts.push((format!("signal {} {}", n + 1, signal.name), value));
            }
            facts.push(("quorum".to_owned(), format!("{} %", rules.quorum_percent)));
            facts.push(("step".to_owned(), format!("+{}, -{}", rules.step_up, rules.step_down)));
        }
    }
    facts.push(("tolerance up".to_owned(), ppm(policy.tolerance.scale_up_ppm)));
    facts.push(("tolerance down".to_owned(), ppm(policy.tolerance.scale_down_ppm)));
    let default = Behavior::default();
    let behavior = policy.behavior.as_ref().unwrap_or(&default);
    for (side, rules) in [("scale-up", &behavior.scale_up), ("scale-down", &behavior.scale_down)] {
        facts.push((format!("{side} window"), format!("{} s", rules.stabilization_window_s)));
        facts.push((format!("{side} limit"), limits(rules)));
    }
    facts.push((
        "CPU initialization period".to_owned(),
        format!("{} s", policy.cpu_initialization_period_s),
    ));
    facts.push((
        "initial readiness delay".to_owned(),
        format!("{} s", policy.initial_readiness_delay_s),
    ));
    let age = match policy.metric_max_age_s {
        0 => "any age".to_owned(),
        s => format!("{s} s"),
    };
    facts.push(("metric max age".to_owned(), age));
    facts
}

/// "70 %", "8 per instance", "100".
pub fn target(metric: &MetricSpec) -> String {
    match metric.target {
        MetricTarget::Utilization { average_utilization } => format!("{average_utilization} %"),
        MetricTarget::AverageValue { average_value_milli } => milli(average_value_milli),
        MetricTarget::Value { value_milli } => format!("{} in all", milli(value_milli)),
    }
}

fn limit(limit: &ChangeLimit) -> String {
    let unit = match limit.kind {
        ChangeLimitType::Pods => "",
        ChangeLimitType::Percent => " %",
    };
    format!("{}{unit} in {} s", limit.value, limit.period_s)
}

/// "the larger of 4 in 15 s and 100 % in 15 s".
pub fn limits(rules: &ScalingRules) -> String {
    let all: Vec<_> = rules.policies.iter().map(limit).collect();
    let all = all.join(" and ");
    match (rules.select_policy, rules.policies.len()) {
        (SelectPolicy::Disabled, _) => "never".to_owned(),
        (_, 1) => all,
        (SelectPolicy::Max, _) => format!("the larger of {all}"),
        (SelectPolicy::Min, _) => format!("the smaller of {all}"),
    }
}

fn schedule(rule: &ScheduleRule) -> String {
    let bound = |word: &str, value: Option<u32>| value.map(|n| format!(", {word} {n}")).unwrap_or_default();
    format!(
        "{} {} for {} s{}{}",
        rule.cron,
        rule.time_zone,
        rule.duration_s,
        bound("min", rule.min_replicas),
        bound("max", rule.max_replicas)
    )
}

impl std::fmt::Display for HoldKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pause => f.write_str("paused"),
            Self::PauseScaleOut => f.write_str("scale-out paused"),
            Self::PauseScaleIn => f.write_str("scale-in paused"),
            Self::Pin { replicas } => write!(f, "pinned to {replicas}"),
        }
    }
}
