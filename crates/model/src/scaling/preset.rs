//! Policies to start from.

use serde::{Deserialize, Serialize};

use super::{Behavior, ChangeLimit, MetricSource, MetricSpec, MetricTarget, ScalingPolicy, ScalingRules, SelectPolicy};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalingPreset {
    Production,
    Staging,
    Development,
    Balanced,
    QueueWorker,
    /// A gateway to an API that limits its callers.
    RateLimitedGateway,
}

fn rules(stabilization_window_s: u32, policies: Vec<ChangeLimit>) -> ScalingRules {
    ScalingRules {
        stabilization_window_s,
        select_policy: SelectPolicy::Max,
        policies,
    }
}

/// The slower of both limits counts.
fn slowest(stabilization_window_s: u32, policies: Vec<ChangeLimit>) -> ScalingRules {
    ScalingRules {
        select_policy: SelectPolicy::Min,
        ..rules(stabilization_window_s, policies)
    }
}

fn queue(metric: &str, average_value_milli: i64) -> MetricSpec {
    MetricSpec {
        source: MetricSource::External { metric: metric.to_owned() },
        target: MetricTarget::AverageValue { average_value_milli },
    }
}

fn cpu_memory(cpu: u32, memory: u32) -> Vec<MetricSpec> {
    vec![MetricSpec::utilization("cpu", cpu), MetricSpec::utilization("memory", memory)]
}

impl ScalingPreset {
    pub const ALL: [Self; 6] = [
        Self::Production,
        Self::Staging,
        Self::Development,
        Self::Balanced,
        Self::QueueWorker,
        Self::RateLimitedGateway,
    ];

    /// The policy of this preset, to be edited. Where the preset has a pair of thresholds beside its target, as "up 85, down 40", the
    /// tolerance of each direction is the way from the target to the threshold.
    pub fn policy(self) -> ScalingPolicy {
        let (replicas, metrics, scale_up, scale_down) = match self {
            Self::Production => {
                let mut metrics = cpu_memory(70, 80);
                metrics.push(MetricSpec::per_pod("gpu", 75_000));
                metrics.push(MetricSpec::per_pod("active_sessions", 8_000));
                let up = slowest(0, vec![ChangeLimit::percent(50, 60), ChangeLimit::pods(2, 60)]);
                ((3, 20), metrics, up, rules(900, vec![ChangeLimit::percent(25, 60)]))
            }
            Self::Staging => (
                (2, 10),
                cpu_memory(75, 85),
                ScalingRules::default_up(),
                ScalingRules::default_down(),
            ),
            Self::Development => ((1, 3), cpu_memory(80, 90), ScalingRules::default_up(), ScalingRules::default_down()),
            Self::Balanced => (
                (2, 10),
                vec![MetricSpec::utilization("cpu", 70)],
                rules(60, vec![ChangeLimit::percent(100, 30), ChangeLimit::pods(2, 30)]),
                rules(300, vec![ChangeLimit::percent(50, 60)]),
            ),
            Self::QueueWorker => (
                (5, 50),
                vec![
                    queue("queue_length", 10_000),
                    MetricSpec::per_pod("runtime_s", 60_000),
                    MetricSpec::utilization("cpu", 80),
                ],
                ScalingRules::default_up(),
                rules(300, vec![ChangeLimit::pods(1, 180)]),
            ),
            Self::RateLimitedGateway => (
                (2, 10),
                // Not the share of successes: that falls when there is too much to do, and would scale down then.
                vec![
                    queue("queue_depth", 50_000),
                    MetricSpec::utilization("cpu", 60),
                    MetricSpec::per_pod("failure_rate", 50),
                ],
                rules(60, vec![ChangeLimit::pods(2, 60)]),
                rules(300, vec![ChangeLimit::pods(1, 180)]),
            ),
        };
        let mut policy = ScalingPolicy::hpa(replicas.0, replicas.1, metrics);
        // The lower threshold of the pair, as a share of the target: 40 of 75, 50 of 80, 40 of 70.
        policy.tolerance.scale_down_ppm = match self {
            Self::Staging => 466_666,
            Self::Development => 375_000,
            Self::Balanced => 428_571,
            _ => policy.tolerance.scale_down_ppm,
        };
        // The upper one: 85 of 75, 90 of 80.
        policy.tolerance.scale_up_ppm = match self {
            Self::Staging => 133_333,
            Self::Development => 125_000,
            Self::Balanced => 0,
            _ => policy.tolerance.scale_up_ppm,
        };
        policy.behavior = Some(Behavior { scale_up, scale_down });
        policy
    }
}
