//! What other policies would have made of the same demand.

use serde::{Deserialize, Serialize};

use super::{Prediction, REPLICAS_MAX, ScalingPolicy, ScheduleRule};
use crate::InvalidValue;

/// Most policies that are compared at once.
pub const WHAT_IF_POLICIES_MAX: usize = 5;
const START_DELAY_MAX_S: u32 = 3_600;
const SYNC_PERIOD_MAX_S: u32 = 3_600;
const NAME_MAX_BYTES: usize = 120;

/// Policies to replay a trace against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatIf {
    pub policies: Vec<WhatIfPolicy>,
    /// From the wish for an instance until it is ready.
    pub start_delay_s: u32,
    /// Between two decisions; never more often than the trace has steps.
    pub sync_period_s: u32,
    /// Absent: what was recorded first, or each policy's minimum.
    #[serde(default)]
    pub initial_replicas: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatIfPolicy {
    /// To tell it from the others.
    pub name: String,
    pub policy: ScalingPolicy,
    #[serde(default)]
    pub schedule: Vec<ScheduleRule>,
    #[serde(default)]
    pub prediction: Prediction,
}

impl WhatIf {
    /// Everything but the schedules' `cron` and `time_zone`, which need their parsers.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        if self.policies.is_empty() || self.policies.len() > WHAT_IF_POLICIES_MAX {
            return Err(InvalidValue::new("policies", format!("needs 1 to {WHAT_IF_POLICIES_MAX}")));
        }
        InvalidValue::within("start_delay_s", self.start_delay_s, 0, START_DELAY_MAX_S, " s")?;
        InvalidValue::within("sync_period_s", self.sync_period_s, 1, SYNC_PERIOD_MAX_S, " s")?;
        InvalidValue::within("initial_replicas", self.initial_replicas.unwrap_or(0), 0, REPLICAS_MAX, "")?;
        for (n, one) in self.policies.iter().enumerate() {
            let at = |invalid: InvalidValue| InvalidValue::new(format!("policies[{n}].{}", invalid.field), invalid.reason);
            if one.name.is_empty() || one.name.len() > NAME_MAX_BYTES || one.name.chars().any(char::is_control) {
                return Err(at(InvalidValue::new(
                    "name",
                    format!("has 1 to {NAME_MAX_BYTES} characters and no control characters"),
                )));
            }
            one.policy.validate().map_err(at)?;
            let at = |invalid: InvalidValue| InvalidValue::new(format!("policies[{n}].prediction.{}", invalid.field), invalid.reason);
            one.prediction.validate().map_err(at)?;
        }
        Ok(())
    }
}

/// What one policy would have done, and what that would have cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhatIfOutcome {
    pub name: String,
    /// Where something changes, and the beginning; oldest first.
    pub course: Vec<WhatIfPoint>,
    /// Unix time, ms.
    pub end_ms: i64,
    /// Of all instances that exist: who starts is paid for already.
    pub instance_hours: f64,
    /// How long more was asked than the ready instances could take at 100 %.
    pub under_provisioned_s: u64,
    pub lost: LostDemand,
    /// How often the replicas were changed.
    pub changes: u32,
    /// Changes that turned back an opposite one of the last 15 minutes.
    pub reversals: u32,
    /// Most replicas asked for at once.
    pub peak_replicas: u32,
    /// How far it is from what was recorded; absent where nothing was.
    pub beside_recorded: Option<Fidelity>,
    /// What to know before believing it.
    pub caveats: Vec<WhatIfCaveat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIfPoint {
    /// Unix time, ms.
    pub at_ms: i64,
    pub desired: u32,
    pub ready: u32,
}

/// Demand that found nobody to take it. It is lost, not put off.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LostDemand {
    /// Of all demand, 0 to 1.
    pub share: f64,
    /// Work of so many instance hours.
    pub instance_hours: f64,
    /// Where the trace tells the requests per minute: those that came with the lost demand.
    pub requests: Option<f64>,
}

/// Replayed replicas beside recorded ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fidelity {
    pub largest: u32,
    pub mean: f64,
    /// Share of the time with a difference of one at most, 0 to 1.
    pub within_one: f64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "caveat", rename_all = "snake_case")]
pub enum WhatIfCaveat {
    #[error("{signal} is not in the trace: the policy was replayed without it")]
    NotInTrace { signal: String },
    #[error("{signal} is taken as it was recorded: what other replicas would have done to it is not known")]
    NoFeedback { signal: String },
    #[error("for {seconds} s nothing was measured: there nothing is scaled down, and no demand is counted")]
    Gaps { seconds: u64 },
    #[error("for {seconds} s the recorded instances were used up: how much more was asked of {signal} is not known")]
    Saturated { signal: String, seconds: u64 },
    #[error("no signal of the trace says what an instance can take, so no demand can be lost")]
    NoCapacity,
    #[error("for the first {seconds} s there was too little history for a forecast")]
    ForecastLearns { seconds: u64 },
    #[error("there is nothing to forecast: no metric of the policy has a target for each instance and demand in the trace")]
    NothingToForecast,
    #[error("the trace has steps of {step_s} s: it decides only that often")]
    CoarseSteps { step_s: u32 },
}

impl WhatIfOutcome {
    /// The course in at most `points` points, as charts need it: of each stretch the one with the most replicas.
    pub fn thinned(&self, points: usize) -> Vec<WhatIfPoint> {
        let len = self.course.len();
        if points == 0 || len <= points {
            return self.course.clone();
        }
        let most = |n: usize| {
            let stretch = &self.course[n * len / points..(n + 1) * len / points];
            stretch.iter().copied().max_by_key(|point| point.desired)
        };
        (0..points).filter_map(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::MetricSpec;

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |change: fn(&mut WhatIf)| {
            let one = WhatIfPolicy {
                name: "now".to_owned(),
                policy: ScalingPolicy::hpa(2, 10, vec![MetricSpec::utilization("cpu", 70)]),
                schedule: Vec::new(),
                prediction: Prediction::default(),
            };
            let mut what_if = WhatIf {
                policies: vec![one; 2],
                start_delay_s: 30,
                sync_period_s: 15,
                initial_replicas: None,
            };
            assert_eq!(what_if.validate(), Ok(()));
            change(&mut what_if);
            what_if.validate().unwrap_err().field
        };
        assert_eq!(refused(|w| w.policies.clear()), "policies");
        assert_eq!(refused(|w| w.policies = vec![w.policies[0].clone(); 6]), "policies");
        assert_eq!(refused(|w| w.sync_period_s = 0), "sync_period_s");
        assert_eq!(refused(|w| w.start_delay_s = 3_601), "start_delay_s");
        assert_eq!(refused(|w| w.policies[1].policy.max_replicas = 1), "policies[1].min_replicas");
        assert_eq!(
            refused(|w| w.policies[0].prediction.season_s = 1),
            "policies[0].prediction.season_s"
        );
        assert_eq!(refused(|w| w.policies[1].name.clear()), "policies[1].name");
    }

    #[test]
    fn a_thinned_course_keeps_its_peak() {
        let point = |n: i64| WhatIfPoint {
            at_ms: n,
            desired: if n == 777 { 9 } else { 2 },
            ready: 2,
        };
        let outcome = WhatIfOutcome {
            name: "a".to_owned(),
            course: (0..1_000).map(point).collect(),
            end_ms: 1_000,
            instance_hours: 0.0,
            under_provisioned_s: 0,
            lost: LostDemand::default(),
            changes: 0,
            reversals: 0,
            peak_replicas: 9,
            beside_recorded: None,
            caveats: Vec::new(),
        };
        let thinned = outcome.thinned(100);
        assert_eq!((thinned.len(), thinned.iter().map(|point| point.desired).max()), (100, Some(9)));
        assert!(thinned.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
        assert_eq!(outcome.thinned(2_000).len(), 1_000);
    }
}
