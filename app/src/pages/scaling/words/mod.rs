//! Decisions, holds and changes in plain words. Pure.

mod decision;
#[cfg(test)]
mod decision_tests;
mod event;
mod flap;
mod forecast;
mod hold;
mod metric;
mod preset;

pub use decision::{Step, steps, summary, would_change};
pub use event::{cause, course, is_far, outcome, outcome_tone};
pub use flap::{flapping, instead};
pub use forecast::{demand, demand_unit, forecast, forecast_facts};
pub use hold::{HoldVerb, hold_long, hold_short, in_force};
pub use metric::{chip, metric_id, metric_meaning};
pub use preset::preset;

use model::ProcessState;

use crate::format;

/// `3`, and while it is on its way `3 → 5`.
pub fn replicas(replicas: u32, desired: u32) -> String {
    if replicas == desired {
        replicas.to_string()
    } else {
        format!("{replicas} → {desired}")
    }
}

/// `1 instance`, `3 instances`.
fn count(n: u32, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

/// A stretch of time that was counted in seconds.
pub fn seconds(s: u64) -> String {
    format::duration(i64::try_from(s).unwrap_or(i64::MAX).saturating_mul(1_000))
}

pub const fn process(state: ProcessState) -> &'static str {
    match state {
        ProcessState::Starting => "starting",
        ProcessState::Running => "running",
        ProcessState::Backoff { .. } => "exited, to be started again",
        ProcessState::Draining { .. } => "draining",
        ProcessState::Stopping => "stopping",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_its_way_is_told() {
        assert_eq!((replicas(3, 3).as_str(), replicas(3, 5).as_str()), ("3", "3 → 5"));
        assert_eq!(
            (count(1, "instance", "instances"), count(0, "instance", "instances")),
            ("1 instance".into(), "0 instances".into())
        );
    }
}
