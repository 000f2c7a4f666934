//! The smallest change that would have altered a decision.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Direction, TargetType};

/// With `lever` at `to` instead of `from` the answer is `result`; one step nearer to `from` it is still the same as before. A step is one
/// thousandth of a metric's total, one replica, one second, one replica or per cent of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmallestChange {
    pub lever: Lever,
    pub from: i64,
    pub to: i64,
    pub result: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lever", rename_all = "snake_case")]
pub enum Lever {
    /// The sum of the values that count, thousandths.
    Metric {
        index: usize,
        name: String,
        target_type: Option<TargetType>,
        /// What the metric then reads: per cent or thousandths, as its target.
        reads: i64,
    },
    /// The replicas that a forecast asks for.
    Forecast,
    /// Seconds without a change of anything else, until earlier proposals or changes do not count any more.
    Wait,
    MinReplicas,
    MaxReplicas,
    StabilizationWindow {
        direction: Direction,
    },
    ChangeLimit {
        direction: Direction,
        index: usize,
    },
}

/// 12.5 from 12500.
struct Milli(i64);

impl fmt::Display for Milli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000, self.0 % 1_000);
        if rest == 0 {
            write!(f, "{whole}")
        } else {
            f.write_str(format!("{whole}.{rest:03}").trim_end_matches('0'))
        }
    }
}

impl fmt::Display for SmallestChange {
    /// `cpu ≥ 77 %`, `in 45 s`, `scale_down window ≤ 180 s`, `max_replicas ≥ 12`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.to > self.from { '≥' } else { '≤' };
        let side = |direction: &Direction| match direction {
            Direction::Up => "scale_up",
            Direction::Down => "scale_down",
        };
        match &self.lever {
            Lever::Metric {
                name,
                target_type: Some(TargetType::Utilization),
                reads,
                ..
            } => write!(f, "{name} {sign} {reads} %"),
            Lever::Metric { name, reads, .. } => write!(f, "{name} {sign} {}", Milli(*reads)),
            Lever::Forecast => write!(f, "forecast {sign} {} replicas", self.to),
            Lever::Wait => write!(f, "in {} s", self.to),
            Lever::MinReplicas => write!(f, "min_replicas {sign} {}", self.to),
            Lever::MaxReplicas => write!(f, "max_replicas {sign} {}", self.to),
            Lever::StabilizationWindow { direction } => write!(f, "{} window {sign} {} s", side(direction), self.to),
            Lever::ChangeLimit { direction, index } => write!(f, "{} limit {} {sign} {}", side(direction), index + 1, self.to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_reads_as_a_condition() {
        let change = |lever, from, to| {
            SmallestChange {
                lever,
                from,
                to,
                result: 1,
            }
            .to_string()
        };
        let metric = |target_type, reads| Lever::Metric {
            index: 0,
            name: "cpu".to_owned(),
            target_type: Some(target_type),
            reads,
        };
        assert_eq!(change(metric(TargetType::Utilization, 77), 2_800, 3_080), "cpu ≥ 77 %");
        assert_eq!(change(metric(TargetType::AverageValue, 12_050), 40_000, 36_150), "cpu ≤ 12.05");
        assert_eq!(change(Lever::MaxReplicas, 10, 12), "max_replicas ≥ 12");
        assert_eq!(change(Lever::Wait, 0, 45), "in 45 s");
        assert_eq!(change(Lever::Forecast, 9, 7), "forecast ≤ 7 replicas");
        let direction = Direction::Down;
        assert_eq!(
            change(Lever::StabilizationWindow { direction }, 300, 180),
            "scale_down window ≤ 180 s"
        );
    }
}
