//! How many replicas a workload should have, and why.
//!
//! ```text
//!  readings ─ group, usage, replicas ─► one proposal per metric ─ most ─► forecast ─► stabilize ─► rate and bounds ─► hold
//!                   (metrics, signals)                                     (floor)       ▲              ▲
//!                                                                            own recommendations    own changes      (history)
//! ```
//!
//! `hpa` computes what Kubernetes' `autoscaling/v2` computes. Everything here is a function of a policy, what was seen, the policy's own
//! past and the time.

mod evaluate;
mod explain;
mod flap;
mod fold;
mod forecast;
mod group;
mod history;
mod hold;
mod lever;
mod metrics;
mod milli;
mod outcome;
mod rate;
mod recall;
mod replay;
mod replicas;
mod said;
mod schedule;
mod seen;
mod signals;
mod stabilize;
mod standing;
mod traces;
mod usage;

#[cfg(test)]
mod behavior_tests;
#[cfg(test)]
mod explain_tests;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod flap_tests;
#[cfg(test)]
mod forecast_tests;
#[cfg(test)]
mod group_tests;
#[cfg(test)]
mod kubernetes_behavior_tests;
#[cfg(test)]
mod kubernetes_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod signal_tests;

pub use evaluate::decide;
pub use explain::explain;
pub use flap::{flappings, warnings};
pub use fold::{fold, fold_within};
pub use forecast::{DEMAND_STEP_S, DemandSeries, floor, forecast, sharpen};
pub use history::remember;
pub use hold::hold;
pub use lever::apply;
pub use outcome::{Progress, outcome, progress};
pub use recall::recall;
pub use replay::{Replay, ReplayError, as_recorded, replay, what_if};
pub use said::{cause, chips, readings};
pub use schedule::Schedule;
pub use seen::{KNOWN, Mean, seen};
pub use standing::standing;
pub use traces::built_in;
