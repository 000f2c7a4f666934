//! How fast a policy may change the replicas, and how long it thinks back before it does.

use serde::{Deserialize, Serialize};

use crate::InvalidValue;

/// Longest stabilisation window, as Kubernetes allows it.
const WINDOW_MAX_S: u32 = 3_600;
/// Longest period of a change limit, as Kubernetes allows it.
const PERIOD_MAX_S: u32 = 1_800;
const LIMITS_MAX: usize = 16;
const VALUE_MAX: u32 = 100_000;

/// `spec.behavior`: KEP-853, <https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behavior {
    #[serde(default = "ScalingRules::default_up")]
    pub scale_up: ScalingRules,
    #[serde(default = "ScalingRules::default_down")]
    pub scale_down: ScalingRules,
}

/// The rules of one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingRules {
    /// 0 acts on the latest proposal. Otherwise the most cautious proposal of that many seconds counts.
    #[serde(default)]
    pub stabilization_window_s: u32,
    #[serde(default)]
    pub select_policy: SelectPolicy,
    pub policies: Vec<ChangeLimit>,
}

/// Which of several limits counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectPolicy {
    /// The one that allows the largest change.
    #[default]
    Max,
    /// The one that allows the smallest change.
    Min,
    /// No change in this direction at all.
    Disabled,
}

/// `HPAScalingPolicy`: at most `value` replicas, or per cent of them, within any `period_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeLimit {
    #[serde(rename = "type")]
    pub kind: ChangeLimitType,
    /// Replicas or per cent.
    pub value: u32,
    pub period_s: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeLimitType {
    Pods,
    Percent,
}

impl ChangeLimit {
    pub const fn pods(value: u32, period_s: u32) -> Self {
        Self {
            kind: ChangeLimitType::Pods,
            value,
            period_s,
        }
    }

    pub const fn percent(value: u32, period_s: u32) -> Self {
        Self {
            kind: ChangeLimitType::Percent,
            value,
            period_s,
        }
    }
}

impl ScalingRules {
    /// What the API server fills in for `scaleUp`: the larger of 4 replicas and 100 % in 15 s, at once.
    pub fn default_up() -> Self {
        Self {
            stabilization_window_s: 0,
            select_policy: SelectPolicy::Max,
            policies: vec![ChangeLimit::pods(4, 15), ChangeLimit::percent(100, 15)],
        }
    }

    /// What the API server and the controller fill in for `scaleDown`: 100 % in 15 s, after 300 s.
    pub fn default_down() -> Self {
        Self {
            stabilization_window_s: 300,
            select_policy: SelectPolicy::Max,
            policies: vec![ChangeLimit::percent(100, 15)],
        }
    }

    fn validate(&self, direction: &str) -> Result<(), InvalidValue> {
        InvalidValue::within(
            &format!("behavior.{direction}.stabilization_window_s"),
            self.stabilization_window_s,
            0,
            WINDOW_MAX_S,
            " s",
        )?;
        if self.policies.is_empty() || self.policies.len() > LIMITS_MAX {
            return Err(InvalidValue::new(
                format!("behavior.{direction}.policies"),
                format!(
                    "needs 1 to {LIMITS_MAX} limits, has {}; to forbid this direction set select_policy to disabled",
                    self.policies.len()
                ),
            ));
        }
        for (n, limit) in self.policies.iter().enumerate() {
            let field = format!("behavior.{direction}.policies[{n}]");
            InvalidValue::within(&format!("{field}.value"), limit.value, 1, VALUE_MAX, "")?;
            InvalidValue::within(&format!("{field}.period_s"), limit.period_s, 1, PERIOD_MAX_S, " s")?;
        }
        Ok(())
    }
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            scale_up: ScalingRules::default_up(),
            scale_down: ScalingRules::default_down(),
        }
    }
}

impl Behavior {
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Result<(), InvalidValue> {
        self.scale_up.validate("scale_up")?;
        self.scale_down.validate("scale_down")
    }
}
