//! Looking ahead: a forecast of the demand, and the floor that follows from it.

use serde::{Deserialize, Serialize};

use super::{MetricTarget, ScalingAlgorithm, ScalingPolicy};
use crate::InvalidValue;

const HOUR_S: u32 = 3_600;
const DAY_S: u32 = 86_400;
const NAME_MAX_BYTES: usize = 253;

/// Raises the replicas ahead of a known peak. It never lowers them: what the metrics ask for is always the least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    pub mode: PredictionMode,
    /// What is forecast; absent: the first that the policy looks at and has a target for each instance. Never `memory`, most of which is
    /// there without any demand.
    #[serde(default)]
    pub signal: Option<String>,
    /// After so long the demand repeats: a day, a week.
    pub season_s: u32,
    /// How far ahead the replicas must be enough: the start of an instance and some more.
    pub horizon_s: u32,
    /// So many of a hundred times the demand stays below the forecast's upper line.
    pub quantile_percent: u32,
    /// A forecast that has been further off than this, on average, is not acted upon.
    pub error_max_percent: u32,
    /// While the forecast is good and comes true, the policy's targets count as so many per cent of themselves: the headroom above a target
    /// is there for what one did not see coming. 100: as they are.
    pub target_percent: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PredictionMode {
    #[default]
    Off,
    /// It is shown beside what came, and decides nothing.
    ForecastOnly,
    Active,
}

impl PredictionMode {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::ForecastOnly => "forecast only",
            Self::Active => "active",
        }
    }
}

impl Default for Prediction {
    fn default() -> Self {
        Self {
            mode: PredictionMode::Off,
            signal: None,
            season_s: DAY_S,
            horizon_s: 900,
            quantile_percent: 90,
            error_max_percent: 25,
            target_percent: 100,
        }
    }
}

impl Prediction {
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        let is_name = |name: &String| !name.is_empty() && name.len() <= NAME_MAX_BYTES && !name.chars().any(char::is_control);
        if !self.signal.as_ref().is_none_or(is_name) {
            return Err(InvalidValue::new(
                "signal",
                format!("has 1 to {NAME_MAX_BYTES} characters and no control characters"),
            ));
        }
        InvalidValue::within("season_s", self.season_s, HOUR_S, 7 * DAY_S, " s")?;
        if !self.season_s.is_multiple_of(HOUR_S) {
            return Err(InvalidValue::new("season_s", "must be whole hours, such as 86400 or 604800"));
        }
        InvalidValue::within("horizon_s", self.horizon_s, 300, (2 * HOUR_S).min(self.season_s / 2), " s")?;
        InvalidValue::within("quantile_percent", self.quantile_percent, 50, 99, " %")?;
        InvalidValue::within("error_max_percent", self.error_max_percent, 1, 100, " %")?;
        InvalidValue::within("target_percent", self.target_percent, 100, 140, " %")
    }

    /// What is forecast for this policy, and how much of it one instance is to take; nothing where no metric has a target for each instance.
    pub fn target(&self, policy: &ScalingPolicy) -> Option<(String, f64)> {
        let milli = |milli: i64| milli as f64 / 1_000.0;
        let is_meant = |name: &str| name != "memory" && self.signal.as_deref().is_none_or(|signal| signal == name);
        match &policy.algorithm {
            ScalingAlgorithm::Hpa { metrics } => metrics.iter().find_map(|spec| {
                let target = match spec.target {
                    MetricTarget::Utilization { average_utilization } => f64::from(average_utilization),
                    MetricTarget::AverageValue { average_value_milli } => milli(average_value_milli),
                    MetricTarget::Value { .. } => return None,
                };
                let name = spec.source.signal();
                is_meant(name).then(|| (name.to_owned(), target))
            }),
            ScalingAlgorithm::Threshold(rules) => rules.signals.iter().find_map(|signal| {
                let up = signal.up_milli.filter(|_| is_meant(&signal.name))?;
                Some((signal.name.clone(), milli(up)))
            }),
            ScalingAlgorithm::Weighted(rules) => {
                let signal = rules.signals.iter().find(|signal| is_meant(&signal.name))?;
                Some((signal.name.clone(), milli(signal.up_milli)))
            }
        }
    }
}

/// What is expected of the demand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// When it was made; Unix time, ms.
    pub at_ms: i64,
    /// Five minutes each, oldest first; empty where nothing can be said.
    pub points: Vec<ForecastPoint>,
    /// How far forecasts of the last season were off, each as far ahead as the horizon: the sum of all differences beside the sum of what
    /// came (WAPE). 0.1 is ten per cent.
    pub error: Option<f64>,
    pub state: ForecastState,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ForecastPoint {
    /// When these five minutes begin; Unix time, ms.
    pub at_ms: i64,
    pub mean: f64,
    pub upper: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ForecastState {
    Good,
    /// Nothing is done on it: the metrics decide alone.
    Bad {
        why: BadForecast,
    },
    TooLittleHistory {
        needs_s: u64,
        has_s: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "bad", rename_all = "snake_case")]
pub enum BadForecast {
    #[error("it was off by {percent} % in the last season, more than {max_percent} %")]
    Season { percent: u32, max_percent: u32 },
    #[error("it was off by {percent} % in the last hour, more than {max_percent} %")]
    LastHour { percent: u32, max_percent: u32 },
    #[error("it was off by {percent} % in the last season, and the latest value alone by {latest_percent} %: the demand does not repeat")]
    NoBetter { percent: u32, latest_percent: u32 },
    #[error("less than half of the last season was measured, so nobody knows how good it is")]
    Gaps,
    #[error("nothing was measured in the last half hour")]
    NothingRecent,
}

/// What a forecast asks of a policy at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForecastFloor {
    pub signal: String,
    /// Otherwise it is only shown.
    pub is_active: bool,
    /// When within the horizon the most is expected; Unix time, ms.
    pub peak_ms: i64,
    /// The forecast's upper line there.
    pub upper: f64,
    /// What one instance is to take of it.
    pub target: f64,
    /// The upper line of now. More than that was not foreseen.
    pub upper_now: f64,
    /// More came than was foreseen: until then the targets are those of the policy. Unix time, ms.
    pub cautious_until_ms: Option<i64>,
    /// The replicas that follow, whatever the bounds.
    pub replicas: u32,
    pub error: Option<f64>,
    pub state: ForecastState,
}

impl ForecastFloor {
    /// The least that the metrics' proposal is raised to.
    pub fn in_force(&self) -> Option<u32> {
        (self.is_active && self.state == ForecastState::Good).then_some(self.replicas)
    }
}

/// What a forecast made of the metrics' proposal: nothing, where both are the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictionProof {
    pub floor: ForecastFloor,
    pub before: u32,
    pub after: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::{MetricSource, MetricSpec, ScalingPreset, ThresholdRules, WeightedRules};

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |change: fn(&mut Prediction)| {
            let mut prediction = Prediction::default();
            assert_eq!(prediction.validate(), Ok(()));
            change(&mut prediction);
            prediction.validate().unwrap_err().field
        };
        assert_eq!(refused(|p| p.season_s = HOUR_S - 1), "season_s");
        assert_eq!(refused(|p| p.season_s = DAY_S + 1), "season_s");
        assert_eq!(refused(|p| p.horizon_s = 299), "horizon_s");
        assert_eq!(refused(|p| (p.season_s, p.horizon_s) = (HOUR_S, HOUR_S)), "horizon_s");
        assert_eq!(refused(|p| p.quantile_percent = 100), "quantile_percent");
        assert_eq!(refused(|p| p.error_max_percent = 0), "error_max_percent");
        assert_eq!(refused(|p| p.target_percent = 99), "target_percent");
        assert_eq!(refused(|p| p.signal = Some(String::new())), "signal");
    }

    #[test]
    fn a_policy_has_a_target_for_each_instance_or_none_to_forecast() {
        let target = |signal: Option<&str>, algorithm| {
            let prediction = Prediction {
                signal: signal.map(str::to_owned),
                ..Prediction::default()
            };
            let policy = ScalingPolicy {
                algorithm,
                ..ScalingPolicy::hpa(1, 2, Vec::new())
            };
            prediction.target(&policy)
        };
        let production = ScalingPreset::Production.policy().algorithm;
        assert_eq!(target(None, production.clone()), Some(("cpu".to_owned(), 70.0)));
        assert_eq!(
            target(Some("active_sessions"), production.clone()),
            Some(("active_sessions".to_owned(), 8.0))
        );
        assert_eq!(target(Some("memory"), production.clone()), None);
        assert_eq!(target(Some("frames"), production), None);
        let whole = MetricSpec {
            source: MetricSource::External {
                metric: "queue".to_owned(),
            },
            target: MetricTarget::Value { value_milli: 1_000 },
        };
        assert_eq!(target(None, ScalingAlgorithm::Hpa { metrics: vec![whole] }), None);
        let threshold = ScalingAlgorithm::Threshold(ThresholdRules::default());
        assert_eq!(target(Some("gpu"), threshold.clone()), Some(("gpu".to_owned(), 80.0)));
        assert_eq!(target(Some("active_sessions"), threshold), None, "it never scales up");
        let weighted = ScalingAlgorithm::Weighted(WeightedRules::default());
        assert_eq!(target(None, weighted), Some(("cpu".to_owned(), 80.0)));
    }
}
