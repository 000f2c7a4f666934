//! What is intended for a workload: its policy with everything that is laid on top of it.

use serde::{Deserialize, Serialize};

use super::{Hold, Prediction, ScalingPolicy, ScheduleRule, words};
use crate::{FieldDiff, InvalidValue, WorkloadId};

/// A policy with its overlays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingPlan {
    pub policy: ScalingPolicy,
    #[serde(default)]
    pub schedule: Vec<ScheduleRule>,
    #[serde(default)]
    pub prediction: Prediction,
    /// One that is over counts as none.
    #[serde(default)]
    pub hold: Option<Hold>,
}

/// A stored plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingIntent {
    pub workload: WorkloadId,
    /// One more with every change; forms send it back.
    pub version: u64,
    pub plan: ScalingPlan,
    /// Unix time, ms.
    pub changed_at_ms: i64,
    /// Absent: the settings file.
    pub changed_by: Option<String>,
}

/// An intended change of one part of a plan; the others stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ScalingChange {
    Policy {
        policy: Box<ScalingPolicy>,
    },
    Schedule {
        schedule: Vec<ScheduleRule>,
    },
    Prediction {
        prediction: Prediction,
    },
    /// Absent: lets go.
    Hold {
        hold: Option<Hold>,
    },
}

impl ScalingPlan {
    pub fn new(policy: ScalingPolicy) -> Self {
        Self {
            policy,
            schedule: Vec::new(),
            prediction: Prediction::default(),
            hold: None,
        }
    }

    /// The hold that is in force at this time (Unix, ms).
    pub fn hold_at(&self, now_ms: i64) -> Option<Hold> {
        self.hold.filter(|hold| !hold.is_over(now_ms))
    }
}

impl ScalingChange {
    /// The plan after the change. Times of a schedule are checked where their parser is.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn apply(&self, plan: &ScalingPlan, now_ms: i64) -> Result<ScalingPlan, InvalidValue> {
        let mut after = plan.clone();
        match self {
            Self::Policy { policy } => {
                policy.validate()?;
                after.policy = (**policy).clone();
            }
            Self::Schedule { schedule } => after.schedule.clone_from(schedule),
            Self::Prediction { prediction } => {
                prediction.validate()?;
                after.prediction = prediction.clone();
            }
            Self::Hold { hold } => {
                if let Some(hold) = hold {
                    hold.validate(now_ms)?;
                    hold.fits(&plan.policy)?;
                }
                after.hold = *hold;
            }
        }
        Ok(after)
    }
}

/// Every fact in which the two differ, in words; empty when they mean the same.
pub fn diff(before: &ScalingPlan, after: &ScalingPlan) -> Vec<FieldDiff> {
    let (before, after) = (words::plan(before), words::plan(after));
    let find = |facts: &[(String, String)], name: &str| facts.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let gone = before.iter().filter(|(name, _)| find(&after, name).is_none());
    let names = after.iter().chain(gone).map(|(name, _)| name);
    names
        .filter_map(|name| {
            let (b, a) = (find(&before, name).unwrap_or_default(), find(&after, name).unwrap_or_default());
            (b != a).then(|| FieldDiff {
                field: name.clone(),
                before: b,
                after: a,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::{HoldKind, MetricSpec};

    fn plan() -> ScalingPlan {
        ScalingPlan::new(ScalingPolicy::hpa(2, 10, vec![MetricSpec::utilization("cpu", 70)]))
    }

    #[test]
    fn a_change_shows_exactly_what_it_touches() {
        let mut policy = plan().policy;
        policy.max_replicas = 12;
        policy.algorithm = crate::scaling::ScalingAlgorithm::Hpa {
            metrics: vec![MetricSpec::utilization("cpu", 60), MetricSpec::per_pod("active_sessions", 8_000)],
        };
        let change = ScalingChange::Policy { policy: Box::new(policy) };
        let after = change.apply(&plan(), 0).unwrap();
        let told: Vec<_> = diff(&plan(), &after)
            .into_iter()
            .map(|d| format!("{}: {} → {}", d.field, d.before, d.after))
            .collect();
        assert_eq!(
            told,
            ["max replicas: 10 → 12", "target cpu: 70 % → 60 %", "target active_sessions:  → 8"]
        );
        assert_eq!(diff(&after, &after), []);
    }

    #[test]
    fn a_hold_is_within_bounds_and_ends() {
        let pin = |replicas, until_ms| ScalingChange::Hold {
            hold: Some(Hold {
                kind: HoldKind::Pin { replicas },
                until_ms,
            }),
        };
        assert_eq!(pin(11, 60_000).apply(&plan(), 0).unwrap_err().field, "replicas");
        assert_eq!(pin(4, 0).apply(&plan(), 0).unwrap_err().field, "until_ms");
        let held = pin(4, 60_000).apply(&plan(), 0).unwrap();
        assert!(held.hold_at(59_999).is_some() && held.hold_at(60_000).is_none());
        assert_eq!(diff(&plan(), &held)[0].field, "hold");
    }
}
