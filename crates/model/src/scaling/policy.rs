//! A scaling policy: bounds, what to look at, how fast to follow.

use serde::{Deserialize, Serialize};

use super::{Behavior, MetricSpec, ThresholdRules, WeightedRules};
use crate::InvalidValue;

/// Most replicas of one workload.
pub const REPLICAS_MAX: u32 = 10_000;
/// Most metrics of one policy.
pub const METRICS_MAX: usize = 16;
const PPM: u32 = 1_000_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingPolicy {
    /// 0 only with a metric that works while nothing runs.
    pub min_replicas: u32,
    pub max_replicas: u32,
    pub algorithm: ScalingAlgorithm,
    /// Absent: what Kubernetes does without `spec.behavior`: up to the larger of 4 and twice as many at once, down after 300 s.
    pub behavior: Option<Behavior>,
    #[serde(default)]
    pub tolerance: Tolerance,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`: processor figures of an instance younger than this need care.
    pub cpu_initialization_period_s: u32,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`: who was unready at that age, and ever since, has never been ready.
    pub initial_readiness_delay_s: u32,
    /// Older readings count as not there; 0 believes all.
    pub metric_max_age_s: u32,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`: the window down without `behavior`.
    #[serde(default = "default_downscale", skip_serializing_if = "is_default_downscale")]
    pub downscale_stabilization_s: u32,
}

const fn default_downscale() -> u32 {
    ScalingPolicy::DOWNSCALE_STABILIZATION_S
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_default_downscale(window_s: &u32) -> bool {
    *window_s == ScalingPolicy::DOWNSCALE_STABILIZATION_S
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "snake_case")]
pub enum ScalingAlgorithm {
    /// Kubernetes' `autoscaling/v2`.
    Hpa {
        metrics: Vec<MetricSpec>,
    },
    Threshold(ThresholdRules),
    Weighted(WeightedRules),
}

/// How far a ratio may be from 1 without a change, in millionths: KEP-4951, with one value for each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    pub scale_up_ppm: u32,
    pub scale_down_ppm: u32,
}

impl Default for Tolerance {
    /// `--horizontal-pod-autoscaler-tolerance`: 0.1.
    fn default() -> Self {
        Self {
            scale_up_ppm: PPM / 10,
            scale_down_ppm: PPM / 10,
        }
    }
}

impl Tolerance {
    /// `1 - down <= ratio <= 1 + up`, in doubles as Kubernetes computes it.
    pub fn covers(self, ratio: f64) -> bool {
        let part = |ppm: u32| f64::from(ppm) / f64::from(PPM);
        (1.0 - part(self.scale_down_ppm)) <= ratio && ratio <= (1.0 + part(self.scale_up_ppm))
    }
}

impl ScalingAlgorithm {
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Hpa { .. } => "hpa",
            Self::Threshold(_) => "threshold",
            Self::Weighted(_) => "weighted",
        }
    }
}

impl ScalingPolicy {
    /// Kubernetes' own, 5 min.
    pub const DOWNSCALE_STABILIZATION_S: u32 = 300;

    /// Kubernetes' defaults with these metrics.
    pub fn hpa(min_replicas: u32, max_replicas: u32, metrics: Vec<MetricSpec>) -> Self {
        Self {
            min_replicas,
            max_replicas,
            algorithm: ScalingAlgorithm::Hpa { metrics },
            behavior: Some(Behavior::default()),
            tolerance: Tolerance::default(),
            cpu_initialization_period_s: 300,
            initial_readiness_delay_s: 30,
            metric_max_age_s: 180,
            downscale_stabilization_s: Self::DOWNSCALE_STABILIZATION_S,
        }
    }

    /// # Errors
    /// The first field that is wrong, by its name in forms and files.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        InvalidValue::within("max_replicas", self.max_replicas, 1, REPLICAS_MAX, "")?;
        InvalidValue::within("min_replicas", self.min_replicas, 0, self.max_replicas, ", which is max_replicas")?;
        InvalidValue::within("tolerance.scale_up_ppm", self.tolerance.scale_up_ppm, 0, 10 * PPM, " ppm")?;
        InvalidValue::within("tolerance.scale_down_ppm", self.tolerance.scale_down_ppm, 0, 10 * PPM, " ppm")?;
        InvalidValue::within("cpu_initialization_period_s", self.cpu_initialization_period_s, 0, 86_400, " s")?;
        InvalidValue::within("initial_readiness_delay_s", self.initial_readiness_delay_s, 0, 86_400, " s")?;
        InvalidValue::within("metric_max_age_s", self.metric_max_age_s, 0, 86_400, " s")?;
        let window_s = self.downscale_stabilization_s;
        InvalidValue::within("downscale_stabilization_s", window_s, 0, 3_600, " s")?;
        if let Some(behavior) = &self.behavior {
            behavior.validate()?;
        }
        let works_at_zero = match &self.algorithm {
            ScalingAlgorithm::Hpa { metrics } => {
                if metrics.is_empty() || metrics.len() > METRICS_MAX {
                    return Err(InvalidValue::new(
                        "metrics",
                        format!("needs 1 to {METRICS_MAX}, has {}", metrics.len()),
                    ));
                }
                for (n, metric) in metrics.iter().enumerate() {
                    metric.validate(&format!("metrics[{n}]"))?;
                }
                metrics.iter().any(|metric| metric.source.works_at_zero())
            }
            ScalingAlgorithm::Threshold(rules) => {
                rules.validate()?;
                false
            }
            ScalingAlgorithm::Weighted(rules) => {
                rules.validate()?;
                false
            }
        };
        if self.min_replicas == 0 && !works_at_zero {
            return Err(InvalidValue::new(
                "min_replicas",
                "0 needs an object or external metric: nothing else can tell when to start again",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::{ChangeLimit, MetricSource, MetricTarget, ScalingPreset};

    fn refused(change: impl FnOnce(&mut ScalingPolicy)) -> String {
        let mut policy = ScalingPolicy::hpa(2, 10, vec![MetricSpec::utilization("cpu", 70)]);
        assert_eq!(policy.validate(), Ok(()));
        change(&mut policy);
        policy.validate().unwrap_err().field
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(refused(|p| p.min_replicas = 11), "min_replicas");
        assert_eq!(refused(|p| p.min_replicas = 0), "min_replicas");
        assert_eq!(refused(|p| p.max_replicas = REPLICAS_MAX + 1), "max_replicas");
        assert_eq!(refused(|p| p.tolerance.scale_up_ppm = 10 * PPM + 1), "tolerance.scale_up_ppm");
        assert_eq!(refused(|p| p.algorithm = ScalingAlgorithm::Hpa { metrics: vec![] }), "metrics");
        assert_eq!(
            refused(|p| {
                p.algorithm = ScalingAlgorithm::Hpa {
                    metrics: vec![MetricSpec::utilization("cpu", 0)],
                }
            }),
            "metrics[0].target"
        );
        assert_eq!(
            refused(|p| {
                let mut behavior = Behavior::default();
                behavior.scale_down.policies = vec![ChangeLimit::pods(1, 1_801)];
                p.behavior = Some(behavior);
            }),
            "behavior.scale_down.policies[0].period_s"
        );
        assert_eq!(
            refused(|p| {
                let mut rules = WeightedRules::default();
                rules.signals[1].down_milli = rules.signals[1].up_milli;
                p.algorithm = ScalingAlgorithm::Weighted(rules);
            }),
            "signals[1]"
        );
    }

    #[test]
    fn zero_is_allowed_with_a_metric_that_works_there() {
        let queue = MetricSpec {
            source: MetricSource::External {
                metric: "queue".to_owned(),
            },
            target: MetricTarget::AverageValue {
                average_value_milli: 10_000,
            },
        };
        assert_eq!(ScalingPolicy::hpa(0, 10, vec![queue]).validate(), Ok(()));
    }

    #[test]
    fn every_preset_is_valid_and_survives_json() {
        for preset in ScalingPreset::ALL {
            let policy = preset.policy();
            assert_eq!(policy.validate(), Ok(()), "{preset:?}");
            let json = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<ScalingPolicy>(&json).unwrap(), policy);
        }
    }
}
