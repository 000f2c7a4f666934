//! What a policy looks at, and the value it wants to see there.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::InvalidValue;

/// Largest value of one reading: 2^50 thousandths, which is 1 TiB of memory in bytes. Below it a thousandth survives the way through a
/// double and back.
pub const MILLI_MAX: i64 = 1 << 50;
/// Longest name of a metric, container or object: that of a Kubernetes object.
const NAME_MAX_BYTES: usize = 253;

/// One entry of `spec.metrics`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricSpec {
    pub source: MetricSource,
    pub target: MetricTarget,
}

/// `MetricSpec.type` with what each type needs to find its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MetricSource {
    /// `cpu` or `memory` of whole instances.
    Resource { name: String },
    /// `cpu` or `memory` of one container in each.
    ContainerResource { name: String, container: String },
    /// A metric that every instance has of its own.
    Pods { metric: String },
    /// A metric of one other thing, such as the requests of an Ingress.
    Object { described_object: String, metric: String },
    /// A metric from outside, such as the length of a queue; several series are added up.
    External { metric: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MetricTarget {
    /// Per cent of what the instances request.
    Utilization { average_utilization: u32 },
    /// Per instance.
    AverageValue { average_value_milli: i64 },
    /// Of the whole.
    Value { value_milli: i64 },
}

/// The kind of a target, without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetType {
    Utilization,
    AverageValue,
    Value,
}

impl MetricSource {
    /// Unready instances are left out of processor figures only: those are distorted by starting.
    pub fn is_cpu(&self) -> bool {
        matches!(self, Self::Resource { name } | Self::ContainerResource { name, .. } if name == "cpu")
    }

    /// Whether it has a value while nothing runs, so that it can scale from zero.
    pub const fn works_at_zero(&self) -> bool {
        matches!(self, Self::Object { .. } | Self::External { .. })
    }

    const fn targets(&self) -> &'static [TargetType] {
        match self {
            Self::Resource { .. } | Self::ContainerResource { .. } => &[TargetType::Utilization, TargetType::AverageValue],
            Self::Pods { .. } => &[TargetType::AverageValue],
            Self::Object { .. } | Self::External { .. } => &[TargetType::Value, TargetType::AverageValue],
        }
    }

    fn names(&self) -> Vec<&str> {
        match self {
            Self::Resource { name } => vec![name],
            Self::ContainerResource { name, container } => vec![name, container],
            Self::Pods { metric } | Self::External { metric } => vec![metric],
            Self::Object { described_object, metric } => vec![described_object, metric],
        }
    }
}

impl fmt::Display for MetricSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource { name } => f.write_str(name),
            Self::ContainerResource { name, container } => write!(f, "{name} of {container}"),
            Self::Pods { metric } | Self::External { metric } => f.write_str(metric),
            Self::Object { described_object, metric } => write!(f, "{metric} of {described_object}"),
        }
    }
}

impl MetricTarget {
    pub const fn kind(&self) -> TargetType {
        match self {
            Self::Utilization { .. } => TargetType::Utilization,
            Self::AverageValue { .. } => TargetType::AverageValue,
            Self::Value { .. } => TargetType::Value,
        }
    }

    /// So many per cent of itself.
    pub fn scale(&mut self, percent: u32) {
        match self {
            Self::Utilization { average_utilization } => *average_utilization = average_utilization.saturating_mul(percent) / 100,
            Self::AverageValue {
                average_value_milli: milli,
            }
            | Self::Value { value_milli: milli } => *milli = milli.saturating_mul(percent.into()) / 100,
        }
    }

    /// Per cent for a utilisation, thousandths otherwise.
    pub fn value(&self) -> i64 {
        match *self {
            Self::Utilization { average_utilization } => average_utilization.into(),
            Self::AverageValue {
                average_value_milli: milli,
            }
            | Self::Value { value_milli: milli } => milli,
        }
    }
}

impl MetricSpec {
    pub fn utilization(resource: &str, percent: u32) -> Self {
        Self {
            source: MetricSource::Resource { name: resource.to_owned() },
            target: MetricTarget::Utilization {
                average_utilization: percent,
            },
        }
    }

    pub fn per_pod(metric: &str, average_value_milli: i64) -> Self {
        Self {
            source: MetricSource::Pods { metric: metric.to_owned() },
            target: MetricTarget::AverageValue { average_value_milli },
        }
    }

    /// # Errors
    /// A name that is empty or too long, a target that is not positive, or one that this source does not know.
    pub fn validate(&self, field: &str) -> Result<(), InvalidValue> {
        for name in self.source.names() {
            if name.is_empty() || name.len() > NAME_MAX_BYTES || name.chars().any(char::is_control) {
                return Err(InvalidValue::new(
                    format!("{field}.source"),
                    format!("a name has 1 to {NAME_MAX_BYTES} characters and no control characters"),
                ));
            }
        }
        if !self.source.targets().contains(&self.target.kind()) {
            return Err(InvalidValue::new(
                format!("{field}.target"),
                format!("this source knows only {:?}", self.source.targets()),
            ));
        }
        let max = if self.target.kind() == TargetType::Utilization {
            10_000
        } else {
            MILLI_MAX
        };
        if !(1..=max).contains(&self.target.value()) {
            return Err(InvalidValue::new(
                format!("{field}.target"),
                format!("{} is not between 1 and {max}", self.target.value()),
            ));
        }
        Ok(())
    }
}
