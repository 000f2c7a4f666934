//! Replicas that go up and down and up again: where that happened and why, and which settings will make it happen.

use serde::{Deserialize, Serialize};

/// One change of replicas, as a flap is found from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlapStep {
    /// Unix time, ms.
    pub at_ms: i64,
    pub from: u32,
    pub to: u32,
    /// The metric that led to it, where one did.
    pub leading: Option<String>,
}

/// A stretch of time in which changes turned each other back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flapping {
    /// The first and the last of the changes; Unix time, ms.
    pub from_ms: i64,
    pub to_ms: i64,
    pub reversals: u32,
    /// From one rise to the next, on average.
    pub wave_s: u32,
    /// Fewest and most replicas.
    pub between: (u32, u32),
    pub cause: FlapCause,
}

/// The likely cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum FlapCause {
    #[error("{0}")]
    Thresholds(Overlap),
    #[error("the scale-down window of {window_s} s is shorter than the {wave_s} s wave of {signal}")]
    Window { window_s: u32, wave_s: u32, signal: String },
    #[error("no metric led to it: look for an operator, a schedule or another controller that changes the replicas too")]
    NotMetrics,
    #[error("{signal} rises and falls every {wave_s} s, longer than the scale-down window of {window_s} s can bridge at these limits")]
    Demand { signal: String, wave_s: u32, window_s: u32 },
}

/// Two thresholds that a single step jumps across.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "overlap", rename_all = "snake_case")]
pub enum Overlap {
    #[error(
        "{signal}: up at {} and down at {}: after removing {step} of {replicas} instances it would read {}",
        Milli(*up_milli), Milli(*down_milli), Milli(*reads_milli)
    )]
    Removing {
        signal: String,
        up_milli: i64,
        down_milli: i64,
        step: u32,
        replicas: u32,
        reads_milli: i64,
    },
    #[error(
        "{signal}: up at {} and down at {}: after adding {step} to {replicas} instances it would read {}",
        Milli(*up_milli), Milli(*down_milli), Milli(*reads_milli)
    )]
    Adding {
        signal: String,
        up_milli: i64,
        down_milli: i64,
        step: u32,
        replicas: u32,
        reads_milli: i64,
    },
}

/// A setting that will make the replicas flap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlapWarning {
    /// As it is called in forms and files.
    pub field: String,
    pub why: FlapReason,
    /// What to set, in words.
    pub instead: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum FlapReason {
    #[error("{0}")]
    Thresholds(Overlap),
    #[error("with {replicas} instances the same demand asks for one more and for one less: any noise turns each change back")]
    NoTolerance { replicas: u32 },
    #[error("{window_s} s is shorter than two looks at the metrics, {sync_period_s} s apart: one low reading removes instances")]
    WindowBelowSync { window_s: u32, sync_period_s: u32 },
    #[error("{window_s} s is shorter than an instance takes to start, {start_delay_s} s: what was removed is missed before it is back")]
    WindowBelowStart { window_s: u32, start_delay_s: u32 },
    #[error("it allows all but the minimum to be removed at once, on a single low reading")]
    AllAtOnce,
}

/// 12.5 from 12500, with one digit.
struct Milli(i64);

impl std::fmt::Display for Milli {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 + 50) / 100;
        if tenths % 10 == 0 {
            write!(f, "{}", tenths / 10)
        } else {
            write!(f, "{}.{}", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_reads_as_one_would_say_it() {
        let overlap = Overlap::Removing {
            signal: "cpu".to_owned(),
            up_milli: 70_000,
            down_milli: 65_000,
            step: 1,
            replicas: 3,
            reads_milli: 97_500,
        };
        assert_eq!(
            FlapCause::Thresholds(overlap).to_string(),
            "cpu: up at 70 and down at 65: after removing 1 of 3 instances it would read 97.5"
        );
        let window = FlapCause::Window {
            window_s: 60,
            wave_s: 120,
            signal: "cpu".to_owned(),
        };
        assert_eq!(
            window.to_string(),
            "the scale-down window of 60 s is shorter than the 120 s wave of cpu"
        );
    }

    #[test]
    fn every_reason_survives_json() {
        let adding = Overlap::Adding {
            signal: "cpu".to_owned(),
            up_milli: 70_000,
            down_milli: 65_000,
            step: 1,
            replicas: 1,
            reads_milli: 35_000,
        };
        let reasons = [
            FlapReason::Thresholds(adding),
            FlapReason::NoTolerance { replicas: 3 },
            FlapReason::WindowBelowStart {
                window_s: 1,
                start_delay_s: 2,
            },
            FlapReason::AllAtOnce,
        ];
        for reason in reasons {
            let json = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<FlapReason>(&json).unwrap(), reason, "{json}");
        }
    }
}
